"""The DNS Service has another ClusterIP than the one that pods ask: the article's case."""

from collections.abc import Iterator

from telltale.kube.meta import Ref
from telltale.why import parts, proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import PROXIES_RETRY, DeletePods, Fault, Fix, Readdress
from telltale.why.world import World


def judge(world: World) -> Iterator[Finding]:
    dns = parts.dns(world)
    service, asked = dns.service, dns.nameserver
    if service is None or not asked or dns.local or dns.holder or "services" not in world.complete:
        return
    ref = proofs.service_ref(service)
    now = service.spec.cluster_ip
    hit = parts.victims(world, ["resolve"])
    yield Finding(
        cause=CAUSE.name,
        object=ref,
        field="spec.clusterIP",
        expected=asked,
        found=now,
        title="pods ask a DNS address that is no longer the cluster's DNS",
        because=(
            *proofs.chain_to_resolve(world, hit.pods),
            f"pods ask {asked} (nameserver in /etc/resolv.conf), and no Service has that address",
            f"the cluster's DNS, Service {ref.namespace}/{ref.name}, is at {now} now",
        ),
        evidence=(
            *proofs.waiting(world, hit.pods),
            proofs.no_service_has(asked),
            Evidence(
                "the DNS Service has another address", proofs.read(ref, ".spec.clusterIP"), now
            ),
        ),
        affected=hit.pods,
        fix=_fix(ref, now, asked),
        edge=Edge.DNS,
        place=f"DNS {asked}:53",
        certain=hit.certain,
        notes=(
            *proofs.from_log(world, hit.pods),
            f"instead, the kubelets' clusterDNS could be set to {now}, and every pod restarted",
        ),
    )


def _fix(ref: Ref, now: str, asked: str) -> Fix:
    return Fix(
        title="give the DNS Service its old address back",
        steps=(Readdress(ref, was=now, address=asked),),
        scope="cluster-wide: the DNS Service is deleted and made again, away for a moment",
        automatic=False,
        expect=PROXIES_RETRY,
    )


CAUSE = Cause(
    name="dns-service-moved",
    judge=judge,
    fault=Fault(
        title="delete the DNS Service and make it again without saying its address",
        steps=(
            Readdress(Ref("Service", "kube-system", "kube-dns"), was=""),
            DeletePods("{namespace}"),
        ),
        look="kubectl get pods: READY 1/2; kubectl get svc -n kube-system: another CLUSTER-IP",
    ),
    explains=frozenset({"app-crash-loop", "app-readiness-fails"}),
    doc="""The kubelet writes one nameserver into every pod. When the DNS Service is deleted and
made again without `clusterIP`, it gets another address and pods ask into the void: lookups time
out, the agent cannot find the pilot, every pod that starts from then on stays 1/2. Pods that
were ready before stay so, and would not come back from a restart. Differs from its look-alikes
in that the address that pods ask belongs to no Service, while the DNS Service is well at
another.""",
)
