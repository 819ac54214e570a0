"""The pilot's Service selects no pilot pod."""

from collections.abc import Iterator

from telltale.kube.meta import Ref
from telltale.why import parts, proofs
from telltale.why.cause import Cause, Edge, Finding
from telltale.why.fix import Fault, Patch, RestartProxies
from telltale.why.world import World


def judge(world: World) -> Iterator[Finding]:
    pilot = parts.pilot(world)
    if pilot.service is None or pilot.workload is None or pilot.selects_workload:
        return
    if "endpointslices" in world.complete and world.endpoints(pilot.service):
        return
    hit = parts.victims(world, parts.BEFORE_CONFIG)
    wrong = proofs.selector_mismatch(pilot)
    yield Finding(
        cause=CAUSE.name,
        object=proofs.service_ref(pilot.service),
        field="spec.selector",
        expected=wrong.expected,
        found=wrong.found,
        title="the pilot's Service selects no pilot pod",
        because=(*proofs.chain_to_pilot(world, hit.pods), *wrong.because),
        evidence=(*proofs.waiting(world, hit.pods), *wrong.evidence),
        affected=hit.pods,
        fix=wrong.fix,
        edge=Edge.PILOT,
        place=f"pilot {pilot.target}",
        certain=hit.certain,
        notes=proofs.from_log(world, hit.pods),
    )


CAUSE = Cause(
    name="pilot-service-selects-nothing",
    judge=judge,
    safe=True,
    fault=Fault(
        title="misspell the selector of the pilot's Service",
        steps=(
            Patch(
                Ref("Service", "istio-system", "istio-pilot"),
                {"spec": {"selector": {"app": "pilott"}}},
            ),
            RestartProxies("{namespace}"),
        ),
        look="kubectl get endpoints -n istio-system: istio-pilot <none>, and its pod is 1/1",
    ),
    explains=frozenset({"app-crash-loop", "app-readiness-fails"}),
    doc="""The pilot runs and is ready, and its Service's selector does not match its labels: the
name resolves, connections fail. Differs from pilot-scaled-to-zero in that there are ready pilot
pods.""",
)
