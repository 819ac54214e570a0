"""Gateways: what the template makes of a pod, and the two that come with the mesh."""

import pytest

from telltale.agent.settings import Flags, read as read_agent_settings
from telltale.inject.decide import decide
from telltale.inject.gateways import EGRESS, INGRESS, Exposed, gateway_objects, node_ports
from telltale.inject.settings import SidecarSettings
from telltale.inject.sidecar import inject
from telltale.kube import codec
from telltale.kube.codec import Malformed, Object, dig
from telltale.kube.core import Pod
from telltale.kube.service import Service

SETTINGS = SidecarSettings(proxy_image="proxy:1")
MADE = gateway_objects(Exposed(8081, 8444))


def template(name: str) -> Object:
    [found] = [one for one in MADE
               if one["kind"] == "Deployment" and dig(one, "metadata", "name") == name]  # fmt: skip
    pod = dig(found, "spec", "template")
    assert isinstance(pod, dict)
    return {"kind": "Pod", **pod}


def service(name: str) -> Service:
    [found] = [one for one in MADE
               if one["kind"] == "Service" and dig(one, "metadata", "name") == name]  # fmt: skip
    return codec.convert(Service, found)


@pytest.mark.parametrize("name", [INGRESS, EGRESS])
def test_its_pod_is_a_router_and_nothing_of_it_is_redirected(name):
    pod = template(name)
    assert decide(pod, "istio-system", {}).inject
    made = codec.convert(Pod, inject(pod, "istio-system", SETTINGS))
    [proxy] = made.spec.containers
    assert (proxy.name, proxy.image) == ("istio-proxy", "proxy:1")
    assert proxy.args[:2] == ["proxy", "router"]
    assert made.spec.init_containers == []
    probe = proxy.readiness_probe
    assert probe and probe.http_get
    assert (probe.http_get.path, probe.http_get.port) == ("/healthz/ready", 15021)
    assert (probe.period_seconds, probe.initial_delay_seconds) == (1, 0)
    assert {port.container_port for port in proxy.ports} == {8080, 8443, 15021, 15090}
    assert made.spec.security_context.sysctls == [
        {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}
    ]
    assert "INTERCEPTION_MODE" not in str(proxy.env)
    assert '"initContainers":[]' in made.metadata.annotations["sidecar.istio.io/status"]


def test_the_agent_can_start_with_what_it_is_given():
    made = codec.convert(Pod, inject(template(INGRESS), "istio-system", SETTINGS))
    environ = {one.name: one.value or "172.16.3.9" for one in made.spec.containers[0].env}
    assert read_agent_settings(environ, Flags(kind="router")).router


def test_the_service_is_reached_at_the_chosen_ports_of_the_node():
    ingress = service(INGRESS)
    assert ingress.spec.type == "LoadBalancer"
    assert {port.name: (port.port, port.target_port, port.node_port)
            for port in ingress.spec.ports} == {
        "status-port": (15021, 0, 0), "http2": (80, 8080, 8081), "https": (443, 8443, 8444),
    }  # fmt: skip
    assert service(EGRESS).spec.type == "ClusterIP"
    assert dig(node_ports(Exposed(9, 10)), "spec", "ports", 1, "nodePort") == 10


def test_a_users_own_gateway_keeps_what_he_wrote():
    pod: Object = {
        "kind": "Pod",
        "metadata": {"annotations": {"inject.istio.io/templates": "gateway"}},
        "spec": {
            "securityContext": {"runAsUser": 1000},
            "containers": [
                {"name": "istio-proxy", "image": "auto", "env": [{"name": "A", "value": "b"}]},
                {"name": "beside", "image": "x"},
            ],
        },
    }
    made = codec.convert(Pod, inject(pod, "shop", SETTINGS))
    assert [one.name for one in made.spec.containers] == ["istio-proxy", "beside"]
    assert ("A", "b") in [(one.name, one.value) for one in made.spec.containers[0].env]
    assert made.spec.security_context.run_as_user == 1000


def test_a_template_that_there_is_not_refuses_the_pod():
    pod: Object = {
        "metadata": {"annotations": {"inject.istio.io/templates": "waypoint"}},
        "spec": {"containers": [{"name": "a"}]},
    }
    with pytest.raises(Malformed, match="'waypoint' is not a template; there is: sidecar"):
        inject(pod, "shop", SETTINGS)
