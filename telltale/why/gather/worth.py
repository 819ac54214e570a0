"""Which reads inside pods are worth their cost, best first. Pure.

The lists say which pod is in which trouble; asking inside settles what the lists leave open.
Never: reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from telltale.kube.core import ContainerStatus, Pod
from telltale.why import parts
from telltale.why.pods import (
    SIDECAR,
    PodKey,
    apps,
    crashing,
    key_of,
    last_end,
    sidecar,
    waits_for_config,
    workload,
)
from telltale.why.world import World

PILOT_DEBUG_PORT = 15014
APP_LOGS_MOST = 2
# Leaves two calls for the kubelet and a log, should no agent answer; the rest is taken to be like
# those asked.
AGENTS_MOST = 4


@dataclass(frozen=True, slots=True)
class AskAgent:
    pod: PodKey


@dataclass(frozen=True, slots=True)
class AskPilot:
    """The pilot's page of who is connected."""

    pod: PodKey


@dataclass(frozen=True, slots=True)
class ReadLog:
    """`previous`: of the run before, as the container runs or waits again."""

    pod: PodKey
    container: str
    previous: bool = False


@dataclass(frozen=True, slots=True)
class ReadConfigMap:
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class ListReplicaSets:
    namespace: str


@dataclass(frozen=True, slots=True)
class AskKubelet:
    """What a node's kubelet runs with: the nameserver that it gives to pods."""

    node: str


Read: TypeAlias = AskAgent | AskPilot | AskKubelet | ReadLog | ReadConfigMap | ListReplicaSets


def first_reads(world: World, most: int) -> list[Read]:
    """At most so many reads, given the lists alone."""
    wanted = [*_pilot_crash(world), *_troubled_apps(world), *_failed_inits(world)]
    wanted += _crashed_proxies(world)
    wanted += [*_who_is_connected(world), *_stuck_agents(world), *_ready_agents(world)]
    return wanted[:most]


def second_reads(world: World, most: int) -> list[Read]:
    """When no agent of a waiting proxy could be asked: what its log says, and the kubelet."""
    waiting = [pod for pod in _spread(world) if waits_for_config(pod)]
    if any(key_of(pod) in world.reports for pod in waiting):
        return []
    wanted: list[Read] = [ReadLog(key_of(pod), SIDECAR) for pod in waiting[:1]]
    if not world.nameservers():
        wanted += [AskKubelet(pod.spec.node_name) for pod in waiting[:1] if pod.spec.node_name]
    wanted += [ReadLog(key_of(pod), SIDECAR) for pod in waiting[1:2]]
    return wanted[:most]


def _pilot_crash(world: World) -> Iterator[Read]:
    pilot = parts.pilot(world)
    crashed = [pod for pod in pilot.pods if any(map(crashing, pod.status.container_statuses))]
    if crashed and not pilot.ready:
        pod = min(crashed, key=key_of)
        status = next(one for one in pod.status.container_statuses if crashing(one))
        yield _log(pod, status)
        yield ReadConfigMap(pod.metadata.namespace, "istio")


def _troubled_apps(world: World) -> Iterator[Read]:
    logs: list[Read] = []
    owners = set()
    troubled, pending = set(), set[str]()
    for pod in sorted(world.focused(), key=key_of):
        if pod.status.phase == "Pending" and not any(one.state.running for one in apps(pod)):
            pending.add(pod.metadata.namespace)
        for status in apps(pod):
            if status.ready or pod.metadata.deletion_timestamp:
                continue
            troubled.add(pod.metadata.namespace)
            if crashing(status) and workload(pod) not in owners:
                owners.add(workload(pod))
                logs.append(_log(pod, status))
    for namespace in sorted(troubled | pending)[:1]:
        yield ListReplicaSets(namespace)
    yield from logs[:APP_LOGS_MOST]


def _failed_inits(world: World) -> Iterator[Read]:
    """One log, and what the workload's revision before was."""
    for pod in sorted(world.focused(), key=key_of):
        for status in pod.status.init_container_statuses:
            end = last_end(status)
            if end and end.exit_code and not status.ready and not pod.metadata.deletion_timestamp:
                yield _log(pod, status)
                return


def _crashed_proxies(world: World) -> Iterator[Read]:
    """One log, when the container's own last message does not tell."""
    for pod in sorted(world.focused(), key=key_of):
        proxy = sidecar(pod)
        if proxy and crashing(proxy):
            yield _log(pod, proxy)
            return


def _who_is_connected(world: World) -> Iterator[Read]:
    ready = parts.pilot(world).ready
    if ready and any(sidecar(pod) for pod in world.focused()):
        yield AskPilot(key_of(min(ready, key=key_of)))


def _stuck_agents(world: World) -> Iterator[Read]:
    stuck = [pod for pod in _spread(world) if waits_for_config(pod)]
    yield from (AskAgent(key_of(pod)) for pod in stuck[:AGENTS_MOST])


def _ready_agents(world: World) -> Iterator[Read]:
    """One or two that are well: they know the nameserver, and whether they lost the pilot."""
    ready = [pod for pod in _spread(world) if pod.ready and sidecar(pod)]
    yield from (AskAgent(key_of(pod)) for pod in ready[:2])


def _spread(world: World) -> list[Pod]:
    """The pods in focus, so that the first few are of different workloads."""
    seen: dict[object, int] = {}
    turns = []
    for pod in sorted(world.focused(), key=key_of):
        turn = seen[workload(pod)] = seen.get(workload(pod), 0) + 1
        turns.append((turn, key_of(pod), pod))
    return [pod for _, _, pod in sorted(turns, key=lambda one: one[:2])]


def _log(pod: Pod, status: ContainerStatus) -> ReadLog:
    return ReadLog(key_of(pod), status.name, previous=status.state.terminated is None)
