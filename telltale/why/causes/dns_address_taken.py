"""The address that pods ask for names belongs to another Service, that is no DNS."""

from collections.abc import Iterator

from telltale.kube.codec import Object
from telltale.kube.meta import Ref
from telltale.why import parts, proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import PROXIES_RETRY, Create, DeletePods, Fault, Fix, Readdress
from telltale.why.world import World


def judge(world: World) -> Iterator[Finding]:
    dns = parts.dns(world)
    service, holder, asked = dns.service, dns.holder, dns.nameserver
    if service is None or holder is None or holder is service:
        return
    taker, ref = proofs.service_ref(holder), proofs.service_ref(service)
    now = service.spec.cluster_ip
    hit = parts.victims(world, ["resolve"])
    yield Finding(
        cause=CAUSE.name,
        object=taker,
        field="spec.clusterIP",
        expected=f"any address but {asked}",
        found=asked,
        title="the DNS address that pods ask belongs to another Service now",
        because=(
            *proofs.chain_to_resolve(world, hit.pods),
            f"pods ask {asked} (nameserver in /etc/resolv.conf)",
            f"{asked} belongs to Service {taker.namespace}/{taker.name}, which serves no DNS",
            f"the cluster's DNS, Service {ref.namespace}/{ref.name}, is at {now} now",
        ),
        evidence=(
            *proofs.waiting(world, hit.pods),
            Evidence(
                "another Service has the address", proofs.read(taker, ".spec.clusterIP"), asked
            ),
            Evidence(
                "the DNS Service has another address", proofs.read(ref, ".spec.clusterIP"), now
            ),
        ),
        affected=hit.pods,
        fix=Fix(
            title=f"move {taker.namespace}/{taker.name} first, then give DNS its address",
            steps=(Readdress(taker, was=asked), Readdress(ref, was=now, address=asked)),
            scope="cluster-wide: two Services are deleted and made again, in this order",
            automatic=False,
            expect=PROXIES_RETRY,
        ),
        edge=Edge.DNS,
        place=f"DNS {asked}:53",
        certain=hit.certain,
        notes=(
            *proofs.from_log(world, hit.pods),
            f"clients of {taker.namespace}/{taker.name} must look its address up again",
        ),
    )


_TAKER: Object = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "stolen", "namespace": "default", "labels": {"app": "stolen"}},
    # {dns} stands for the address that the DNS Service had before the fault.
    "spec": {"clusterIP": "{dns}", "selector": {"app": "stolen"}, "ports": [{"port": 80}]},
}

CAUSE = Cause(
    name="dns-address-taken",
    judge=judge,
    fault=Fault(
        title="move the DNS Service, and give its old address to another Service",
        steps=(
            Readdress(Ref("Service", "kube-system", "kube-dns"), was=""),
            Create(_TAKER),
            DeletePods("{namespace}"),
        ),
        look="kubectl get svc -A: default/stolen has the address that pods ask for names",
    ),
    explains=frozenset({"app-crash-loop", "app-readiness-fails", "dns-service-moved"}),
    doc="""As dns-service-moved, and meanwhile the old address went to another Service: lookups are
refused or unanswered by something that is no DNS. Giving DNS its address back fails with
"provided IP is already allocated" until the other Service has moved, so the fix has two steps,
in this order.""",
)
