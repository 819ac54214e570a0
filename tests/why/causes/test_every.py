"""One test for all causes: silent when well, one finding when sick, healed by its own fix."""

import asyncio
from pathlib import Path

import pytest
from story import mended, sick, why
from worlds import Cluster

import telltale.why.causes as room
from telltale.why.causes.every import CAUSES, FAULTS
from telltale.why.faults import Outcome, undo
from telltale.why.reason import Verdict

# What a fault of the catalogue must be blamed on: object and field.
BLAME = {
    "app-crash-loop": ("deployment default/ratings-v1", "spec.template.spec.containers[ratings]"),
    "app-readiness-fails": (
        "deployment default/reviews-v1",
        "spec.template.spec.containers[reviews].readinessProbe",
    ),
    "config-missing": ("configmap default/no-such-settings", "metadata.name"),
    "dns-address-taken": ("service default/stolen", "spec.clusterIP"),
    "dns-no-ready-pod": ("deployment kube-system/kube-dns", "spec.replicas"),
    "dns-service-missing": ("service kube-system/kube-dns", "metadata.name"),
    "dns-service-moved": ("service kube-system/kube-dns", "spec.clusterIP"),
    "dns-service-port-wrong": ("service kube-system/kube-dns", "spec.ports"),
    "dns-service-selects-nothing": ("service kube-system/kube-dns", "spec.selector"),
    "envoy-crashed": ("pod default/details-v1-", "status.containerStatuses[istio-proxy].lastState"),
    "image-missing": (
        "deployment default/reviews-v2",
        "spec.template.spec.containers[reviews].image",
    ),
    "init-container-fails": (
        "deployment default/ratings-v1",
        "spec.template.spec.initContainers[migrate]",
    ),
    "out-of-memory": (
        "deployment default/ratings-v1",
        "spec.template.spec.containers[ratings].resources.limits.memory",
    ),
    "pilot-crash-loop": ("configmap istio-system/istio", "data.mesh"),
    "pilot-no-ready-pod": ("deployment istio-system/istio-pilot", "status.readyReplicas"),
    "pilot-scaled-to-zero": ("deployment istio-system/istio-pilot", "spec.replicas"),
    "pilot-service-missing": ("service istio-system/istio-pilot", "metadata.name"),
    "pilot-service-port-wrong": ("service istio-system/istio-pilot", "spec.ports"),
    "pod-unschedulable": ("deployment default/ratings-v1", "spec.template.spec.nodeSelector"),
    "pilot-service-selects-nothing": ("service istio-system/istio-pilot", "spec.selector"),
}


def test_silent_when_well():
    answer = why(Cluster.well())
    assert answer.diagnosis.verdict is Verdict.HEALTHY
    assert not answer.diagnosis.latent


@pytest.mark.parametrize("name", [cause.name for cause in CAUSES])
def test_fault_is_blamed_on_its_one_object(name: str):
    found = why(sick(name)).diagnosis
    [finding] = found.findings
    assert finding.cause == name
    assert str(finding.object).startswith(BLAME[name][0])
    assert finding.field == BLAME[name][1]
    assert finding.certain
    assert found.unexplained == ()
    assert finding.fix.automatic == next(one.safe for one in CAUSES if one.name == name)


@pytest.mark.parametrize("name", [cause.name for cause in CAUSES])
def test_own_fix_heals(name: str):
    assert mended(sick(name)).answer.diagnosis.verdict is Verdict.HEALTHY


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_fault_is_taken_back_exactly(name: str):
    before = Cluster.well()
    cluster = sick(name)
    assert asyncio.run(undo(cluster.hands, lambda _: None)) == {name: taken_back(name)}
    cluster.proxies = {key: one for key, one in cluster.proxies.items() if not one.crashed}
    for kind in ("Service", "Deployment", "ConfigMap"):
        assert bodies(cluster, kind) == bodies(before, kind)
    assert asyncio.run(undo(cluster.hands, lambda _: None)) == {}


def test_starting_pod_is_left_in_peace():
    answer = why(sick("slow-start"))
    assert answer.diagnosis.verdict is Verdict.STARTING
    assert answer.diagnosis.findings == () and answer.diagnosis.unexplained == ()


@pytest.mark.parametrize("name", [cause.name for cause in CAUSES])
def test_costs_at_most_twelve_calls(name: str):
    cluster = sick(name)
    cluster.asked.clear()
    answer = why(cluster)
    assert len(cluster.asked) == answer.cost.api_calls <= 12


def test_every_cause_is_listed_in_order():
    files = {path.stem for path in Path(room.__file__).parent.glob("*.py")} - {"__init__", "every"}
    assert files == {cause.name.replace("-", "_") for cause in CAUSES}
    assert [cause.name for cause in CAUSES] == sorted(cause.name for cause in CAUSES)


def test_causes_explain_only_causes():
    names = {cause.name for cause in CAUSES}
    for cause in CAUSES:
        assert cause.explains <= names - {cause.name}
        assert cause.doc


def taken_back(name: str) -> Outcome:
    """A pod that Envoy crashed in comes back by itself."""
    return Outcome.OVER if name == "envoy-crashed" else Outcome.TAKEN_BACK


def bodies(cluster: Cluster, kind: str) -> dict[str, object]:
    return {one["metadata"]["name"]: one.get("spec", one.get("data")) for one in cluster.of(kind)}
