"""What is to be done next for a pod: start a container, wait, or be done with it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from telltale.cluster.node.record import Run
from telltale.cluster.node.restart import again
from telltale.kube.core import Container, Pod


@dataclass(frozen=True, slots=True)
class Start:
    container: Container


@dataclass(frozen=True, slots=True)
class Wait:
    """Until something happens, or until a moment (seconds since the epoch) when one is given."""

    until: float | None = None


@dataclass(frozen=True, slots=True)
class Done:
    succeeded: bool


Step = Start | Wait | Done


def decide(pod: Pod, runs: Mapping[str, Run], now: float) -> Step:
    """Init containers one after another, then all containers; each again by the restart policy."""
    pauses: list[float] = []
    for container in pod.spec.init_containers:
        run, policy = runs[container.name], init_policy(pod, container)
        if run.succeeded and policy != "Always":
            continue
        if not run.running:
            if not due(run, policy):
                return Done(succeeded=False)
            if run.retry_at <= now:
                return Start(container)
            pauses.append(run.retry_at)
        if not (is_sidecar(container) and run.started):
            return _wait(pauses)
    ended = 0
    for container in pod.spec.containers:
        run = runs[container.name]
        if run.running:
            continue
        if not due(run, pod.spec.restart_policy):
            ended += 1
        elif run.retry_at <= now:
            return Start(container)
        else:
            pauses.append(run.retry_at)
    if ended == len(pod.spec.containers):
        return Done(all(runs[one.name].succeeded for one in pod.spec.containers))
    return _wait(pauses)


def due(run: Run, policy: str) -> bool:
    """Whether a container that does not run shall, now or later."""
    ended = run.state.terminated
    return ended is None or again(policy, ended.exit_code)


def is_sidecar(container: Container) -> bool:
    """An init container that goes on beside the others."""
    return container.restart_policy == "Always"


def init_policy(pod: Pod, container: Container) -> str:
    """An init container that has succeeded is not run again, unless it is a sidecar."""
    if is_sidecar(container):
        return "Always"
    return "Never" if pod.spec.restart_policy == "Never" else "OnFailure"


def policy_of(pod: Pod, container: Container) -> str:
    """The restart policy of any container of the pod."""
    init = any(one.name == container.name for one in pod.spec.init_containers)
    return init_policy(pod, container) if init else pod.spec.restart_policy


def _wait(pauses: list[float]) -> Wait:
    return Wait(min(pauses) if pauses else None)
