"""The cluster's DNS has no ready pod: scaled to zero, or its pods cannot run."""

from collections.abc import Iterator

from telltale.kube.apps import Deployment
from telltale.kube.meta import Ref
from telltale.why import parts, proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import PROXIES_RETRY, Advice, DeletePods, Fault, Fix, Scale
from telltale.why.pods import State, state
from telltale.why.world import World


def judge(world: World) -> Iterator[Finding]:
    dns = parts.dns(world)
    workload = dns.workload
    if workload is None or dns.service is None or dns.ready or "pods" not in world.complete:
        return
    if any(state(pod, world.now) is State.STARTING for pod in dns.pods):
        return  # it is on its way
    ref = Ref("Deployment", workload.metadata.namespace, workload.metadata.name)
    zero = workload.spec.replicas == 0
    hit = parts.victims(world, ["resolve"])
    path = ".spec.replicas" if zero else ".status.readyReplicas"
    trouble = "is scaled to zero" if zero else f"has no ready pod of {workload.spec.replicas}"
    yield Finding(
        cause=CAUSE.name,
        object=ref,
        field=path[1:],
        expected="1 or more",
        found="0",
        title="the cluster's DNS has no ready pod",
        because=(
            *proofs.chain_to_resolve(world, hit.pods),
            f"Service {dns.service.metadata.namespace}/{dns.service.metadata.name}"
            " has no ready endpoint",
            f"Deployment {ref.namespace}/{ref.name} {trouble}",
            *(proofs.condition_of(pod) for pod in dns.pods),
        ),
        evidence=(
            *proofs.waiting(world, hit.pods),
            Evidence(
                f"Deployment {ref.name} {trouble}", proofs.read(ref, path), "0" if zero else ""
            ),
        ),
        affected=hit.pods,
        fix=_scale(ref) if zero else _look(ref, workload),
        edge=Edge.DNS,
        place=f"DNS {dns.nameserver or dns.service.spec.cluster_ip}:53",
        certain=hit.certain,
        notes=proofs.from_log(world, hit.pods),
    )


def _scale(ref: Ref) -> Fix:
    return Fix(
        title="run one DNS pod again",
        steps=(Scale(ref, 1),),
        scope=f"one object: {ref}",
        automatic=True,
        expect=PROXIES_RETRY,
    )


def _look(ref: Ref, workload: Deployment) -> Fix:
    labels = ",".join(f"{k}={v}" for k, v in workload.spec.selector.match_labels.items())
    logs = f"kubectl -n {ref.namespace} logs -l {labels} --tail=20 --prefix"
    undo = f"kubectl -n {ref.namespace} rollout undo deployment/{ref.name}"
    return Fix(
        title="see why the DNS pods do not run",
        steps=(
            Advice("what its pods say", logs),
            Advice("if it ran before a change", undo),
        ),
        scope=f"one object: {ref}",
        automatic=False,
        expect="once a DNS pod is ready, istio-proxy tries again: every pod is n/n within 30 s",
    )


CAUSE = Cause(
    name="dns-no-ready-pod",
    judge=judge,
    safe=True,
    fault=Fault(
        title="scale the DNS to zero",
        steps=(Scale(Ref("Deployment", "kube-system", "kube-dns"), 0), DeletePods("{namespace}")),
        look="kubectl get deploy -n kube-system: kube-dns 0/0; lookups are refused, not unanswered",
    ),
    explains=frozenset({"app-crash-loop", "app-readiness-fails"}),
    doc="""Pods ask the right address, and nobody stands behind it: the DNS Deployment is at zero,
or its pods crash or cannot start. Differs from dns-service-moved in that the address is the DNS
Service's own, and from dns-service-selects-nothing in that there is no ready pod to select.""",
)
