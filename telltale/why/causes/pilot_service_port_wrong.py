"""The pilot's Service does not carry the proxies' port to where the pilot listens."""

from collections.abc import Iterator

from telltale.kube.codec import Json, convert, dig, to_json
from telltale.kube.core import Container
from telltale.kube.meta import Ref
from telltale.kube.service import Service, ServicePort
from telltale.why import parts, proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import PROXIES_RETRY, Fault, Fix, Patch, RestartProxies
from telltale.why.parts import Pilot
from telltale.why.world import World


def judge(world: World) -> Iterator[Finding]:
    pilot = parts.pilot(world)
    port = pilot.target.rpartition(":")[2]
    if pilot.service is None or not port.isdecimal() or not _listens(pilot, int(port)):
        return
    wanted = int(port)
    now = next((one for one in pilot.service.spec.ports if one.port == wanted), None)
    goal = (now.target_port or now.port) if now else None
    if goal in (wanted, str(wanted)) or isinstance(goal, str):
        return
    ref = proofs.service_ref(pilot.service)
    found = f"{wanted} -> {goal}" if now else f"no port {wanted}"
    hit = parts.victims(world, parts.BEFORE_CONFIG)
    path = f".spec.ports[?(@.port=={wanted})].targetPort"
    yield Finding(
        cause=CAUSE.name,
        object=ref,
        field="spec.ports",
        expected=f"{wanted} -> {wanted}",
        found=found,
        title="the pilot's Service does not lead to the port on which the pilot listens",
        because=(
            *proofs.chain_to_pilot(world, hit.pods),
            f"Service {ref.namespace}/{ref.name} has {found}",
            f"the pilot listens on {wanted}",
        ),
        evidence=(
            *proofs.waiting(world, hit.pods),
            Evidence(f"where it sends {wanted}", proofs.read(ref, path), str(goal or "")),
        ),
        affected=hit.pods,
        fix=_fix(ref, pilot.service, wanted),
        edge=Edge.PILOT,
        place=f"pilot {pilot.target}",
        certain=hit.certain,
        notes=proofs.from_log(world, hit.pods),
    )


def _listens(pilot: Pilot, port: int) -> bool:
    """Whether the pilot's pods declare this port: without that nothing is known of it."""
    plain = dig(pilot.workload.spec.template, "spec", "containers") if pilot.workload else []
    containers = convert(list[Container], plain)
    return any(one.container_port == port for each in containers for one in each.ports)


def _fix(ref: Ref, service: Service, wanted: int) -> Fix:
    others = [one for one in service.spec.ports if one.port != wanted]
    named = next((one.name for one in service.spec.ports if one.port == wanted), "")
    kept: list[Json] = [_plain(one) for one in others]
    mended: Json = {"name": named or "grpc-xds", "port": wanted, "targetPort": wanted}
    if not named:
        kept = [one for one in kept if dig(one, "name") != "grpc-xds"]
    return Fix(
        title=f"send {wanted} to the port on which the pilot listens",
        steps=(Patch(ref, {"spec": {"ports": [mended, *kept]}}),),
        scope=f"one object: {ref}",
        automatic=True,
        expect=PROXIES_RETRY,
    )


def _plain(port: ServicePort) -> dict[str, Json]:
    plain = to_json(port)
    return plain if isinstance(plain, dict) else {}


CAUSE = Cause(
    name="pilot-service-port-wrong",
    judge=judge,
    safe=True,
    fault=Fault(
        title="point the pilot's Service at a port where nobody listens",
        steps=(
            Patch(
                Ref("Service", "istio-system", "istio-pilot"),
                {"spec": {"ports": [
                    {"name": "grpc-xds", "port": 15010, "targetPort": 15011},
                    {"name": "https-webhook", "port": 443, "targetPort": 15017},
                    {"name": "http-monitoring", "port": 15014, "targetPort": 15014},
                ]}},
            ),
            RestartProxies("{namespace}"),
        ),
        look="kubectl get svc istio-pilot -n istio-system -o yaml: targetPort 15011 for 15010",
    ),
    explains=frozenset({"app-crash-loop", "app-readiness-fails"}),
    doc="""The pilot is ready and selected, and its Service sends the proxies' port elsewhere, or
does not have it: names resolve, connections are refused or unanswered. Differs from
pilot-service-selects-nothing in that the Service has endpoints.""",
)  # fmt: skip
