"""Rows that need no Envoy: secrets, ejected hosts, who is connected, odd shapes."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from telltale.ca.authority import new_authority
from telltale.inspect import clusters, dump, endpoints, listeners, routes, secrets, status
from telltale.inspect.rows import Wanted
from telltale.kube.codec import Malformed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CDS, LDS, EDS, RDS, *_ = status.TYPES


def pem() -> str:
    certificate = new_authority("mesh", NOW).to_pem().certificate
    return base64.b64encode(certificate).decode()


def test_certificates_are_read_and_keys_are_not_shown():
    given = {"inline_bytes": pem()}
    found = secrets.table([
        {"name": "default", "state": "ACTIVE", "secret": {"name": "default", "tls_certificate": {
            "certificate_chain": given, "private_key": {"inline_string": "SECRET"}}}},
        {"name": "ROOTCA", "state": "WARMING", "secret": {
            "name": "ROOTCA", "validation_context": {"trusted_ca": given}}},
        {"name": "empty", "state": "WARMING", "secret": {}},
    ], NOW + timedelta(hours=1))  # fmt: skip
    rows = {row.cells[0]: row.cells for row in found.rows}
    assert rows["default"][1:4] == ("Cert Chain", "ACTIVE", "true")
    assert rows["ROOTCA"][1:4] == ("CA", "WARMING", "true")
    assert rows["empty"][1:4] == ("Cert Chain", "WARMING", "false")
    assert "SECRET" not in str(found.objects())


def test_a_certificate_that_is_over_is_not_valid():
    entry = {"name": "a", "secret": {"validation_context": {
        "trusted_ca": {"inline_bytes": pem()}}}}  # fmt: skip
    [row] = secrets.table([entry], NOW + timedelta(days=365 * 100)).rows
    assert row.cells[3] == "false"


def test_hosts_of_every_kind():
    def host(**address: object) -> dict:
        return {"address": address, "health_status": {"eds_health_status": "DRAINING"}}

    known = (
        ("a", host(pipe={"path": "/run/x"})),
        ("b", host(envoy_internal_address={"server_listener_name": "inner"})),
        ("c", {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 80}},
               "health_status": {"failed_outlier_check": True}}),
    )  # fmt: skip
    assert endpoints.table(known).cells()[1:] == [
        ("10.0.0.1:80", "UNKNOWN", "FAILED", "c"),
        ("envoy://inner", "DRAINING", "OK", "b"),
        ("unix:///run/x", "DRAINING", "OK", "a"),
    ]
    assert len(endpoints.table(known, Wanted(status="draining")).rows) == 2
    assert len(endpoints.table(known, Wanted(port=80, address="10.0.0.1")).rows) == 1


def test_a_listener_says_what_it_wants_and_where_it_leads():
    tcp = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"

    def to(**config: object) -> list:
        return [{"name": "tcp", "typed_config": {"@type": tcp, **config}}]

    listener = {
        "name": "x", "traffic_direction": "INBOUND",
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": 15006}},
        "filter_chains": [
            {"filters": to(cluster="InboundPassthroughCluster")},
            {"filter_chain_match": {"destination_port": 15006}, "filters": to(
                cluster="BlackHoleCluster")},
            {"filter_chain_match": {
                "server_names": ["a", "b"], "transport_protocol": "tls",
                "application_protocols": ["istio"],
                "prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]},
             "filters": to(weighted_clusters={"clusters": [{"name": "one"}, {"name": "two"}]})},
        ],
    }  # fmt: skip
    place = ("0.0.0.0", "15006")
    assert listeners.table([listener]).cells()[1:] == [
        (*place, "Addr: *:15006", "Non-HTTP/Non-TCP"),
        (*place, "SNI: a,b; Trans: tls; App: istio; Addr: 10.0.0.0/8", "Clusters: one, two"),
        (*place, "ALL", "InboundPassthroughCluster"),
    ]
    assert not listeners.table([listener], Wanted(direction="outbound")).rows


def test_a_virtual_host_without_routes_answers_404():
    table = {"name": "80", "virtual_hosts": [{"name": "v", "domains": ["*"]}]}
    assert routes.table([table]).cells()[1:] == [("80", "v", "*", "", "404")]


def test_a_cluster_of_any_name_is_shown():
    assert clusters.table([{"name": "mine", "cluster_type": {"name": "x.y"}}]).cells()[1:] == [
        ("mine", "-", "-", "-", "x.y", "")
    ]


@pytest.mark.parametrize("text", [b"", b"{}", b'{"configs": 1}', b"[]"])
def test_what_is_no_dump_is_said_to_be_none(text):
    with pytest.raises(Malformed):
        dump.read(text)


def test_every_state_of_a_type_has_its_word():
    entry = {
        "proxy": "a.shop", "cluster_id": "Kubernetes", "istio_version": "1",
        "resources": {
            CDS: {"sent": "1", "acked": "1"}, LDS: {"sent": "2", "acked": "1"},
            EDS: {}, RDS: {"sent": "3", "acked": "2", "lastError": "no\n such cluster"},
        },
    }  # fmt: skip
    [one] = known = list(status.clients("pilot-1", [entry, "nonsense"]))
    named = ("a.shop", "Kubernetes", "pilot-1", "1")
    states = ("SYNCED", "STALE", "IGNORED", "ERROR", "IGNORED", "IGNORED")
    assert status.table(known, wide=True).cells()[1] == (*named, *states)
    assert status.table(known).cells()[1] == (*named, "3 (CDS,LDS,RDS)")
    assert status.rejections(known) == ["a.shop rejects RDS: no such cluster"]
    assert one.subscribed == (CDS, LDS, RDS)
