"""ServiceEntries as what routes are attached to, and as where they lead."""

import yaml

from telltale.kube import codec
from telltale.kube.gatewayapi.kinds import HTTP_ROUTE
from telltale.kube.istio.kinds import SERVICE_ENTRY
from telltale.kube.meta import Config
from telltale.lib.memo import Memo
from telltale.model.options import DEFAULT
from telltale.model.route import MESH
from telltale.pilot.intake.read import Objects, Reading, reading
from telltale.pilot.intake.status import About

ENTRY = """
metadata: {name: api, namespace: shop}
spec: {hosts: [api.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
"""
ISTIO = "group: networking.istio.io"


def read(rules: str, parent: str, entry: str = ENTRY, namespace: str = "shop") -> Reading:
    spec = f"{{parentRefs: [{parent}], rules: [{rules}]}}"
    route = f"{{metadata: {{name: r, namespace: {namespace}}}, spec: {spec}}}"
    given = {SERVICE_ENTRY: (_config(entry),), HTTP_ROUTE: (_config(route),)}
    return reading(Objects(configs=given), DEFAULT, Memo())


def _config(text: str) -> Config:
    return codec.convert(Config, yaml.safe_load(text))


def said(of: Reading, namespace: str = "shop") -> dict:
    [parent] = of.statuses[About(HTTP_ROUTE, namespace, "r")]["parents"]
    return {one["type"]: (one["status"], one["reason"]) for one in parent["conditions"]}


PARENT = f"{{{ISTIO}, kind: ServiceEntry, name: api}}"
TO_IT = f"{{backendRefs: [{{{ISTIO}, kind: KIND, name: NAME, port: 80}}]}}"
WELL = {"Accepted": ("True", "Accepted"), "ResolvedRefs": ("True", "ResolvedRefs")}


def test_a_route_of_an_entry_is_for_who_calls_its_hosts():
    given = read(TO_IT.replace("KIND", "ServiceEntry").replace("NAME", "api"), PARENT)
    assert said(given) == WELL
    [one] = given.mesh.routings
    assert (one.hosts, one.gateways, one.scope.namespaces) == (
        ("api.example.com",), (MESH,), ("*",)
    )  # fmt: skip
    assert one.http[0].shares[0].destination.host == "api.example.com"


def test_a_host_can_be_named_instead():
    for name, reason in (("api.example.com", "ResolvedRefs"), ("none.example", "BackendNotFound")):
        given = read(TO_IT.replace("KIND", "Hostname").replace("NAME", name), PARENT)
        assert said(given)["ResolvedRefs"][1] == reason


def test_of_several_hosts_one_must_be_named():
    both = ENTRY.replace("api.example.com", "api.example.com, b.example.com")
    given = read(TO_IT.replace("KIND", "ServiceEntry").replace("NAME", "api"), PARENT, both)
    assert said(given)["ResolvedRefs"] == ("False", "UnsupportedValue")
    assert {one.hosts for one in given.mesh.routings} == {
        ("api.example.com",), ("b.example.com",)
    }  # fmt: skip
    assert [one.http[0].shares for one in given.mesh.routings] == [(), ()]


def test_one_that_is_not_there_and_a_port_that_it_has_not():
    for parent in (PARENT.replace("api", "none"), PARENT.replace("api", "api, port: 81")):
        given = read("{}", parent)
        assert said(given)["Accepted"] == ("False", "NoMatchingParent")


def test_a_route_of_another_namespace_is_for_its_clients():
    given = read("{}", PARENT.replace("api", "api, namespace: shop"), namespace="far")
    assert said(given, "far")["Accepted"] == ("True", "Accepted")
    assert given.mesh.routings[0].scope.namespaces == ("far",)
