"""The cluster's DNS pods run, and there is no Service in front of them."""

from collections.abc import Iterator

from telltale.kube.codec import Json, Object
from telltale.kube.meta import Ref
from telltale.why import parts, proofs
from telltale.why.cause import Cause, Edge, Finding
from telltale.why.fix import PROXIES_RETRY, Advice, Create, Delete, DeletePods, Fault, Fix
from telltale.why.parts import Dns
from telltale.why.world import World

SERVICE = Ref("Service", "kube-system", "kube-dns")


def judge(world: World) -> Iterator[Finding]:
    dns = parts.dns(world)
    if dns.service is not None or dns.workload is None or "services" not in world.complete:
        return
    ref = Ref("Service", dns.workload.metadata.namespace, SERVICE.name)
    hit = parts.victims(world, ["resolve"])
    yield Finding(
        cause=CAUSE.name,
        object=ref,
        field="metadata.name",
        expected=f"a Service at {dns.nameserver}" if dns.nameserver else "a Service",
        found="no such Service",
        title="the cluster's DNS has no Service",
        because=(
            *proofs.chain_to_resolve(world, hit.pods),
            *(
                [f"pods ask {dns.nameserver} (nameserver in /etc/resolv.conf)"]
                if dns.nameserver
                else []
            ),
            f"no Service {ref.namespace}/{ref.name} is there to pass that on to the DNS pods",
        ),
        evidence=(*proofs.waiting(world, hit.pods), proofs.no_such(ref)),
        affected=hit.pods,
        fix=_fix(ref, dns),
        edge=Edge.DNS,
        place=f"DNS {dns.nameserver}:53" if dns.nameserver else "DNS",
        certain=hit.certain,
        notes=proofs.from_log(world, hit.pods),
    )


def _fix(ref: Ref, dns: Dns) -> Fix:
    assert dns.workload
    target, labels = parts.dns_port(dns), dns.workload.spec.selector.match_labels
    scope = "cluster-wide: the Service that every pod asks for names"
    if not dns.nameserver or dns.holder or not target or not labels:
        advice = Advice(
            "make it at the address that pods have in /etc/resolv.conf",
            f"kubectl -n {ref.namespace} expose deployment/{dns.workload.metadata.name}"
            f" --name={ref.name} --port=53 --protocol=UDP --cluster-ip=ADDRESS",
        )
        return Fix("make the DNS Service again", (advice,), scope, False, PROXIES_RETRY)
    ports: list[Json] = [
        {"name": name, "protocol": protocol, "port": 53, "targetPort": target.container_port}
        for name, protocol in (("dns", "UDP"), ("dns-tcp", "TCP"))
    ]
    wanted: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": ref.name,
            "namespace": ref.namespace,
            "labels": {"k8s-app": "kube-dns", "kubernetes.io/name": "KubeDNS"},
        },
        "spec": {"clusterIP": dns.nameserver, "selector": {**labels}, "ports": ports},
    }
    title = f"make the DNS Service again, at {dns.nameserver}"
    return Fix(title, (Create(wanted),), scope, False, PROXIES_RETRY)


CAUSE = Cause(
    name="dns-service-missing",
    judge=judge,
    fault=Fault(
        title="delete the DNS Service",
        steps=(Delete(SERVICE), DeletePods("{namespace}")),
        look="kubectl get svc -n kube-system: no kube-dns; its pod is 1/1",
    ),
    explains=frozenset({"app-crash-loop", "app-readiness-fails"}),
    doc="""The DNS pods are well, and the Service in front of them is gone: the address that pods
have as their nameserver belongs to nobody, lookups time out. Differs from dns-service-moved in
that there is no DNS Service at another address either. Made again without saying its address it
would become that.""",
)
