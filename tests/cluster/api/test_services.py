"""ClusterIPs: given, honoured, refused, released; and what else a Service must be."""

import pytest

from telltale.cluster.api.run import build
from telltale.lib.clock import FakeClock, FakeIds

SERVICES = "/api/v1/namespaces/default/services"


def service(name="a", **spec):
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **spec}}


def test_an_address_is_given_and_the_rest_is_filled_in(ask):
    spec = ask("POST", SERVICES, service()).body["spec"]
    assert spec["clusterIP"].startswith("172.19.")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert (spec["ipFamilies"], spec["internalTrafficPolicy"]) == (["IPv4"], "Cluster")
    other = ask("POST", SERVICES, service("b")).body["spec"]
    assert other["clusterIP"] != spec["clusterIP"]


def test_an_asked_address_is_honoured_then_taken_then_free_again(ask):
    assert ask("POST", SERVICES, service("a", clusterIP="172.19.0.10")).code == 201
    told = ask("POST", SERVICES, service("x", clusterIP="172.19.0.10"))
    assert told.code == 422
    assert told.message == (
        'Service "x" is invalid: spec.clusterIPs: Invalid value: ["172.19.0.10"]: failed to'
        " allocate IP 172.19.0.10: provided IP is already allocated"
    )
    ask("DELETE", f"{SERVICES}/a")
    assert ask("POST", SERVICES, service("x", clusterIP="172.19.0.10")).code == 201


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (
            "10.0.0.1",
            "is not in the valid range. The range of valid IPs is 172.19.0.0/16",
        ),
        ("172.19.0.0", "is not in the valid range"),
        ("nonsense", "must be a valid IP address"),
    ],
)
def test_addresses_that_cannot_be_had(ask, address, text):
    told = ask("POST", SERVICES, service(clusterIP=address))
    assert told.code == 422
    assert text in told.message


def test_headless_and_external_have_none(ask):
    headless = ask("POST", SERVICES, service("h", clusterIP="None")).body["spec"]
    assert headless["clusterIPs"] == ["None"]
    outside = service("e", type="ExternalName", externalName="example.com")
    assert "clusterIP" not in ask("POST", SERVICES, outside).body["spec"]


def test_a_dry_run_takes_nothing(ask):
    wish = service("a", clusterIP="172.19.0.10")
    assert ask("POST", SERVICES, wish, query="dryRun=All").code == 201
    assert ask("POST", SERVICES, wish).code == 201
    assert (
        ask("POST", SERVICES, wish | service("b", clusterIP="172.19.0.10"), query="dryRun=All").code
        == 422
    )


def test_what_is_taken_survives_a_restart(tmp_path, settings, ask):
    stored = settings.__class__(settings.addresses, settings.pki, str(tmp_path / "db"))
    ask.built = build(stored, FakeClock(), FakeIds())
    ask("POST", "/api/v1/namespaces", {"metadata": {"name": "default"}})
    ask("POST", SERVICES, service("a", clusterIP="172.19.0.10"))
    ask.built.store.close()
    ask.built = build(stored, FakeClock(), FakeIds())
    assert (
        "already allocated" in ask("POST", SERVICES, service("b", clusterIP="172.19.0.10")).message
    )


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"ports": []}, "spec.ports: Required value"),
        ({"ports": [{"port": 70000}]}, "must be between 1 and 65535, inclusive"),
        ({"ports": [{"port": 1}, {"port": 2}]}, "spec.ports[0].name: Required value"),
        (
            {"ports": [{"name": "a", "port": 1}, {"name": "a", "port": 2}]},
            'spec.ports[1].name: Duplicate value: "a"',
        ),
        ({"ports": [{"port": 1, "protocol": "X"}]}, 'supported values: "SCTP", "TCP", "UDP"'),
        ({"type": "Nonsense"}, "spec.type: Unsupported value"),
    ],
)
def test_what_is_no_service(ask, spec, text):
    told = ask("POST", SERVICES, service(**spec))
    assert told.code == 422
    assert text in told.message


def test_a_name_must_be_a_dns_label(ask):
    assert "a DNS-1035 label must consist of" in ask("POST", SERVICES, service("1st")).message


def test_node_ports(ask):
    given = ask("POST", SERVICES, service("n", type="NodePort")).body["spec"]["ports"][0][
        "nodePort"
    ]
    assert 30000 <= given < 32768
    taken = service("m", type="NodePort", ports=[{"port": 1, "nodePort": given}])
    assert "provided port is already allocated" in ask("POST", SERVICES, taken).message
