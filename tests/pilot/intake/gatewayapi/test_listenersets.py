"""ListenerSets: what others add to a Gateway, and who goes before whom."""

from dataclasses import replace

import pytest

from telltale.kube.codec import dig
from telltale.model.gateway import Credential
from telltale.pilot.intake.status import About
from tests.pilot.intake.gatewayapi.test_gateways import HTTP, KINDS, WORLD, found, gateway, top

OPEN = ", allowedListeners: {namespaces: {from: All}}"


def added(listeners: str, name: str = "more", created: str = "2026", more: str = "") -> str:
    meta = f"{{name: {name}, namespace: shop, generation: 7, creationTimestamp: '{created}'}}"
    return (f"{{kind: ListenerSet, metadata: {meta}, spec: {{parentRef: {{name: gw, "
            f"namespace: edge}}, listeners: [{listeners}]{more}}}}}")  # fmt: skip


def attached(kind: str = "ListenerSet", section: str = "") -> str:
    name = "more" if kind == "ListenerSet" else "gw, namespace: edge"
    ref = f"{{kind: {kind}, name: {name}{section}}}"
    return (f"{{kind: HTTPRoute, metadata: {{name: r, namespace: shop}}, spec: {{parentRefs: "
            f"[{ref}], rules: [{{backendRefs: [{{name: cart, port: 80}}]}}]}}}}")  # fmt: skip


OTHER = "{name: other, port: 81, protocol: HTTP}"


def said(of, name: str = "more") -> dict:
    status = of.statuses[About(KINDS["ListenerSet"], "shop", name)]
    assert {one["observedGeneration"] for one in status["conditions"]} == {7}
    return {one["type"]: (one["status"], one["reason"]) for one in status["conditions"]}


def entry(of, name: str = "more", index: int = 0) -> dict:
    one = of.statuses[About(KINDS["ListenerSet"], "shop", name)]["listeners"][index]
    return {each["type"]: (each["status"], each["reason"]) for each in one["conditions"]} | {
        "attached": one["attachedRoutes"]
    }


def test_its_listeners_are_the_gateways_and_routes_may_name_it():
    given = found(gateway(HTTP, OPEN), added(OTHER), attached())
    names = [(one.name.partition("gateway-")[2], one.servers[0].port) for one in given.gateways]
    assert names == [("http", 80), ("other~more~shop", 81)]
    assert given.gateways[1].service == "gw-istio.edge.svc.cluster.local"
    [routing] = given.routings
    assert routing.gateways == (given.gateways[1].name,)
    assert said(given) == {"Accepted": ("True", "Accepted"), "Programmed": ("True", "Programmed")}
    assert entry(given)["attached"] == 1
    status = given.statuses[About(KINDS["Gateway"], "edge", "gw")]
    assert (status["attachedListenerSets"], status["listeners"][0]["attachedRoutes"]) == (1, 0)
    ports = [one["port"] for one in dig(given.made[-1], "spec", "ports")]
    assert ports == [15021, 80, 81]


def test_a_route_of_the_gateway_is_not_one_of_its_sets():
    given = found(gateway(HTTP, OPEN), added(OTHER), attached("Gateway"))
    assert [one.gateways for one in given.routings] == [(given.gateways[0].name,)]
    assert entry(given)["attached"] == 0


@pytest.mark.parametrize("more", ["", ", allowedListeners: {namespaces: {from: Same}}"])
def test_a_gateway_says_who_may_add(more):
    given = found(gateway(HTTP, more), added(OTHER), attached())
    assert said(given)["Accepted"] == ("False", "NotAllowed")
    assert len(given.gateways) == 1
    assert given.routings == []
    [parent] = given.statuses[About(KINDS["HTTPRoute"], "shop", "r")]["parents"]
    assert parent["conditions"][0]["reason"] == "NoMatchingParent"


def test_the_gateway_then_the_elder_set_goes_first():
    same, mine = OTHER.replace("81", "80"), OTHER.replace("81", "82")
    given = found(
        gateway(HTTP, OPEN), added(f"{same}, {mine.replace('other', 'mine')}"),
        added(mine, "late", "2027"),
    )  # fmt: skip
    assert [one.servers[0].port for one in given.gateways] == [80, 82]
    assert said(given)["Accepted"] == ("True", "ListenersNotValid")
    assert entry(given)["Conflicted"] == ("True", "HostnameConflict")
    assert said(given, "late")["Accepted"] == ("False", "ListenersNotValid")
    assert said(given, "late")["Programmed"] == ("False", "ListenersNotValid")
    assert top(given)["Accepted"] == ("True", "Accepted")


def test_its_certificates_are_its_own_namespaces():
    sealed = "{name: tls, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}"
    given = found(gateway(HTTP, OPEN), added(sealed))
    assert entry(given)["ResolvedRefs"] == ("False", "InvalidCertificateRef")
    world = replace(WORLD, credentials={Credential("cert", "shop"): ""})
    given = found(gateway(HTTP, OPEN), added(sealed), world=world)
    assert given.gateways[1].servers[0].tls.keys == (Credential("cert", "shop"),)


def test_of_a_gateway_that_is_not_ours_nothing_is_said():
    given = found(gateway(HTTP, OPEN).replace("istio", "nginx"), added(OTHER))
    assert About(KINDS["ListenerSet"], "shop", "more") not in given.statuses
