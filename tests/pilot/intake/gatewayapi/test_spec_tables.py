"""The specification's tables: hostnames in common, precedence, paths changed, who may attach."""

import pytest

from telltale.kube import codec
from telltale.kube.gatewayapi.gateways import RouteNamespaces
from telltale.kube.gatewayapi.routes import GRPCMatch, HTTPMatch
from telltale.model.route import How, Match, Text
from telltale.pilot.intake.gatewayapi import matches
from telltale.pilot.intake.gatewayapi.hostnames import shared
from telltale.pilot.intake.gatewayapi.world import World


@pytest.mark.parametrize(("listener", "route", "both"), [
    ("", [], ["*"]),
    ("", ["a.example.com"], ["a.example.com"]),
    ("a.example.com", [], ["a.example.com"]),
    ("a.example.com", ["a.example.com", "b.example.com"], ["a.example.com"]),
    ("*.example.com", ["a.example.com", "a.b.example.com"], ["a.example.com", "a.b.example.com"]),
    ("*.example.com", ["example.com"], []),
    ("*.example.com", ["*.com"], ["*.example.com"]),
    ("*.example.com", ["*.b.example.com"], ["*.b.example.com"]),
    ("a.example.com", ["*.example.com"], ["a.example.com"]),
    ("a.example.com", ["*.a.example.com"], []),
    ("*.example.com", ["*.example.org", "badexample.com"], []),
])  # fmt: skip
def test_hostnames_in_common(listener, route, both):
    assert list(shared(listener, route)) == both


def http(**given) -> Match:
    return matches.http(codec.convert(HTTPMatch, given))


def header(name: str) -> dict:
    return {"name": name, "value": "1"}


def test_the_most_specific_match_goes_first():
    ordered = [
        http(path={"type": "Exact", "value": "/a"}),
        http(path={"value": "/a/b/c"}, headers=[header("x")]),
        http(path={"value": "/a/b/c"}),
        http(path={"value": "/a/b"}, method="GET"),
        http(path={"value": "/a/b"}, headers=[header("x"), header("y")]),
        http(path={"value": "/a/b"}, headers=[header("x")], queryParams=[header("q")]),
        http(path={"value": "/a/b"}, headers=[header("x")]),
        http(path={"value": "/a/b"}, queryParams=[header("q")]),
        http(path={"value": "/a/b"}),
        http(headers=[header("x")]),
        http(),
        http(path={"type": "RegularExpression", "value": "/a/.*/long"}),
    ]
    mixed = ordered[::-1]
    assert sorted(mixed, key=matches.rank) == ordered


@pytest.mark.parametrize(("given", "path"), [
    ({}, Text(How.PREFIX, "/")),
    ({"path": {"value": "/a/"}}, Text(How.PATH, "/a")),
    ({"path": {"type": "Exact", "value": "/a/"}}, Text(How.EXACT, "/a/")),
    ({"path": {"type": "RegularExpression", "value": "/a.*"}}, Text(How.REGEX, "/a.*")),
])  # fmt: skip
def test_paths(given, path):
    assert http(**given).path == path


def test_the_first_of_several_headers_of_one_name_holds():
    match = http(headers=[{"name": "X", "value": "1"}, {"name": "x", "value": "2"}])
    assert [(one.name, one.text.value) for one in match.headers] == [("x", "1")]


@pytest.mark.parametrize(("method", "path"), [
    ({"service": "a.B", "method": "C"}, Text(How.EXACT, "/a.B/C")),
    ({"service": "a.B"}, Text(How.PREFIX, "/a.B/")),
    ({"method": "C"}, Text(How.REGEX, "/[^/]+/C")),
    ({"type": "RegularExpression", "service": "a.*"}, Text(How.REGEX, "/a.*/[^/]+")),
    (None, None),
])  # fmt: skip
def test_grpc_methods_are_paths(method, path):
    given = {"method": method} if method else {}
    assert matches.grpc(codec.convert(GRPCMatch, given)).path == path


@pytest.mark.parametrize(("allowed", "namespace", "welcome"), [
    ({}, "edge", True),
    ({}, "shop", False),
    ({"from": "All"}, "shop", True),
    ({"from": "None"}, "edge", False),
    ({"from": "Selector", "selector": {"matchLabels": {"team": "shop"}}}, "shop", True),
    ({"from": "Selector", "selector": {"matchLabels": {"team": "shop"}}}, "edge", False),
    ({"from": "Selector"}, "shop", False),
    ({"from": "Selector", "selector": {"matchExpressions": [
        {"key": "team", "operator": "Exists"}]}}, "shop", True),
])  # fmt: skip
def test_which_namespaces_may_attach(allowed, namespace, welcome):
    world = World("cluster.local", labels={"shop": {"team": "shop"}})
    given = codec.convert(RouteNamespaces, allowed)
    assert world.welcomes(given, "edge", namespace) is welcome
