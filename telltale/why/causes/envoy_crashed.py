"""Envoy itself died in a pod's proxy container."""

import re
from collections.abc import Iterator
from itertools import groupby

from telltale.kube.core import Pod, Terminated
from telltale.kube.meta import Ref
from telltale.why import proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import DeletePods, Exec, Fault, Fix
from telltale.why.pods import CRASH_REASON, SIDECAR, age_s, key_of, last_end, sidecar, workload
from telltale.why.world import World

# Signals that a process does not ask for: ILL, ABRT, BUS, FPE, KILL, SEGV.
CRASHES = (4, 6, 7, 8, 9, 11)
# Seconds after which a crash is history, if the proxy runs again.
RECENT_S = 120
_ENVOY_DIED = re.compile(
    r"(?i)envoy\b.*(segmentation|abort|killed|bus error|illegal inst|floating"
    r"|\bSIG(SEGV|ABRT|KILL|BUS|ILL|FPE)\b"
    r"|signal:? (4|6|7|8|9|11)\b|(code|status):? (?!0\b)-?\d+)"
)


def judge(world: World) -> Iterator[Finding]:
    crashed = sorted((pod for pod in world.focused() if _crashed(world, pod)), key=_order)
    for owner, group in groupby(crashed, key=workload):
        pods = tuple(group)
        yield _finding(world, owner, pods)


def _order(pod: Pod) -> tuple[Ref, str]:
    return (workload(pod), pod.metadata.name)


def _crashed(world: World, pod: Pod) -> bool:
    status = sidecar(pod)
    end = last_end(status) if status else None
    if status is None or end is None or status.ready or pod.metadata.deletion_timestamp:
        return False
    waits = status.state.waiting is not None and status.state.waiting.reason == CRASH_REASON
    recent = age_s(end.finished_at, world.now) < RECENT_S
    return (waits or recent) and end.reason != "OOMKilled" and bool(_death(world, pod, end))


def _death(world: World, pod: Pod, end: Terminated) -> str:
    """How Envoy died: the agent's last words, its log, or the signal that ended the container."""
    log = world.logs.get((key_of(pod), SIDECAR), ())
    for line in [*end.message.splitlines(), *reversed(log)]:
        if _ENVOY_DIED.search(line):
            return line.strip()[:200]
    signal = end.signal or (end.exit_code - 128 if end.exit_code > 128 else 0)
    return f"signal {signal}" if signal in CRASHES else ""


def _finding(world: World, owner: Ref, pods: tuple[Pod, ...]) -> Finding:
    pod = pods[0]
    key, status = key_of(pod), sidecar(pod)
    end = last_end(status) if status else None
    assert end is not None
    death = _death(world, pod, end)
    path = f'.status.containerStatuses[?(@.name=="{SIDECAR}")]..terminated.exitCode'
    return Finding(
        cause=CAUSE.name,
        object=proofs.pod_ref(key),
        field=f"status.containerStatuses[{SIDECAR}].lastState",
        expected="Envoy runs",
        found=death,
        title="Envoy crashed, and its agent with it",
        because=(
            f"{proofs.condition_of(pod)}",
            f"the agent ends when Envoy ends: {death}",
            f"{SIDECAR} restarted {status.restart_count if status else 0} times so far",
        ),
        evidence=(
            proofs.not_ready(pod),
            Evidence(
                "the proxy container ended badly",
                proofs.read(proofs.pod_ref(key), path),
                str(end.exit_code),
            ),
        ),
        affected=tuple(key_of(one) for one in pods),
        fix=Fix(
            title="replace the pod by a fresh one",
            steps=(DeletePods(key[0], tuple(one.metadata.name for one in pods)),),
            scope=f"the pods of {owner}; their logs go with them",
            automatic=False,
            expect="the new pod is n/n within 30 s; if Envoy crashes again, roll back what changed"
            " last: its version, its extensions",
        ),
        edge=Edge.ENVOY,
        place="envoy",
        notes=(f"keep the trace: kubectl -n {key[0]} logs {key[1]} -c {SIDECAR} --previous",),
    )


CAUSE = Cause(
    name="envoy-crashed",
    judge=judge,
    fault=Fault(
        title="end Envoy of details-v1 with SEGV until the kubelet backs off",
        steps=(
            Exec(
                Ref("Deployment", "{namespace}", "details-v1"),
                SIDECAR,
                ("sh", "-c", "kill -SEGV $(pidof envoy)"),
                restarts=3,
            ),
        ),
        look="kubectl get pods: details-v1 1/2 CrashLoopBackOff; logs -c istio-proxy --previous",
    ),
    explains=frozenset({"app-crash-loop"}),
    doc="""The agent lives as long as Envoy: when Envoy dies by a signal the container ends and the
kubelet starts it again, with growing pauses. Only this pod suffers, DNS and pilot are well.
Differs from an out-of-memory kill in the reason that the kubelet gives (OOMKilled).""",
)
