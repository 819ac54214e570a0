"""What to change, as data: the steps of fixes and faults, each with its kubectl command. Pure.

Never: carried out here (`apply` does that), or chosen here (causes do that).
"""

import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import orjson

from telltale.kube.codec import Object, dig
from telltale.kube.meta import Ref

PROXIES_RETRY = "no restart needed: istio-proxy tries again, every pod is n/n within 30 s"


class How(StrEnum):
    """How a patch is read, in kubectl's words."""

    MERGE = "merge"
    STRATEGIC = "strategic"


@dataclass(frozen=True, slots=True)
class Patch:
    ref: Ref
    body: Object
    how: How = How.MERGE

    @property
    def command(self) -> str:
        body = shlex.quote(orjson.dumps(self.body).decode())
        return f"{_kubectl(self.ref)} patch {_name(self.ref)} --type={self.how} -p {body}"


@dataclass(frozen=True, slots=True)
class Create:
    """Makes an object; an object that is there already is left as it is."""

    object: Object

    @property
    def ref(self) -> Ref:
        meta = dig(self.object, "metadata")
        return Ref(
            str(dig(self.object, "kind", default="")),
            str(dig(meta, "namespace", default="")),
            str(dig(meta, "name", default="")),
        )

    @property
    def command(self) -> str:
        return f"kubectl apply -f - <<'EOF'\n{orjson.dumps(self.object).decode()}\nEOF"


@dataclass(frozen=True, slots=True)
class Delete:
    """Takes an object away; one that is gone already is no error."""

    ref: Ref

    @property
    def command(self) -> str:
        return f"{_kubectl(self.ref)} delete {_name(self.ref)}"


@dataclass(frozen=True, slots=True)
class Readdress:
    """Gives a Service another ClusterIP: read, delete, create, all else kept.

    An empty `address` lets the cluster choose. The field cannot be changed in place (Kubernetes,
    "spec.clusterIP: field is immutable"), so the Service is away for a moment; when the new one is
    refused the old one is put back.
    """

    ref: Ref
    was: str
    address: str = ""

    @property
    def command(self) -> str:
        drop = "-e '/^  resourceVersion:/d' -e '/^  uid:/d'"
        was = self.was.replace(".", r"\.")
        if self.address:
            edit = f"-e 's/{was}$/{self.address}/'"
        else:
            edit = f"-e '/^  clusterIP: /d' -e '/^  clusterIPs:/d' -e '/^  - {was}$/d'"
        read = f"{_kubectl(self.ref)} get {_name(self.ref)} -o yaml"
        return f"{read} | sed {edit} {drop} | kubectl replace --force -f -"


@dataclass(frozen=True, slots=True)
class Scale:
    ref: Ref
    replicas: int

    @property
    def command(self) -> str:
        return f"{_kubectl(self.ref)} scale {_name(self.ref)} --replicas={self.replicas}"


@dataclass(frozen=True, slots=True)
class DeletePods:
    """Deletes pods so that their workload makes new ones: these, or all that the labels select.

    Empty names and labels mean every pod of the namespace that a controller would make again.
    """

    namespace: str
    names: tuple[str, ...] = ()
    labels: str = ""

    @property
    def command(self) -> str:
        which = f"-l {self.labels}" if self.labels else " ".join(self.names) or "--all"
        return f"kubectl -n {self.namespace} delete pod {which} --wait=false"


@dataclass(frozen=True, slots=True)
class Undo:
    """Takes a Deployment back to the revision before."""

    ref: Ref

    @property
    def command(self) -> str:
        return f"{_kubectl(self.ref)} rollout undo {_name(self.ref)}"


@dataclass(frozen=True, slots=True)
class Exec:
    """Runs a command in a container of one pod of a workload.

    `restarts` above 0: again and again, until the container waits after so many restarts. The
    kubelet's pause doubles with each, so three leave it waiting long enough to be looked at.
    """

    workload: Ref
    container: str
    command_line: tuple[str, ...]
    restarts: int = 0

    @property
    def command(self) -> str:
        where = f"{_name(self.workload)} -c {self.container}"
        return f"{_kubectl(self.workload)} exec {where} -- {shlex.join(self.command_line)}"


@dataclass(frozen=True, slots=True)
class RestartProxies:
    """Ends Envoy in every injected pod of a namespace: agent and Envoy start anew, the pods stay.

    For faults of the pilot: pods deleted while it is away could not be made again, as its webhook
    would not answer.
    """

    namespace: str

    @property
    def command(self) -> str:
        kubectl = f"kubectl -n {self.namespace}"
        pods = f"{kubectl} get pod -l {INJECTED} -o name"
        return (
            f"for pod in $({pods}); do {kubectl} exec $pod -c istio-proxy --"
            f" sh -c {shlex.quote(END_ENVOY)}; done"
        )


INJECTED = "security.istio.io/tlsMode=istio"
END_ENVOY = "kill $(pidof envoy)"


@dataclass(frozen=True, slots=True)
class Advice:
    """What only the user can decide; the command is where to begin, and is never run for them."""

    text: str
    command: str


Step: TypeAlias = (
    Patch | Create | Delete | Readdress | Scale | DeletePods | RestartProxies | Undo | Exec | Advice
)


@dataclass(frozen=True, slots=True)
class Fix:
    """Ordered steps. `automatic`: safe unasked: reversible, one object, no guess of intent."""

    title: str
    steps: tuple[Step, ...]
    scope: str
    automatic: bool
    expect: str

    @property
    def commands(self) -> tuple[str, ...]:
        """What heals when it is typed in order; failing that, where to begin."""
        done = [step for step in self.steps if not isinstance(step, Advice)]
        return tuple(step.command for step in done or self.steps)

    @property
    def advice(self) -> tuple[Advice, ...]:
        """What may be looked at or done instead; never to be typed after the commands."""
        return tuple(step for step in self.steps if isinstance(step, Advice))

    @property
    def applicable(self) -> bool:
        """Whether there is anything that we could do ourselves."""
        return any(not isinstance(step, Advice) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Fault:
    """How to make a cause happen on purpose. `{namespace}` in a ref's namespace is the target's."""

    title: str
    steps: tuple[Step, ...]
    look: str


def _kubectl(ref: Ref) -> str:
    return f"kubectl -n {ref.namespace}" if ref.namespace else "kubectl"


def _name(ref: Ref) -> str:
    return f"{ref.kind.lower()}/{ref.name}"
