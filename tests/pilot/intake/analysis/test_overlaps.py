"""Several objects for the same workloads, of which one holds."""

import pytest

from telltale.pilot.intake.analysis.overlaps import check
from tests.pilot.intake.analysis.given import seen, told

SIDECAR = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: %s, namespace: %s, creationTimestamp: "%s"}
spec: {egress: [{hosts: ["./*"]}]%s}
---
"""
TELEMETRY = """
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: %s, namespace: %s, creationTimestamp: "%s"}
spec: {accessLogging: [{disabled: true}]%s}
---
"""
OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
CHOOSE = {
    SIDECAR: ", workloadSelector: {labels: {%s}}",
    TELEMETRY: ", selector: {matchLabels: {%s}}",
}
NAMES = {SIDECAR: "sidecars", TELEMETRY: "telemetries"}


@pytest.mark.parametrize("kind", [SIDECAR, TELEMETRY])
def test_two_for_a_whole_namespace(kind: str):
    found = told(check(seen(kind % ("b", "shop", OLD, "") + kind % ("a", "shop", NEW, ""))))
    [one] = found
    assert one.startswith(f"{NAMES[kind]}-for-all: ")
    assert " shop/a spec." in one
    assert one.endswith("is not said, and b is for all workloads of the namespace too")
    apart = kind % ("a", "shop", OLD, "") + kind % ("b", "istio-system", OLD, "")
    assert told(check(seen(apart))) == []


@pytest.mark.parametrize("kind", [SIDECAR, TELEMETRY])
def test_two_that_select_one_workload(kind: str):
    app, version = CHOOSE[kind] % "app: cart", CHOOSE[kind] % "version: v1"
    found = told(check(seen(kind % ("b", "shop", OLD, app) + kind % ("a", "shop", NEW, version))))
    [one] = found
    assert one.startswith(f"{NAMES[kind]}-overlap: ")
    assert one.endswith("selects cart-1, as b does, which is older")


@pytest.mark.parametrize("kind", [SIDECAR, TELEMETRY])
def test_those_that_do_not_meet_are_left_alone(kind: str):
    app, other = CHOOSE[kind] % "app: cart", CHOOSE[kind] % "app: web"
    text = kind % ("b", "shop", OLD, app) + kind % ("a", "shop", NEW, other)
    text += kind % ("all", "shop", OLD, "") + kind % ("c", "bank", NEW, app)
    assert told(check(seen(text))) == []
