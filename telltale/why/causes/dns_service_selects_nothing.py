"""The DNS Service's selector matches no DNS pod."""

from collections.abc import Iterator

from telltale.kube.meta import Ref
from telltale.why import parts, proofs
from telltale.why.cause import Cause, Edge, Finding
from telltale.why.fix import DeletePods, Fault, Patch
from telltale.why.world import World


def judge(world: World) -> Iterator[Finding]:
    dns = parts.dns(world)
    if dns.service is None or dns.workload is None or dns.selects_workload:
        return
    if "endpointslices" in world.complete and world.endpoints(dns.service):
        return  # endpoints kept by hand, or other pods that do the work
    hit = parts.victims(world, ["resolve"])
    wrong = proofs.selector_mismatch(dns)
    yield Finding(
        cause=CAUSE.name,
        object=proofs.service_ref(dns.service),
        field="spec.selector",
        expected=wrong.expected,
        found=wrong.found,
        title="the DNS Service selects no DNS pod",
        because=(*proofs.chain_to_resolve(world, hit.pods), *wrong.because),
        evidence=(*proofs.waiting(world, hit.pods), *wrong.evidence),
        affected=hit.pods,
        fix=wrong.fix,
        edge=Edge.DNS,
        place=f"DNS {dns.nameserver or dns.service.spec.cluster_ip}:53",
        certain=hit.certain,
        notes=proofs.from_log(world, hit.pods),
    )


CAUSE = Cause(
    name="dns-service-selects-nothing",
    judge=judge,
    safe=True,
    fault=Fault(
        title="misspell the DNS Service's selector",
        steps=(
            Patch(
                Ref("Service", "kube-system", "kube-dns"),
                {"spec": {"selector": {"k8s-app": "kubedns"}}},
            ),
            DeletePods("{namespace}"),
        ),
        look="kubectl get endpoints -n kube-system: kube-dns <none>, and its pod is 1/1",
    ),
    explains=frozenset({"app-crash-loop", "app-readiness-fails"}),
    doc="""The DNS pods are there, and the DNS Service's selector does not match their labels, so
it has no endpoints and lookups are refused. Differs from dns-no-ready-pod in that its pods are
well.""",
)
