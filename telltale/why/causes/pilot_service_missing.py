"""The pilot runs, and there is no Service by the name that proxies ask for."""

from collections.abc import Iterator

from telltale.kube.codec import Json, Object, convert, dig
from telltale.kube.core import Container
from telltale.kube.meta import Ref
from telltale.why import parts, proofs
from telltale.why.cause import Cause, Edge, Finding
from telltale.why.fix import PROXIES_RETRY, Create, Delete, Fault, Fix, RestartProxies
from telltale.why.parts import Pilot
from telltale.why.world import World

SERVICE = Ref("Service", "istio-system", "istio-pilot")
WEBHOOK_PORT = 15017


def judge(world: World) -> Iterator[Finding]:
    pilot = parts.pilot(world)
    if pilot.service is not None or pilot.workload is None or "services" not in world.complete:
        return
    host = pilot.target.rpartition(":")[0]
    name, _, rest = host.partition(".")
    ref = Ref("Service", rest.partition(".")[0] or SERVICE.namespace, name or SERVICE.name)
    hit = parts.victims(world, parts.BEFORE_CONFIG)
    yield Finding(
        cause=CAUSE.name,
        object=ref,
        field="metadata.name",
        expected="a Service in front of the pilot",
        found="no such Service",
        title="the pilot has no Service",
        because=(
            *proofs.chain_to_pilot(world, hit.pods),
            f"no Service {ref.namespace}/{ref.name} is there, so its name does not resolve",
        ),
        evidence=(*proofs.waiting(world, hit.pods), proofs.no_such(ref)),
        affected=hit.pods,
        fix=_fix(ref, pilot),
        edge=Edge.PILOT,
        place=f"pilot {pilot.target or ref.name}",
        certain=hit.certain,
        notes=proofs.from_log(world, hit.pods),
    )


def _fix(ref: Ref, pilot: Pilot) -> Fix:
    assert pilot.workload
    plain = dig(pilot.workload.spec.template, "spec", "containers", default=[])
    declared = [port for one in convert(list[Container], plain) for port in one.ports]
    ports: list[Json] = [
        {
            "name": one.name or f"port-{one.container_port}",
            "port": 443 if one.container_port == WEBHOOK_PORT else one.container_port,
            "targetPort": one.container_port,
        }
        for one in declared
        if one.container_port != 8080
    ] or [{"name": "grpc-xds", "port": 15010, "targetPort": 15010}]
    labels = pilot.workload.spec.selector.match_labels
    wanted: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": ref.name, "namespace": ref.namespace, "labels": {**labels}},
        "spec": {"selector": {**labels}, "ports": ports},
    }
    return Fix(
        title="make the pilot's Service again, for the ports that its pods declare",
        steps=(Create(wanted),),
        scope="mesh-wide: the Service that every proxy asks for its configuration",
        automatic=False,
        expect=PROXIES_RETRY,
    )


CAUSE = Cause(
    name="pilot-service-missing",
    judge=judge,
    fault=Fault(
        title="delete the pilot's Service",
        steps=(Delete(SERVICE), RestartProxies("{namespace}")),
        look="kubectl get svc -n istio-system: no istio-pilot; its pod is 1/1",
    ),
    explains=frozenset({"app-crash-loop", "app-readiness-fails"}),
    doc="""The pilot is well, and the Service by which proxies find it is gone: DNS answers, and
says that there is no such host. Differs from all DNS causes in that an answer comes at all.""",
)
