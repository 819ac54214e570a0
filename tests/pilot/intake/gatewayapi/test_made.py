"""What is made for a Gateway, and that Kubernetes takes it."""

import kubernetes_validate
import yaml

from telltale.kube import codec
from telltale.kube.codec import dig
from telltale.kube.gatewayapi.kinds import GATEWAY
from telltale.kube.meta import Config
from telltale.pilot.intake.gatewayapi.read import read
from telltale.pilot.intake.gatewayapi.world import World


def made(spec: str, annotations: str = "{}") -> dict:
    meta = f"{{name: gw, namespace: edge, uid: u1, annotations: {annotations}}}"
    one = codec.convert(Config, yaml.safe_load(f"{{metadata: {meta}, spec: {spec}}}"))
    found = read(lambda kind: [one] if kind == GATEWAY else [], World("cluster.local"))
    return {object["kind"]: object for object in found.made}


SPEC = """{gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP},
  {name: b, port: 443, protocol: HTTPS}, {name: c, port: 443, protocol: TLS, hostname: x.y}]MORE}"""


def test_a_gateway_has_pods_an_account_and_a_service_of_its_own():
    objects = made(SPEC.replace("MORE", ", infrastructure: {labels: {team: a}}"))
    assert list(objects) == ["GatewayClass", "ServiceAccount", "Deployment", "Service"]
    for kind in ("ServiceAccount", "Deployment", "Service"):
        kubernetes_validate.validate(objects[kind], "1.32", strict=True)
        meta = objects[kind]["metadata"]
        assert (meta["name"], meta["namespace"]) == ("gw-istio", "edge")
        assert meta["labels"]["team"] == "a"
        assert dig(meta, "ownerReferences", 0, "uid") == "u1"
    service = objects["Service"]["spec"]
    assert service["type"] == "LoadBalancer"
    ports = [(port["name"], port["port"]) for port in service["ports"]]
    assert ports == [("status-port", 15021), ("http-80", 80), ("https-443", 443)]
    template = objects["Deployment"]["spec"]["template"]
    assert service["selector"].items() <= template["metadata"]["labels"].items()
    assert dig(template, "metadata", "annotations", "inject.istio.io/templates") == "kube-gateway"
    assert template["metadata"]["labels"]["sidecar.istio.io/inject"] == "true"
    assert template["spec"]["serviceAccountName"] == "gw-istio"


def test_the_type_of_the_service_is_asked_for_by_annotation():
    wanted = '{"networking.istio.io/service-type": ClusterIP, kubectl.kubernetes.io/x: y}'
    service = made(SPEC.replace("MORE", ""), wanted)["Service"]
    assert service["spec"]["type"] == "ClusterIP"
    assert "kubectl.kubernetes.io/x" not in service["metadata"]["annotations"]


def test_an_address_is_asked_for_by_its_service():
    more = SPEC.replace("MORE", ", addresses: [{value: 172.19.0.77}]")
    wanted = '{"networking.istio.io/service-type": ClusterIP}'
    assert made(more, wanted)["Service"]["spec"]["clusterIP"] == "172.19.0.77"
    service = made(more)["Service"]
    assert service["spec"]["loadBalancerIP"] == "172.19.0.77"
    kubernetes_validate.validate(service, "1.32", strict=True)


def test_nothing_is_made_for_one_that_names_its_service_or_is_refused():
    for one in ("{type: Hostname, value: own}", "{type: x.y/z, value: a}"):
        assert list(made(SPEC.replace("MORE", f", addresses: [{one}]"))) == ["GatewayClass"]
