"""Services read: protocol, addresses, what is wrong."""

import pytest

from telltale.kube import codec
from telltale.kube.service import EXPORT_TO, Service as Given, ServicePort
from telltale.model.options import Options, Shown
from telltale.model.service import Discovery, Protocol
from telltale.pilot.intake.services import protocol_of, read

X = Options(domain="x")


def given(**spec) -> Given:
    return codec.convert(Given, {"metadata": {"name": "a", "namespace": "shop"}, "spec": spec})


@pytest.mark.parametrize("name, app, found", [
    ("http", "", Protocol.HTTP),
    ("http-web", "", Protocol.HTTP),
    ("HTTP-web", "", Protocol.HTTP),
    ("http2", "", Protocol.HTTP2),
    ("httpish", "", Protocol.AUTO),
    ("grpc", "", Protocol.GRPC),
    ("grpc-web", "", Protocol.GRPC_WEB),
    ("grpc-web-ui", "", Protocol.GRPC_WEB),
    ("https", "", Protocol.TLS),
    ("mysql", "", Protocol.TCP),
    ("web", "", Protocol.AUTO),
    ("", "", Protocol.AUTO),
    ("tcp", "http", Protocol.HTTP),
    ("http", "tcp", Protocol.TCP),
    ("x", "kubernetes.io/h2c", Protocol.HTTP2),
    ("http", "example.com/own", Protocol.HTTP),
])  # fmt: skip
def test_protocol_is_said_by_app_protocol_then_by_the_name(name, app, found):
    assert protocol_of(ServicePort(name=name, app_protocol=app, port=1)) is found


@pytest.mark.parametrize("port", [25, 53, 3306, 27017])
def test_where_servers_speak_first_by_custom_nothing_is_waited_for(port):
    assert protocol_of(ServicePort(name="web", port=port)) is Protocol.TCP
    assert protocol_of(ServicePort(name="http", port=port)) is Protocol.HTTP


@pytest.mark.parametrize("said, default, seen", [
    (None, ("*",), ("*",)),
    (None, (".",), ("shop",)),
    ("*", (".",), ("*",)),
    (" ., other ", ("*",), ("shop", "other")),
    ("~", ("*",), ()),
])  # fmt: skip
def test_who_sees_a_service(said, default, seen):
    notes = {} if said is None else {EXPORT_TO: said}
    one = codec.convert(Given, {"metadata": {"name": "a", "namespace": "shop",
                                             "annotations": notes}})  # fmt: skip
    assert read(one, Options(shown=Shown(services=default)))[0].scope.namespaces == seen


def test_addresses_and_discovery():
    service, problems = read(given(clusterIP="10.0.0.1", clusterIPs=["10.0.0.1", "fd00::1"]), X)
    assert service.addresses == ("10.0.0.1", "fd00::1")
    assert service.discovery is Discovery.VIRTUAL
    assert service.host == "a.shop.svc.x"
    assert problems == ()
    assert read(given(clusterIP="None"), X)[0].discovery is Discovery.HEADLESS
    alias, _ = read(given(type="ExternalName", externalName="B.example."), X)
    assert (alias.discovery, alias.alias_of) == (Discovery.ALIAS, "b.example")


def test_udp_is_left_out():
    ports = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP", "name": "dns-tcp"}]
    service, _ = read(given(ports=ports), X)
    assert [port.name for port in service.ports] == ["dns-tcp"]


def test_a_port_without_target_is_its_own_target():
    service, _ = read(given(ports=[{"port": 80}, {"port": 81, "targetPort": "web"}]), X)
    assert [port.target for port in service.ports] == [80, "web"]


def test_an_unknown_app_protocol_is_a_problem_that_says_what_happens():
    _, [problem] = read(given(ports=[{"port": 80, "name": "x", "appProtocol": "own"}]), X)
    assert str(problem.object) == "service shop/a"
    assert problem.field == "spec.ports[x].appProtocol"
    assert "the first bytes of each connection" in problem.why


def test_an_alias_for_nothing_is_a_problem():
    _, [problem] = read(given(type="ExternalName"), X)
    assert problem.field == "spec.externalName"
