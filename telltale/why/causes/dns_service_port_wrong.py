"""The DNS Service does not carry queries over UDP to where the DNS pods listen."""

from collections.abc import Iterator

from telltale.kube.codec import Json, to_json
from telltale.kube.core import ContainerPort
from telltale.kube.meta import Ref
from telltale.kube.service import Service, ServicePort
from telltale.why import parts, proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import PROXIES_RETRY, DeletePods, Fault, Fix, Patch
from telltale.why.world import World


def judge(world: World) -> Iterator[Finding]:
    dns = parts.dns(world)
    target = parts.dns_port(dns)
    if dns.service is None or target is None:
        return
    udp = parts.udp_port(dns.service)
    if udp is not None and _reaches(udp, target):
        return
    ref = proofs.service_ref(dns.service)
    found = "no port 53/UDP" if udp is None else f"53/UDP -> {_goal(udp)}"
    hit = parts.victims(world, ["resolve"])
    yield Finding(
        cause=CAUSE.name,
        object=ref,
        field="spec.ports",
        expected=f"53/UDP -> {target.container_port}",
        found=found,
        title="the DNS Service does not carry queries to where the DNS pods listen",
        because=(
            *proofs.chain_to_resolve(world, hit.pods),
            f"Service {ref.namespace}/{ref.name} has {found}",
            f"the DNS pods listen on {target.container_port}/UDP",
        ),
        evidence=(*proofs.waiting(world, hit.pods), _evidence(ref, udp)),
        affected=hit.pods,
        fix=_fix(ref, dns.service, target),
        edge=Edge.DNS,
        place=f"DNS {dns.nameserver or dns.service.spec.cluster_ip}:53",
        certain=hit.certain,
        notes=proofs.from_log(world, hit.pods),
    )


def _goal(port: ServicePort) -> int | str:
    return port.target_port or port.port


def _reaches(port: ServicePort, target: ContainerPort) -> bool:
    return _goal(port) in (target.container_port, str(target.container_port), target.name)


def _evidence(ref: Ref, udp: ServicePort | None) -> Evidence:
    at = '.spec.ports[?(@.protocol=="UDP")]'
    if udp is None:
        return Evidence("it has no UDP port", proofs.read(ref, f"{at}.port"), "")
    how = proofs.read(ref, f"{at}.targetPort")
    return Evidence("its UDP port goes elsewhere", how, str(_goal(udp)))


def _fix(ref: Ref, service: Service, target: ContainerPort) -> Fix:
    goal = target.container_port
    mended: Json = {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": goal}
    others = [one for one in service.spec.ports if not (one.protocol == "UDP" and one.port == 53)]
    # A port whose fields are left to their defaults decodes to nothing: say the protocol again.
    kept: list[Json] = [{"protocol": one.protocol, **_plain(one)} for one in others]
    return Fix(
        title="send 53/UDP to the port on which the DNS pods listen",
        steps=(Patch(ref, {"spec": {"ports": [mended, *kept]}}),),
        scope=f"one object: {ref}",
        automatic=True,
        expect=PROXIES_RETRY,
    )


def _plain(port: ServicePort) -> dict[str, Json]:
    plain = to_json(port)
    return plain if isinstance(plain, dict) else {}


CAUSE = Cause(
    name="dns-service-port-wrong",
    judge=judge,
    safe=True,
    fault=Fault(
        title="point the DNS Service's UDP port where nobody listens",
        steps=(
            Patch(
                Ref("Service", "kube-system", "kube-dns"),
                {"spec": {"ports": [
                    {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": 9953},
                    {"name": "dns-tcp", "protocol": "TCP", "port": 53, "targetPort": "dns-tcp"},
                ]}},
            ),
            DeletePods("{namespace}"),
        ),
        look="kubectl get svc kube-dns -n kube-system -o yaml: targetPort 9953 for UDP",
    ),
    explains=frozenset({"app-crash-loop", "app-readiness-fails"}),
    doc="""Names are asked over UDP. When the DNS Service has no port 53/UDP, or sends it to a port
on which the DNS pods do not listen, lookups fail although address, selector and pods are well;
over TCP they may even work.""",
)  # fmt: skip
