"""Slices read: who can answer."""

from telltale.kube import codec
from telltale.kube.service import EndpointSlice
from telltale.model.service import Endpoint, Port, Protocol, Service
from telltale.pilot.intake.endpoints import read

WEB = Service("a", "shop", "a.shop", (Port(80, Protocol.HTTP, "http", 8080),))


def slice_of(*endpoints, ports=({"name": "http", "port": 8080},), kind="IPv4") -> EndpointSlice:
    return codec.convert(EndpointSlice, {
        "addressType": kind, "ports": list(ports), "endpoints": list(endpoints),
    })  # fmt: skip


def at(address, **conditions):
    return {"addresses": [address], "conditions": conditions}


def test_only_what_is_ready_can_answer():
    one = slice_of(at("1.1.1.1", ready=True), at("1.1.1.2", ready=False), at("1.1.1.3"),
                   at("1.1.1.4", ready=False, serving=True, terminating=True))  # fmt: skip
    assert read(WEB, [one]) == {80: (Endpoint("1.1.1.1", 8080), Endpoint("1.1.1.3", 8080))}


def test_unless_the_service_wants_all():
    eager = Service("a", "shop", "a.shop", WEB.ports, unready_too=True)
    assert len(read(eager, [slice_of(at("1.1.1.1", ready=False))])[80]) == 1


def test_slices_are_joined_without_duplicates_in_a_stable_order():
    first, second = slice_of(at("1.1.1.2"), at("1.1.1.1")), slice_of(at("1.1.1.1"))
    assert read(WEB, [first, second]) == read(WEB, [second, first])
    assert [one.address for one in read(WEB, [first, second])[80]] == ["1.1.1.1", "1.1.1.2"]


def test_ports_match_by_name():
    other = slice_of(at("1.1.1.1"), ports=[{"name": "other", "port": 1}])
    assert read(WEB, [other]) == {80: ()}


def test_two_slices_may_serve_a_named_port_at_different_numbers():
    old = slice_of(at("1.1.1.1"), ports=[{"name": "http", "port": 8080}])
    new = slice_of(at("1.1.1.2"), ports=[{"name": "http", "port": 9090}])
    assert read(WEB, [old, new])[80] == (Endpoint("1.1.1.1", 8080), Endpoint("1.1.1.2", 9090))


def test_names_are_no_addresses():
    assert read(WEB, [slice_of(at("db.example.org"), kind="FQDN")]) == {80: ()}


def test_the_pod_behind_is_known():
    ref = {"kind": "Pod", "namespace": "shop", "name": "a-0"}
    [found] = read(WEB, [slice_of({**at("1.1.1.1"), "targetRef": ref, "nodeName": "n"})])[80]
    assert (found.workload, found.node) == ("a-0.shop", "n")
