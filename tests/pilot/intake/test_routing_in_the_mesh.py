"""What is wrong with routes only where all of the mesh is seen: lost destinations, conflicts."""

import pytest
import yaml

from telltale.kube import codec
from telltale.kube.istio.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from telltale.kube.istio.message import Config
from telltale.kube.service import Service
from telltale.pilot.intake.problem import Level
from telltale.pilot.intake.read import Objects, read

HOST = "cart.shop.svc.cluster.local"
TO_CART = "[{route: [{destination: {host: cart}}]}]"


def config(name: str, spec: str, namespace: str = "shop", created: str = "2020") -> Config:
    meta = {"name": name, "namespace": namespace, "creationTimestamp": created}
    return codec.convert(Config, {"metadata": meta, "spec": yaml.safe_load(spec)})


def told(*routes: Config):
    cart = codec.convert(Service, {
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"clusterIP": "172.19.0.9", "ports": [{"name": "http", "port": 80}]},
    })  # fmt: skip
    subsets = config("cart", "{host: cart, subsets: [{name: v1}, {name: v2}]}")
    _, problems = read(Objects(
        services=(cart,), configs={VIRTUAL_SERVICE: routes, DESTINATION_RULE: (subsets,)},
    ))  # fmt: skip
    return problems


@pytest.mark.parametrize(("http", "problem"), [
    ("[{route: [{destination: {host: card}}]}]",
     "spec.http[0].route[0].destination.host: no service is called card.shop.svc.cluster.local: "
     "what is sent there is answered 503 (NC, no such cluster); "
     "correct the name, or create the service"),
    ("[{route: [{destination: {host: cart.shop}}]}]",
     "spec.http[0].route[0].destination.host: no service is called cart.shop: "
     "what is sent there is answered 503 (NC, no such cluster); "
     f"a name with a dot is in full: write {HOST}"),
    ("[{route: [{destination: {host: cart, subset: v9}}]}]",
     'spec.http[0].route[0].destination.subset: "v9" is not a subset of cart: '
     "what is sent there is answered 503 (NC, no such cluster); "
     "use one of its subsets (v1, v2)"),
    ("[{route: [{destination: {host: cart, port: {number: 81}}}]}]",
     "spec.http[0].route[0].destination.port: cart has no port 81: "
     "what is sent there is answered 503 (NC, no such cluster); use one of its ports (80)"),
    ("[{route: [{destination: {host: cart}}], mirrors: [{destination: {host: card}}]}]",
     "spec.http[0].mirrors[0].destination.host: no service is called card.shop.svc.cluster.local: "
     "what is sent there is answered 503 (NC, no such cluster); "
     "correct the name, or create the service"),
])  # fmt: skip
def test_destinations_that_are_not_there(http, problem):
    assert [one.told for one in told(config("x", f"{{hosts: [cart], http: {http}}}"))] == [problem]


def test_a_host_that_is_a_services_name_by_half():
    [problem] = told(config("x", f"{{hosts: [cart.shop], http: {TO_CART}}}"))
    assert (problem.field, problem.what) == (
        "spec.hosts[0]", "cart.shop is no service's full name")  # fmt: skip


def test_the_younger_of_two_is_told_what_the_elder_takes():
    elder = config("b", f"{{hosts: [cart], http: {TO_CART}}}")
    younger = config("a", """{hosts: [cart], http: [
        {match: [{uri: {prefix: /a}}], route: [{destination: {host: cart}}]},
        {route: [{destination: {host: cart}}]}]}""", created="2021")  # fmt: skip
    [problem] = told(younger, elder)
    assert problem.level is Level.WARNING
    assert str(problem) == (
        "virtualservice shop/a: spec.http[1]: VirtualService shop/b is older and matches the same "
        f"for {HOST} (http[0]): this rule is never reached; put the rules of one host into one "
        "VirtualService, or match something else"
    )


@pytest.mark.parametrize(("hosts", "more", "why"), [
    (HOST, "", "no client outside other reaches this rule"),
    (HOST, ", exportTo: [.]", ""),
    (HOST, ", exportTo: [., third]", "no client outside other reaches this rule"),
    (HOST, ", gateways: [edge]", ""),
    ("'*.shop.svc.cluster.local'", "", ""),
])  # fmt: skip
def test_conflicts_are_between_those_that_meet(hosts, more, why):
    elder = config("b", f"{{hosts: [cart], http: {TO_CART}}}")
    rules = f"[{{route: [{{destination: {{host: {HOST}}}}}]}}]"
    younger = config("a", f"{{hosts: [{hosts}], http: {rules}{more}}}", "other", "2021")
    problems = [one for one in told(younger, elder) if one.object.kind == "VirtualService"]
    assert [one.why for one in problems] == ([why] if why else [])


def test_those_who_never_meet_have_no_conflict():
    first = config("b", f"{{hosts: [cart], http: {TO_CART}, exportTo: [.]}}")
    rules = f"[{{route: [{{destination: {{host: {HOST}}}}}]}}]"
    second = config("a", f"{{hosts: [{HOST}], http: {rules}, exportTo: [.]}}", "other", "2021")
    assert told(first, second) == ()
