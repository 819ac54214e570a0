"""DestinationRules read: every field, and every way to get one wrong."""

import pytest

from telltale.kube import codec
from telltale.kube.istio.message import Config
from telltale.model.policy import (
    Balance,
    Balancing,
    Ejection,
    Keepalive,
    Locality,
    Policy,
    Pool,
    Sticky,
    Subset,
    Tls,
    TlsMode,
    Traffic,
    Warmup,
)
from telltale.model.scope import Scope
from telltale.pilot.intake.destinations.rules import read
from telltale.pilot.intake.problem import Level, Problem


def config(spec: dict, name: str = "a", created: str = "") -> Config:
    meta = {"name": name, "namespace": "shop", "creationTimestamp": created}
    return codec.convert(Config, {"metadata": meta, "spec": spec})


def policy_of(**spec) -> tuple[Policy, list[Problem]]:
    [policy], problems = read([config({"host": "cart", **spec})], "x")
    return policy, problems


def traffic_of(policy: dict) -> tuple[Traffic, list[Problem]]:
    found, problems = policy_of(trafficPolicy=policy)
    return found.traffic, problems


def hashed(**consistent) -> dict:
    return {"loadBalancer": {"consistentHash": consistent}}


def places(**setting) -> dict:
    return {"loadBalancer": {"localityLbSetting": setting}, "outlierDetection": {"interval": "1s"}}


HEADER = {"httpHeaderName": "X-User"}
RING, MAGLEV = Balance.RING, Balance.MAGLEV
USER = Sticky(header="x-user")


@pytest.mark.parametrize("given, balancing", [
    ({"simple": "ROUND_ROBIN"}, Balancing(Balance.ROUND_ROBIN)),
    ({"simple": "LEAST_REQUEST"}, Balancing(Balance.LEAST_REQUEST)),
    ({"simple": "RANDOM"}, Balancing(Balance.RANDOM)),
    ({"simple": "PASSTHROUGH"}, Balancing(Balance.PASSTHROUGH)),
    ({"simple": "UNSPECIFIED"}, Balancing()),
    ({"consistentHash": HEADER}, Balancing(RING, USER)),
    ({"consistentHash": {"useSourceIp": True}}, Balancing(RING, Sticky(source_ip=True))),
    ({"consistentHash": {"httpQueryParameterName": "q"}}, Balancing(RING, Sticky(query="q"))),
    ({"consistentHash": {"httpCookie": {
        "name": "c", "path": "/p", "ttl": "5s", "attributes": [{"name": "SameSite",
                                                                "value": "Lax"}]}}},
     Balancing(RING, Sticky(cookie="c", cookie_path="/p", cookie_ttl_s=5.0,
                            cookie_attributes=(("SameSite", "Lax"),)))),
    ({"consistentHash": {"httpCookie": {"name": "c", "ttl": "0s"}}},
     Balancing(RING, Sticky(cookie="c", cookie_ttl_s=0.0))),
    ({"consistentHash": {**HEADER, "ringHash": {"minimumRingSize": 64}}},
     Balancing(RING, USER, 64)),
    ({"consistentHash": {**HEADER, "maglev": {"tableSize": 251}}}, Balancing(MAGLEV, USER, 251)),
    ({"consistentHash": {**HEADER, "maglev": {}}}, Balancing(MAGLEV, USER)),
    ({"warmup": {"duration": "30s"}}, Balancing(warmup=Warmup(30.0))),
    ({"simple": "ROUND_ROBIN",
      "warmup": {"duration": "30s", "minimumPercent": 5, "aggression": 2}},
     Balancing(Balance.ROUND_ROBIN, warmup=Warmup(30.0, 5.0, 2.0))),
    ({"warmupDurationSecs": "2m"}, Balancing(warmup=Warmup(120.0))),
    ({"localityLbSetting": {"enabled": False}}, Balancing(locality=Locality(enabled=False))),
    ({"localityLbSetting": {"distribute": [{"from": "eu/*", "to": {"eu/*": 80, "us": 20}}]}},
     Balancing(locality=Locality(distribute=(("eu/*", (("eu/*", 80), ("us", 20))),)))),
])  # fmt: skip
def test_balancing(given, balancing):
    found, problems = traffic_of({"loadBalancer": given})
    assert found == Traffic(balancing)
    assert problems == []


def test_failing_over():
    found, problems = traffic_of(places(
        failover=[{"from": "eu", "to": "us"}], failoverPriority=["region", "rack=7"],
    ))  # fmt: skip
    assert found.balancing == Balancing(
        locality=Locality(failover=(("eu", "us"),), priority=("region", "rack=7"))
    )
    assert problems == []


def test_pools():
    found, problems = traffic_of({"connectionPool": {
        "tcp": {"maxConnections": 1, "connectTimeout": "30ms", "maxConnectionDuration": "1h",
                "idleTimeout": "0s",
                "tcpKeepalive": {"probes": 3, "time": "7200s", "interval": "75s"}},
        "http": {"http1MaxPendingRequests": 2, "http2MaxRequests": 3, "maxRetries": 5,
                 "maxRequestsPerConnection": 4, "idleTimeout": "15s", "h2UpgradePolicy": "UPGRADE",
                 "maxConcurrentStreams": 6,
                 "http2KeepAlive": {"interval": "10s", "timeout": "2s"}},
    }})  # fmt: skip
    assert found.pool == Pool(
        connections=1, connect_timeout_s=0.03, max_age_s=3600.0, tcp_idle_s=0.0,
        keepalive=Keepalive(3, 7200.0, 75.0), pending=2, requests=3, requests_per_connection=4,
        retries=5, http_idle_s=15.0, upgrade_to_http2=True, streams=6, http2_interval_s=10.0,
        http2_timeout_s=2.0,
    )  # fmt: skip
    assert problems == []


@pytest.mark.parametrize("given, pool", [
    ({"http": {"useClientProtocol": True}}, Pool(as_client=True)),
    ({"http": {"h2UpgradePolicy": "DO_NOT_UPGRADE"}}, Pool(upgrade_to_http2=False)),
    ({"tcp": {}}, Pool()),
    ({"tcp": {"tcpKeepalive": {}}}, Pool(keepalive=Keepalive())),
])  # fmt: skip
def test_pools_in_part(given, pool):
    assert traffic_of({"connectionPool": given}) == (Traffic(pool=pool), [])


def test_ejection():
    found, problems = traffic_of({"outlierDetection": {
        "consecutive5xxErrors": 7, "consecutiveGatewayErrors": 0, "interval": "5m",
        "baseEjectionTime": "15m", "maxEjectionPercent": 100, "minHealthPercent": 50,
        "splitExternalLocalOriginErrors": True, "consecutiveLocalOriginFailures": 2,
        "outlierDetectionHttpErrorCodes": [503, 429],
    }})  # fmt: skip
    assert found.ejection == Ejection(7, 0, 2, True, 300.0, 900.0, 100, 50, (429, 503))
    assert problems == []


@pytest.mark.parametrize("given, tls", [
    ({"mode": "DISABLE"}, Tls(TlsMode.DISABLE)),
    ({"mode": "SIMPLE"}, Tls(TlsMode.SIMPLE)),
    ({"mode": "SIMPLE", "caCertificates": "/ca", "caCrl": "/crl", "sni": "x", "subjectAltNames":
      ["a", "a", "b"], "insecureSkipVerify": True},
     Tls(TlsMode.SIMPLE, ca="/ca", crl="/crl", sans=("a", "b"), sni="x", unverified=True)),
    ({"mode": "MUTUAL", "clientCertificate": "/c", "privateKey": "/k", "caCertificates": "/ca"},
     Tls(TlsMode.MUTUAL, "/c", "/k", "/ca")),
])  # fmt: skip
def test_tls(given, tls):
    assert traffic_of({"tls": given}) == (Traffic(tls=tls), [])


def test_the_rest_of_a_policy():
    found, problems = traffic_of({
        "tunnel": {"targetHost": "h", "targetPort": 443},
        "retryBudget": {"percent": {"value": 30}, "minRetryConcurrency": 5},
        "portLevelSettings": [{"port": {"number": 80}, "tls": {"mode": "SIMPLE"}}],
    })  # fmt: skip
    assert found == Traffic(tunnel=("CONNECT", "h", 443), retry_budget=(30.0, 5))
    assert problems == []
    assert traffic_of({"proxyProtocol": {"version": "V2"}}) == (Traffic(proxy_protocol=2), [])
    assert traffic_of({"retryBudget": {}}) == (Traffic(retry_budget=(20.0, 3)), [])


def test_a_subset_and_whom_it_is_for():
    laid = {"trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}}}
    found, problems = policy_of(
        subsets=[{"name": "v1", "labels": {"version": "v1"}, **laid}],
        workloadSelector={"matchLabels": {"app": "web"}}, exportTo=["."],
    )  # fmt: skip
    random = Traffic(Balancing(Balance.RANDOM))
    assert found.subsets == (Subset("v1", (("version", "v1"),), random),)
    assert (found.scope, found.host) == (Scope(("shop",), (("app", "web"),)), "cart.shop.svc.x")
    assert problems == []


def test_rules_for_one_host_are_joined_but_not_those_for_other_clients():
    one = config({"host": "cart", "subsets": [{"name": "v1"}, {"name": "v2"}]}, "one", "2001")
    two = config({"host": "cart.shop.svc.x", "trafficPolicy": {"tls": {}},
                  "subsets": [{"name": "v1", "labels": {"a": "b"}}, {"name": "v3"}]}, "two", "2002")
    private = config({"host": "cart", "exportTo": ["."]}, "private", "2003")
    [first, second], problems = read([private, two, one], "x")
    assert [(one.name, one.labels) for one in first.subsets] == [("v1", ()), ("v2", ()), ("v3", ())]
    assert first.traffic == Traffic(tls=Tls(TlsMode.DISABLE))
    assert first.origin.name == "one" and second.origin.name == "private"
    assert problems == []


PLACE = "spec.trafficPolicy."
BALANCER = PLACE + "loadBalancer"
HASH = BALANCER + ".consistentHash"
LOCALITY = BALANCER + ".localityLbSetting"


@pytest.mark.parametrize("policy, field, what", [
    ({}, "spec.trafficPolicy", "is empty"),
    ({"connectionPool": {}}, PLACE + "connectionPool", "is empty"),
    ({"portLevelSettings": [{"port": {"number": 1}}]}, PLACE + "portLevelSettings[0]", "is empty"),
    ({"portLevelSettings": [{"tls": {"mode": "SIMPLE"}}]},
     PLACE + "portLevelSettings[0].port", "is missing"),
    ({"portLevelSettings": 2 * [{"port": {"number": 1}, "tls": {}}]},
     PLACE + "portLevelSettings[1].port.number", "1 is said twice"),
    ({"tunnel": {"targetHost": "h", "targetPort": 1}, "proxyProtocol": {"version": "V1"}},
     PLACE + "proxyProtocol", "is said together with tunnel"),
    ({"tunnel": {"targetHost": "h", "targetPort": 1, "protocol": "GET"}},
     PLACE + "tunnel.protocol", "'GET' is not CONNECT or POST"),
    ({"tunnel": {"targetPort": 1}}, PLACE + "tunnel.targetHost", "is empty"),
    ({"tunnel": {"targetHost": "h"}}, PLACE + "tunnel.targetPort", "0 is not a port"),
    ({"loadBalancer": {"simple": "RANDOM", "consistentHash": HEADER}}, BALANCER,
     "has both simple and consistentHash"),
    (hashed(), HASH, "does not say by what to hash"),
    (hashed(**HEADER, useSourceIp=True), HASH, "says more than one thing to hash by"),
    (hashed(httpCookie={"ttl": "1s"}), HASH + ".httpCookie.name", "is empty"),
    (hashed(httpHeaderName="a b"), HASH + ".httpHeaderName", "'a b' is not a header's name"),
    (hashed(httpCookie={"name": "a;b"}), HASH + ".httpCookie.name",
     "'a;b' is not a cookie's name"),
    (hashed(httpCookie={"name": "c", "attributes": [{"name": ""}]}),
     HASH + ".httpCookie.attributes", "has one that cannot be, or one twice"),
    ({"tls": {"mode": "SIMPLE", "sni": 256 * "a"}}, PLACE + "tls.sni",
     "is not a host's name of at most 255 characters"),
    (hashed(**HEADER, ringHash={}, maglev={}), HASH, "has both ringHash and maglev"),
    (hashed(**HEADER, maglev={"tableSize": 250}), HASH + ".maglev.tableSize",
     "250 is not a prime below 5000011"),
    (hashed(**HEADER, maglev={"tableSize": 5_000_011}), HASH + ".maglev.tableSize",
     "5000011 is not a prime below 5000011"),
    (hashed(**HEADER, minimumRingSize=1, ringHash={"minimumRingSize": 2}),
     HASH + ".minimumRingSize", "is said here and in ringHash"),
    ({"loadBalancer": {"warmup": {}}}, BALANCER + ".warmup.duration", "is missing"),
    ({"loadBalancer": {"warmup": {"duration": "1s", "minimumPercent": 101}}},
     BALANCER + ".warmup.minimumPercent", "101 is not 0 to 100"),
    ({"loadBalancer": {"warmup": {"duration": "1s", "aggression": 0.5}}},
     BALANCER + ".warmup.aggression", "0.5 is less than 1"),
    ({"loadBalancer": {"warmup": {"duration": "1s"}, "warmupDurationSecs": "1s"}},
     BALANCER + ".warmupDurationSecs", "is said together with warmup"),
    ({"loadBalancer": {"localityLbSetting": {}, "zoneAwareLbSetting": {}}}, LOCALITY,
     "is said together with zoneAwareLbSetting"),
    (places(distribute=[{"from": "a", "to": {"a": 99}}]), LOCALITY + ".distribute[0].to",
     "the weights add up to 99, each from 1"),
    (places(distribute=[{"from": "a", "to": {"a": 100, "b": 0}}]), LOCALITY + ".distribute[0].to",
     "the weights add up to 100, each from 1"),
    (places(distribute=[{"from": "a", "to": {"a/*": 50, "a/b": 50}}]),
     LOCALITY + ".distribute[0].to", "'a/*' covers what 'a/b' covers"),
    (places(distribute=[{"from": "a/*", "to": {"a": 100}}, {"from": "a/b", "to": {"a": 100}}]),
     LOCALITY + ".distribute[1].from", "'a/b' covers what 'a/*' covers"),
    (places(distribute=[{"from": "*/b", "to": {"a": 100}}]), LOCALITY + ".distribute[0].from",
     "'*/b' is no region/zone/subzone"),
    (places(distribute=[{"from": "a", "to": {"a//b": 100}}]), LOCALITY + ".distribute[0].to",
     "'a//b' is no place"),
    (places(distribute=[{"from": "a", "to": {"a": 100}}], failoverPriority=["x"]),
     LOCALITY + ".distribute", "is said together with failover or failoverPriority"),
    (places(failover=[{"from": "a", "to": "a"}]), LOCALITY + ".failover[0]",
     "from and to are both 'a'"),
    (places(failover=[{"from": "a"}]), LOCALITY + ".failover[0]", "needs both from and to"),
    (places(failover=[{"from": "a/b", "to": "c"}]), LOCALITY + ".failover[0]",
     "'a/b' to 'c' is not about regions"),
    (places(failoverPriority=["a", "a"]), LOCALITY + ".failoverPriority",
     "has an empty label or one twice"),
    ({"connectionPool": {"tcp": {"maxConnections": -1}}},
     PLACE + "connectionPool.tcp.maxConnections", "-1 is out of range"),
    ({"connectionPool": {"http": {"maxRetries": 2**31}}}, PLACE + "connectionPool.http.maxRetries",
     "2147483648 is out of range"),
    ({"connectionPool": {"tcp": {"connectTimeout": "10us"}}},
     PLACE + "connectionPool.tcp.connectTimeout", "10us is out of range"),
    ({"connectionPool": {"tcp": {"connectTimeout": "99999999999h"}}},
     PLACE + "connectionPool.tcp.connectTimeout", "99999999999h is out of range"),
    ({"connectionPool": {"http": {"useClientProtocol": True, "h2UpgradePolicy": "UPGRADE"}}},
     PLACE + "connectionPool.http.useClientProtocol",
     "is said together with h2UpgradePolicy UPGRADE"),
    ({"connectionPool": {"http": {"http2KeepAlive": {"interval": "1s"}}}},
     PLACE + "connectionPool.http.http2KeepAlive", "needs both interval and timeout"),
    ({"outlierDetection": {"maxEjectionPercent": 101}},
     PLACE + "outlierDetection.maxEjectionPercent", "101 is out of range"),
    ({"outlierDetection": {"minHealthPercent": -1}}, PLACE + "outlierDetection.minHealthPercent",
     "-1 is out of range"),
    ({"outlierDetection": {"consecutiveLocalOriginFailures": 1}},
     PLACE + "outlierDetection.consecutiveLocalOriginFailures",
     "is said without splitExternalLocalOriginErrors"),
    ({"outlierDetection": {"outlierDetectionHttpErrorCodes": [5]}},
     PLACE + "outlierDetection.outlierDetectionHttpErrorCodes", "5 is not an HTTP status"),
    ({"tls": {"mode": "ISTIO_MUTUAL", "privateKey": "/k"}}, PLACE + "tls",
     "ISTIO_MUTUAL has certificates of its own"),
    ({"tls": {"mode": "MUTUAL", "clientCertificate": "/c"}}, PLACE + "tls.privateKey",
     "is missing for MUTUAL"),
    ({"tls": {"mode": "MUTUAL", "privateKey": "/c"}}, PLACE + "tls.clientCertificate",
     "is missing for MUTUAL"),
    ({"tls": {"mode": "MUTUAL", "privateKey": "/k", "credentialName": "s"}},
     PLACE + "tls.credentialName", "is said together with files"),
    ({"tls": {"mode": "SIMPLE", "clientCertificate": "/c"}}, PLACE + "tls",
     "SIMPLE has clientCertificate or privateKey"),
])  # fmt: skip
def test_what_is_wrong_with_a_policy_is_told(policy, field, what):
    _, problems = traffic_of(policy)
    errors = [(one.field, one.what) for one in problems if one.level is Level.ERROR]
    assert errors == [(field, what)]


@pytest.mark.parametrize("policy, field", [
    ({"loadBalancer": {"simple": "LEAST_CONN"}}, BALANCER + ".simple"),
    ({"loadBalancer": {"zoneAwareLbSetting": {"x": 1}}}, BALANCER + ".zoneAwareLbSetting"),
    (hashed(**HEADER, minimumRingSize=5), HASH + ".minimumRingSize"),
    ({"loadBalancer": {"consistentHash": HEADER, "warmup": {"duration": "1s"}}},
     HASH + ".warmup"),
    ({"loadBalancer": {"simple": "RANDOM", "warmup": {"duration": "1s"}}}, BALANCER + ".warmup"),
    ({"loadBalancer": {"localityLbSetting": {"failoverPriority": ["a"]}}}, LOCALITY),
    ({"outlierDetection": {"consecutiveErrors": 3}}, PLACE + "outlierDetection.consecutiveErrors"),
    ({"tls": {"mode": "ISTIO_MUTUAL"}}, PLACE + "tls.mode"),
    ({"tls": {"mode": "SIMPLE", "credentialName": "s"}}, PLACE + "tls.credentialName"),
    ({"retryBudget": {"budgetInterval": "1s"}}, PLACE + "retryBudget.budgetInterval"),
])  # fmt: skip
def test_what_is_only_doubtful_is_a_warning(policy, field):
    _, problems = traffic_of(policy)
    assert [(one.field, one.level) for one in problems] == [(field, Level.WARNING)]


@pytest.mark.parametrize("spec, field, what", [
    ({"subsets": [{"name": ""}]}, "spec.subsets[0].name", "'' is not a name"),
    ({"subsets": [{"name": "a|b"}]}, "spec.subsets[0].name", "'a|b' is not a name"),
    ({"subsets": [{"name": "a"}, {"name": "a"}]}, "spec.subsets[1].name", "'a' is said twice"),
    ({"exportTo": ["*", "x"]}, "spec.exportTo", "has * and more"),
    ({"exportTo": [".", "shop"]}, "spec.exportTo", "has . and shop, which are the same"),
    ({"exportTo": ["~"]}, "spec.exportTo",
     "~ (nobody) is for ServiceEntry and Service alone"),
    ({"exportTo": ["other"], "workloadSelector": {"matchLabels": {"a": "b"}}}, "spec.exportTo",
     "'other' is not the own namespace, to which workloadSelector is limited"),
    ({"workloadSelector": {"matchLabels": {"a": "b", "c*": "d"}}},
     "spec.workloadSelector.matchLabels", "'c*' is no label, or one with a *"),
])  # fmt: skip
def test_what_is_wrong_with_a_rule_is_told(spec, field, what):
    _, problems = policy_of(**spec)
    assert [(one.field, one.what, one.level) for one in problems] == [(field, what, Level.ERROR)]


@pytest.mark.parametrize("spec", [
    {}, {"host": ""}, {"host": "a b"}, {"host": 7}, {"host": "a", "subsets": {}}, {"host": "a*b"},
    {"host": "a", "trafficPolicy": {"loadBalancer": {"simple": "BEST"}}},
    {"host": "a", "trafficPolicy": {"connectionPool": {"tcp": {"connectTimeout": "soon"}}}},
])  # fmt: skip
def test_what_cannot_be_read_is_left_out_and_spoils_no_other(spec):
    policies, problems = read([config(spec), config({"host": "b"}, "b")], "x")
    assert [one.host for one in policies] == ["b.shop.svc.x"]
    assert len(problems) == 1 and problems[0].object.name == "a"


def test_a_wrong_block_spoils_no_other():
    found, _ = traffic_of({
        "loadBalancer": {"simple": "RANDOM", "warmup": {}}, "connectionPool": {},
        "tls": {"mode": "MUTUAL", "caCertificates": "/ca"},
    })  # fmt: skip
    tls = Tls(TlsMode.SIMPLE, ca="/ca")  # never plaintext
    assert found == Traffic(Balancing(Balance.RANDOM), tls=tls)
