"""What is laid upon the objects that are made for a Gateway."""

from dataclasses import replace

import kubernetes_validate
import pytest

from telltale.kube.codec import dig
from tests.pilot.intake.gatewayapi.test_gateways import HTTP, WORLD, Found, found, gateway, top

ASKS = ", infrastructure: {parametersRef: {group: '', kind: ConfigMap, name: p}}"


def asked(**texts: str) -> Found:
    return found(gateway(HTTP, ASKS), world=replace(WORLD, texts={("edge", "p"): texts}))


def made(of: Found) -> dict:
    for one in of.made:
        if one["kind"] != "GatewayClass":
            kubernetes_validate.validate(one, "1.32", strict=True)
    return {one["kind"]: one for one in of.made}


def test_it_is_merged_as_kubectl_would():
    objects = made(asked(
        deployment="spec: {replicas: 3, template: {spec: {containers: [{name: istio-proxy, "
                   "resources: {requests: {cpu: 20m}}, ports: [{name: more, containerPort: 9}]}], "
                   "nodeSelector: {a: b}}}}",
        service="metadata: {annotations: {c: d}}\nspec: {ports: [{port: 80, nodePort: 30080}]}",
        serviceAccount="metadata: {labels: {e: f}, name: another}",
    ))  # fmt: skip
    spec = objects["Deployment"]["spec"]
    assert (spec["replicas"], dig(spec, "template", "spec", "nodeSelector")) == (3, {"a": "b"})
    [proxy] = dig(spec, "template", "spec", "containers")
    assert (proxy["image"], proxy["resources"]) == ("auto", {"requests": {"cpu": "20m"}})
    assert [one["containerPort"] for one in proxy["ports"]] == [15021, 9]
    ports = {one["port"]: one.get("nodePort") for one in objects["Service"]["spec"]["ports"]}
    assert ports == {15021: None, 80: 30080}
    assert objects["Service"]["metadata"]["annotations"] == {"c": "d"}
    account = objects["ServiceAccount"]["metadata"]
    assert (account["name"], account["labels"]["e"]) == ("gw-istio", "f")


def test_some_objects_are_there_only_when_they_are_asked_for():
    assert list(made(asked(service="{}"))) == [
        "GatewayClass", "ServiceAccount", "Deployment", "Service"
    ]  # fmt: skip
    objects = made(asked(
        horizontalPodAutoscaler="spec: {minReplicas: 2, maxReplicas: 5}",
        podDisruptionBudget="spec: {minAvailable: 1}",
    ))  # fmt: skip
    autoscaler, budget = objects["HorizontalPodAutoscaler"], objects["PodDisruptionBudget"]
    assert dig(autoscaler, "spec", "scaleTargetRef", "name") == "gw-istio"
    assert dig(autoscaler, "spec", "maxReplicas") == 5
    assert dig(budget, "spec", "selector") == objects["Deployment"]["spec"]["selector"]
    assert dig(budget, "metadata", "ownerReferences", 0, "kind") == "Gateway"


@pytest.mark.parametrize("texts", [
    {"odd": "{}"}, {"service": "[]"}, {"service": "{"}, {"service": "{}\n---\n{}"},
    {"service": "spec: {ports: [{name: x}]}"}, {"deployment": "$patch: odd"},
])  # fmt: skip
def test_what_cannot_be_laid_is_told_and_the_gateway_is_not_served(texts):
    given = asked(**texts)
    assert top(given)["Accepted"] == ("False", "InvalidParameters")
    assert (given.gateways, len(given.made)) == ([], 1)
    assert next(iter(texts)) in given.problems[0].field


def test_parameters_that_are_not_there():
    assert top(found(gateway(HTTP, ASKS)))["Accepted"] == ("False", "InvalidParameters")
    odd = ASKS.replace("kind: ConfigMap", "kind: Secret")
    assert top(found(gateway(HTTP, odd)))["Accepted"] == ("False", "InvalidParameters")
