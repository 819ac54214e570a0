"""What is left of a pod's containers when its sandbox was lost, as after a reboot. Pure.

All of them run again in a new sandbox, init containers too, and count it as a restart; but what had
ended for good by the pod's policy stays ended. Never: the killing of what may still run.
"""

from telltale.cluster.node.decide import due, policy_of
from telltale.cluster.node.record import CREATING, INITIALIZING, Record, Run
from telltale.cluster.node.status import stamp
from telltale.kube.core import ContainerState, Pod, Terminated

LOST = 255  # what a container runtime says of a container that a reboot ended


def renewed(record: Record, now: float) -> Record:
    """The record to go on with: no network, and every run that is due again a fresh one."""
    pod = record.pod
    if pod.spec.restart_policy == "Never" and any(run.id for run in record.runs.values()):
        ended = {name: _ended(run, now) for name, run in record.runs.items()}
        return record.but(runs=ended)  # never again: `decide` sees that the pod has failed
    inits = {one.name for one in pod.spec.init_containers}
    finished = _finished_mains(pod, record.runs)
    runs = {
        name: run if name in finished else _again(run, now, initial=name in inits, pod=pod)
        for name, run in record.runs.items()
    }
    return record.but(networked=False, runs=runs)


def _finished_mains(pod: Pod, runs: dict[str, Run]) -> set[str]:
    return {
        one.name
        for one in pod.spec.containers
        if runs[one.name].state.terminated is not None
        and not due(runs[one.name], policy_of(pod, one))
    }


def _again(run: Run, now: float, *, initial: bool, pod: Pod) -> Run:
    if not run.id:  # it had never been tried
        return run
    waiting = INITIALIZING if pod.spec.init_containers and not initial else CREATING
    last = _ended(run, now).state
    return run.but(
        attempt=run.attempt + 1, state=waiting, last=last if last.terminated else run.last,
        started=False, ready=False, pause_s=None, retry_at=0.0,
        conmon=0, conmon_since=0, pid=0, pid_since=0,
    )  # fmt: skip


def _ended(run: Run, now: float) -> Run:
    """A container that was running has ended, nobody knows exactly when."""
    if not run.running:
        return run
    assert run.state.running
    end = Terminated(
        exit_code=LOST, reason="Unknown", started_at=run.state.running.started_at,
        finished_at=stamp(now), container_id=f"runc://{run.id}",
    )  # fmt: skip
    return run.but(state=ContainerState(terminated=end), started=False, ready=False)
