"""What a pod's own status says, in words: ready, over, leaving, or not ready and since when. Pure.

Never: why. The times follow the kubelet: a container has its probes' whole budget before it counts
as late (kubernetes.io, "Configure Liveness, Readiness and Startup Probes").
"""

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from telltale.kube.core import Container, ContainerStatus, Pod, Probe, Terminated
from telltale.kube.owner import workload as workload  # one of our words too
from telltale.lib.moment import parse_rfc3339

PodKey: TypeAlias = tuple[str, str]  # namespace, name

SIDECAR = "istio-proxy"
MESH_CONTAINERS = (SIDECAR, "istio-init", "istio-validation")

# Seconds that a pod may take before its first container runs: sandbox, images, init containers.
CREATION_S = 120
# Seconds beyond a probe's own budget: the kubelet's rounds are not exact.
SLACK_S = 10
PULL_REASONS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
CRASH_REASON = "CrashLoopBackOff"
# Bad ends after which a container that runs just now, unready, counts as crashing all the same.
LOOP_RESTARTS = 3
# The agent's exit codes when Envoy was told to end, or it was itself.
ENDED = (0, 1, 143)
CREATING = ("ContainerCreating", "PodInitializing", "")


class State(StrEnum):
    READY = "ready"
    OVER = "over"  # finished, or evicted and left lying: nobody waits for it
    LEAVING = "leaving"
    STARTING = "starting"
    ILL = "ill"


def key_of(pod: Pod) -> PodKey:
    return (pod.metadata.namespace, pod.metadata.name)


def state(pod: Pod, now: datetime) -> State:
    if pod.metadata.deletion_timestamp:
        return State.LEAVING
    if pod.ended or _finished(pod):
        return State.OVER
    if pod.ready:
        return State.READY
    return State.STARTING if _in_time(pod, now) else State.ILL


def sidecar(pod: Pod) -> ContainerStatus | None:
    return _status(pod, SIDECAR)


def apps(pod: Pod) -> list[ContainerStatus]:
    """The containers that are not the mesh's."""
    return [one for one in pod.status.container_statuses if one.name not in MESH_CONTAINERS]


def waits_for_config(pod: Pod) -> bool:
    """Whether its proxy runs and is not ready: the article's 1/2."""
    proxy = sidecar(pod)
    return (
        proxy is not None
        and proxy.state.running is not None
        and not proxy.ready
        and not pod.metadata.deletion_timestamp
    )


def held_back(pod: Pod) -> bool:
    """Whether its proxy waits to be started again, and had not crashed: it was ended, or gave up.

    While DNS or the pilot is away it would find nothing when it is back.
    """
    proxy = sidecar(pod)
    waiting, end = (proxy.state.waiting, last_end(proxy)) if proxy else (None, None)
    if waiting is None or end is None or pod.metadata.deletion_timestamp:
        return False
    return waiting.reason == CRASH_REASON and end.exit_code in ENDED and end.reason != "OOMKilled"


def spec_of(pod: Pod, container: str) -> Container | None:
    every = [*pod.spec.containers, *pod.spec.init_containers]
    return next((one for one in every if one.name == container), None)


def last_end(status: ContainerStatus) -> Terminated | None:
    """How a container last ended, whether or not it runs again."""
    return status.state.terminated or status.last_state.terminated


def crashing(status: ContainerStatus) -> bool:
    """Whether it ends badly again and again: one bad start is no loop, if it runs by now."""
    waiting = status.state.waiting
    end = last_end(status)
    if waiting is not None and waiting.reason == CRASH_REASON:
        return True
    badly = end is not None and (end.exit_code != 0 or end.signal is not None)
    often = LOOP_RESTARTS if status.state.running else 1
    return badly and not status.ready and status.restart_count >= often


def late(pod: Pod, status: ContainerStatus, now: datetime) -> bool:
    """Whether a running container has used up the whole budget of its probes."""
    running = status.state.running
    if running is None or not running.started_at:
        return False
    return age_s(running.started_at, now) > budget_s(pod, status.name)


def budget_s(pod: Pod, container: str) -> int:
    """Seconds from its start within which a container may well be unready."""
    spec = spec_of(pod, container)
    probes = (spec.startup_probe, spec.readiness_probe) if spec else ()
    return SLACK_S + sum(_budget(probe) for probe in probes if probe)


def age_s(moment: str | None, now: datetime) -> float:
    """Seconds since a time of the API; 0 when it is not set."""
    return (now - parse_rfc3339(moment)).total_seconds() if moment else 0.0


def _status(pod: Pod, name: str) -> ContainerStatus | None:
    statuses = [*pod.status.container_statuses, *pod.status.init_container_statuses]
    return next((one for one in statuses if one.name == name), None)


def _budget(probe: Probe) -> int:
    return probe.initial_delay_seconds + probe.period_seconds * probe.failure_threshold


def _finished(pod: Pod) -> bool:
    """Its apps ended well and will not be started again; a classic sidecar may still run."""
    ends = [one.state.terminated for one in apps(pod)]
    if pod.spec.restart_policy == "Always" or not ends:
        return False
    return all(end is not None and end.exit_code == 0 for end in ends)


def _in_time(pod: Pod, now: datetime) -> bool:
    statuses = pod.status.container_statuses
    if held_back(pod) and all(one.ready for one in apps(pod)):
        return all(one.restart_count <= LOOP_RESTARTS for one in statuses)
    if any(crashing(one) for one in [*statuses, *pod.status.init_container_statuses]):
        return False
    if not any(one.state.running for one in statuses):
        reasons = {one.state.waiting.reason for one in statuses if one.state.waiting}
        young = age_s(pod.metadata.creation_timestamp, now) < CREATION_S
        return young and reasons <= set(CREATING)
    return all(one.ready or _may_be_unready(pod, one, now) for one in statuses)


def _may_be_unready(pod: Pod, status: ContainerStatus, now: datetime) -> bool:
    if status.state.waiting is not None:
        young = age_s(pod.metadata.creation_timestamp, now) < CREATION_S
        return young and status.state.waiting.reason in CREATING
    return status.state.running is not None and not late(pod, status, now)
