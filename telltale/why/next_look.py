"""Where to look next when no cause of the catalogue fits: how far it was narrowed down. Pure.

Never: a guess at a cause; each says between which two points it breaks, and what shows more.
"""

from collections.abc import Iterator

from telltale.kube.core import Pod
from telltale.why import parts, proofs
from telltale.why.pods import SIDECAR, PodKey, apps, key_of, sidecar, waits_for_config
from telltale.why.reports import AgentReport
from telltale.why.world import World

LOOKS_MOST = 3


def next_looks(world: World, unexplained: tuple[PodKey, ...]) -> list[tuple[str, str]]:
    """Pairs of a sentence and a command, each kind of trouble once."""
    found = dict(_parts(world)) if unexplained else {}
    for pod in world.pods:
        if key_of(pod) in unexplained:
            for text, command in _of(world, pod):
                found.setdefault(text, command)
    return list(found.items())[:LOOKS_MOST]


def _parts(world: World) -> Iterator[tuple[str, str]]:
    """DNS or pilot that are not ready, though not long enough to be called broken."""
    for name, part in (("DNS", parts.dns(world)), ("the pilot", parts.pilot(world))):
        if part.workload is None or part.ready or not part.pods:
            continue
        meta = part.workload.metadata
        yield (
            f"{name} is not ready yet itself: {proofs.condition_of(part.pods[0])}",
            f"kubectl -n {meta.namespace} rollout status deployment/{meta.name} --timeout=60s",
        )


def _of(world: World, pod: Pod) -> Iterator[tuple[str, str]]:
    namespace, name = key_of(pod)
    kubectl = f"kubectl -n {namespace}"
    report = world.reports.get(key_of(pod))
    if waits_for_config(pod) and report is not None:
        yield from _way(report, f"{kubectl} exec {name} -c {SIDECAR} --")
    elif waits_for_config(pod) and world.lacking(f"{namespace}/{name}:15020"):
        yield (
            "istio-proxy runs and gives no answer on :15020: its log, or what keeps it busy",
            f"{kubectl} logs {name} -c {SIDECAR} --tail=20",
        )
    proxy = sidecar(pod)
    if proxy is not None and proxy.state.waiting is not None and not proxy.ready:
        yield (
            f"istio-proxy waits ({proxy.state.waiting.reason}): how it ended",
            f"{kubectl} logs {name} -c {SIDECAR} --previous --tail=20",
        )
    for status in apps(pod):
        if not status.ready and status.state.running is not None:
            yield (
                f"{status.name} runs and is not ready: what it says itself",
                f"{kubectl} logs {name} -c {status.name} --tail=20",
            )
    if not any(one.state.running for one in pod.status.container_statuses):
        yield (
            "none of its containers runs: what the kubelet tells",
            f"{kubectl} describe pod {name}",
        )


def _way(report: AgentReport, inside: str) -> Iterator[tuple[str, str]]:
    """By the stage that the proxy reaches."""
    match report.stage:
        case "resolve":
            yield (
                f"names are not resolved: what the pod asks, and what {report.nameserver} answers",
                f"{inside} cat /etc/resolv.conf",
            )
        case "dial":
            yield (
                f"its name resolves, connections to {report.address or report.target} fail: what"
                " stands between this pod and the pilot (a network policy, a firewall)",
                "kubectl get networkpolicies -A",
            )
        case "tls" | "auth" | "subscribe":
            yield (
                f"connections to {report.address or report.target} are taken, and the pilot does"
                " not answer as one: its own log",
                "kubectl -n istio-system logs deployment/istio-pilot --tail=20",
            )
        case _:
            yield (
                "the pilot answers, Envoy does not get to use it: Envoy's own words",
                f"{inside} pilot-agent request GET config_dump",
            )
