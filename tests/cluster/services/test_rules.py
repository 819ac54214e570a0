"""Forwarding tables and the text that makes them: only what changed."""

from ipaddress import IPv4Network

import pytest

from telltale.cluster.services import rules
from telltale.cluster.services.table import Back, Front, Missing, Target, rows
from telltale.kube.codec import convert
from telltale.kube.service import EndpointSlice, Service

HERE = IPv4Network("172.31.210.0/24")


def service(**spec):
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}]
    meta = {"name": "dns", "namespace": "kube-system"}
    return convert(
        Service,
        {"metadata": meta, "spec": {"clusterIP": "172.31.220.10", "ports": ports, **spec}},
    )


def slice_of(*addresses, ready=True, name="dns"):
    return convert(
        EndpointSlice,
        {
            "endpoints": [
                {"addresses": [one], "conditions": {"ready": ready}} for one in addresses
            ],
            "ports": [{"name": name, "port": 5353, "protocol": "UDP"}],
        },
    )


FRONT = Front("172.31.220.10", "udp", 53)


def test_ready_addresses_of_all_slices_stand_behind_the_front():
    slices = [slice_of("172.31.210.5"), slice_of("172.31.210.5", "172.31.210.4")]
    table = rows(service(), slices, HERE)
    assert table[FRONT].backs == (Back("172.31.210.4", 5353), Back("172.31.210.5", 5353))


def test_not_ready_and_other_ports_do_not():
    slices = [slice_of("172.31.210.5", ready=False), slice_of("172.31.210.6", name="other")]
    assert rows(service(), slices, HERE)[FRONT] == Target("kube-system/dns/udp/53", ())


def test_headless_external_and_addressless_services_have_no_front():
    for spec in ({"clusterIP": "None"}, {"clusterIP": ""}, {"type": "ExternalName"}):
        assert rows(service(**spec), [slice_of("172.31.210.5")], HERE) == {}


def test_local_policy_drops_when_all_endpoints_are_elsewhere():
    table = rows(service(internalTrafficPolicy="Local"), [slice_of("172.31.9.9")], HERE)
    assert table[FRONT].missing is Missing.DROP and not table[FRONT].backs


def target(*numbers, name="x/a/tcp/80", sticky=False):
    return Target(name, tuple(Back(f"172.31.210.{one}", 80) for one in numbers), sticky)


def test_nothing_changed_is_nothing_to_do():
    table = {FRONT: target(1)}
    assert rules.changes("t", table, dict(table)) == ""


def test_a_change_speaks_of_its_own_service_only():
    others = {Front("172.31.220.9", "tcp", n): target(1, name=f"x/o/tcp/{n}") for n in range(99)}
    text = rules.changes("t", {**others, FRONT: target(1, 2)}, {**others, FRONT: target(1)})
    assert text.count("\n") == 3 and "x/o/tcp" not in text


@pytest.mark.parametrize("before, after", [((1, 2), (2,)), ((1,), ()), ((), (1,))])
def test_udp_that_lost_endpoints_is_forgotten(before, after):
    lost = rules.stale({FRONT: target(*before)}, {FRONT: target(*after)})
    gone = {Back(f"172.31.210.{one}", 80) for one in set(before) - set(after)}
    assert lost == ({FRONT: gone} if gone else {})


def test_a_client_stays_when_another_endpoint_goes():
    text = rules.changes("t", {FRONT: target(1, 2, sticky=True)}, {FRONT: target(2, sticky=True)})
    assert "delete set ip t c-x/a/tcp/80-172.31.210.1-80" in text
    assert "set ip t c-x/a/tcp/80-172.31.210.2-80" not in text
