"""Questions and answers by the Kubernetes DNS specification 1.1."""

import pytest

from telltale.cluster.dns.names import Answer, Code, Zone, answer, nobody

PILOT = "istio-pilot.istio-system.svc.cluster.local."
DB = "db.shop.svc.cluster.local."


def data(found: Answer | None) -> list[str]:
    assert found is not None
    return [f"{one.type} {one.data}" for one in found.records]


@pytest.mark.parametrize(
    "name, type, expected",
    [
        (PILOT, "A", ["A 172.31.220.77"]),
        ("Istio-Pilot.istio-system.SVC.cluster.local.", "A", ["A 172.31.220.77"]),
        (f"_grpc-xds._tcp.{PILOT}", "SRV", [f"SRV 0 100 15010 {PILOT}"]),
        (f"_dns._udp.{PILOT}", "SRV", [f"SRV 0 100 53 {PILOT}"]),
        ("77.220.31.172.in-addr.arpa.", "PTR", [f"PTR {PILOT}"]),
        (DB, "A", ["A 172.31.210.8", "A 172.31.210.7"]),
        (f"db-0.{DB}", "A", ["A 172.31.210.7"]),
        (f"172-31-210-8.{DB}", "A", ["A 172.31.210.8"]),
        (f"_sql._tcp.{DB}", "SRV",
         [f"SRV 0 50 3307 172-31-210-8.{DB}", f"SRV 0 50 3307 db-0.{DB}"]),
        ("7.210.31.172.in-addr.arpa.", "PTR", [f"PTR db-0.{DB}"]),
        ("inner.shop.svc.cluster.local.", "A", [f"CNAME {PILOT}", "A 172.31.220.77"]),
        ("inner.shop.svc.cluster.local.", "CNAME", [f"CNAME {PILOT}"]),
        ("outer.shop.svc.cluster.local.", "A", ["CNAME db.example.com."]),
        ("dns-version.cluster.local.", "TXT", ['TXT "1.1.0"']),
    ],
)  # fmt: skip
def test_what_is_there_is_found(zone, name, type, expected):
    assert data(answer(zone, name, type)) == expected


@pytest.mark.parametrize(
    "name, type",
    [
        (PILOT, "AAAA"),
        (PILOT, "MX"),
        ("empty.shop.svc.cluster.local.", "A"),
        ("shop.svc.cluster.local.", "A"),
        ("svc.cluster.local.", "A"),
        ("cluster.local.", "A"),
        (f"_tcp.{PILOT}", "SRV"),
        ("77.220.31.172.in-addr.arpa.", "A"),
    ],
)
def test_a_name_without_that_type_is_no_data(zone, name, type):
    found = answer(zone, name, type)
    assert found.code is Code.FOUND and not found.records and found.soa.type == "SOA"


@pytest.mark.parametrize(
    "name",
    [
        "nobody.shop.svc.cluster.local.",
        "istio-pilot.shop.svc.cluster.local.",
        "istio-pilot.istio-system.cluster.local.",
        "nowhere.svc.cluster.local.",
        f"db-2.{DB}",  # not ready
        f"db-0.{PILOT}",
        f"_nope._tcp.{PILOT}",
        f"_grpc-xds._udp.{PILOT}",
        f"a.b.c.{PILOT}",
        "99.220.31.172.in-addr.arpa.",
        "31.172.in-addr.arpa.",
    ],
)
def test_a_name_that_is_not_there_is_no_name(zone, name):
    found = answer(zone, name, "A")
    assert found.code is Code.NO_NAME and found.soa.name == "cluster.local."


def test_other_domains_are_not_ours(zone):
    assert answer(zone, "example.com.", "A") is None
    assert answer(zone, "istio-pilot.istio-system.", "A") is None
    assert answer(zone, "notcluster.local.", "A") is None
    assert nobody().soa.name == "."


def test_srv_brings_the_addresses_along(zone):
    found = answer(zone, f"_sql._tcp.{DB}", "SRV")
    assert {(one.name, one.data) for one in found.more} == {
        (f"db-0.{DB}", "172.31.210.7"),
        (f"172-31-210-8.{DB}", "172.31.210.8"),
    }


def test_a_moved_service_leaves_nothing_behind(zone, make_service):
    moved = make_service("istio-pilot", "istio-system", "172.31.220.99", ("grpc-xds", "TCP", 15010))
    assert zone.put(moved, [])
    assert data(answer(zone, PILOT, "A")) == ["A 172.31.220.99"]
    assert answer(zone, "77.220.31.172.in-addr.arpa.", "PTR").code is Code.NO_NAME
    assert not zone.put(moved, []), "nothing changed, so nothing is forgotten"
    zone.drop("istio-system", "istio-pilot")
    assert answer(zone, PILOT, "A").code is Code.NO_NAME
    assert answer(zone, "istio-system.svc.cluster.local.", "A").code is Code.NO_NAME


def test_aliases_that_go_round_end(make_service):
    zone = Zone()
    for name, other in (("a", "b"), ("b", "a")):
        spec = {"type": "ExternalName", "externalName": f"{other}.x.svc.cluster.local"}
        zone.put(make_service(name, "x", "", **spec), [])
    assert len(answer(zone, "a.x.svc.cluster.local.", "A").records) <= 10
