"""What the node remembers of a pod on disk, so that another supervisor can take it over.

    pods/<uid>/record.json     this
    pods/<uid>/volumes/..      pods/<uid>/etc/..      pods/<uid>/run/<container>/<attempt>/..

Never: what the API can tell, or a half-written file.
"""

import logging
from pathlib import Path

import msgspec

from telltale.cluster.node.process import Process
from telltale.kube import codec
from telltale.kube.codec import Typed
from telltale.kube.core import Container, ContainerState, Pod, Waiting

log = logging.getLogger(__name__)

CREATING = ContainerState(waiting=Waiting(reason="ContainerCreating"))
INITIALIZING = ContainerState(waiting=Waiting(reason="PodInitializing"))


class Run(Typed):
    """One container of a pod, as it was last tried. Times are seconds since the epoch.

    `attempt` counts restarts; `id` is "" until the first try; `retry_at` is when it may be tried
    again; `pause_s` is the pause before this try (None: not restarted yet).
    """

    name: str = ""
    attempt: int = 0
    id: str = ""
    conmon: int = 0
    conmon_since: int = 0
    pid: int = 0
    pid_since: int = 0
    image: str = ""
    image_id: str = ""
    state: ContainerState = CREATING
    last: ContainerState = ContainerState()
    started: bool = False
    ready: bool = False
    pause_s: float | None = None
    retry_at: float = 0.0

    @property
    def watcher(self) -> Process:
        return Process(self.conmon, self.conmon_since)

    @property
    def process(self) -> Process:
        return Process(self.pid, self.pid_since)

    @property
    def running(self) -> bool:
        return self.state.running is not None

    @property
    def succeeded(self) -> bool:
        return self.state.terminated is not None and self.state.terminated.exit_code == 0

    def but(self, **changes: object) -> "Run":
        return msgspec.structs.replace(self, **changes)


class Record(Typed):
    """`finished` is "", or the phase that it ended in; `reason` why, if not by its containers."""

    pod: Pod = Pod()
    address: str = ""
    start_time: float = 0.0
    networked: bool = False
    runs: dict[str, Run] = {}
    finished: str = ""
    reason: str = ""
    message: str = ""

    def but(self, **changes: object) -> "Record":
        return msgspec.structs.replace(self, **changes)

    def with_run(self, run: Run) -> "Record":
        return self.but(runs={**self.runs, run.name: run})


def fresh(pod: Pod, now: float) -> Record:
    """A pod that has just been bound to this node."""
    waiting = INITIALIZING if pod.spec.init_containers else CREATING
    names = [one.name for one in every_container(pod)]
    return Record(
        pod=pod, start_time=now, runs={name: Run(name=name, state=waiting) for name in names}
    )


def every_container(pod: Pod) -> list[Container]:
    """In the order in which they start."""
    return [*pod.spec.init_containers, *pod.spec.containers]


def save(folder: Path, record: Record) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / ".record.json"
    draft.write_bytes(codec.encode(record))
    draft.rename(folder / "record.json")


def load_all(pods: Path) -> dict[str, Record]:
    """By pod uid; what cannot be read is left out, and said."""
    found = {}
    for file in sorted(pods.glob("*/record.json")):
        try:
            found[file.parent.name] = codec.decode(Record, file.read_bytes())
        except (codec.Malformed, OSError) as error:
            log.warning("%s cannot be read, the pod is started anew: %s", file, error)
    return found
