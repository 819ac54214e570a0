"""The pilot runs no pod because its Deployment says zero."""

from collections.abc import Iterator

from telltale.kube.meta import Ref
from telltale.why import parts, proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import PROXIES_RETRY, Fault, Fix, RestartProxies, Scale
from telltale.why.world import World


def judge(world: World) -> Iterator[Finding]:
    pilot = parts.pilot(world)
    if pilot.workload is None or pilot.workload.spec.replicas != 0:
        return
    meta = pilot.workload.metadata
    ref = Ref("Deployment", meta.namespace, meta.name)
    hit = parts.victims(world, parts.BEFORE_CONFIG)
    yield Finding(
        cause=CAUSE.name,
        object=ref,
        field="spec.replicas",
        expected="1 or more",
        found="0",
        title="the pilot is scaled to zero",
        because=(
            *proofs.chain_to_pilot(world, hit.pods),
            f"Deployment {ref.namespace}/{ref.name} is at zero: nobody serves {pilot.target}",
        ),
        evidence=(
            *proofs.waiting(world, hit.pods),
            Evidence("its Deployment asks for no pod", proofs.read(ref, ".spec.replicas"), "0"),
        ),
        affected=hit.pods,
        fix=Fix(
            title="run one pilot again",
            steps=(Scale(ref, 1),),
            scope=f"one object: {ref}",
            automatic=True,
            expect=PROXIES_RETRY,
        ),
        edge=Edge.PILOT,
        place=f"pilot {pilot.target}",
        certain=hit.certain,
        notes=proofs.from_log(world, hit.pods),
    )


CAUSE = Cause(
    name="pilot-scaled-to-zero",
    judge=judge,
    safe=True,
    fault=Fault(
        title="scale the pilot to zero",
        steps=(
            Scale(Ref("Deployment", "istio-system", "istio-pilot"), 0),
            RestartProxies("{namespace}"),
        ),
        look="kubectl get deploy -n istio-system: istio-pilot 0/0; names resolve, connections fail",
    ),
    explains=frozenset({"app-crash-loop", "app-readiness-fails"}),
    doc="""The pilot's name resolves and nobody answers behind it, since its Deployment has
spec.replicas 0. Proxies that have their configuration go on with it, whoever starts gets none.""",
)
