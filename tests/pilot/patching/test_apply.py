"""Patches of every operation on small resources, through the reading of an EnvoyFilter."""

import pytest
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.base_pb2 import INBOUND, OUTBOUND
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm,
)
from google.protobuf.json_format import ParseDict

from telltale.kube import codec
from telltale.kube.istio.message import Config
from telltale.pilot.intake import unapplied
from telltale.pilot.intake.telemetry import envoyfilters
from telltale.pilot.patching import lists, phases, rules, values
from telltale.pilot.patching.apply import Patcher

HCM = "envoy.filters.network.http_connection_manager"
LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"


def patcher(*entries: dict, gateway: bool = False) -> Patcher:
    spec = {"configPatches": [*entries], "priority": 1}
    one = codec.convert(Config, {"metadata": {"name": "x", "namespace": "n"}, "spec": spec})
    patches, problems = envoyfilters.read((one,), "cluster.local")
    assert problems == []
    return Patcher(tuple(patches), gateway)


def entry(part: str, operation: str, value: dict | None = None, phase: str = "", **match) -> dict:
    patch = {"operation": operation} | ({"value": value} if value else {})
    patch |= {"filterClass": phase} if phase else {}
    return {"applyTo": part, "match": match, "patch": patch}


def manager(*names: str, **fields: object) -> dict:
    return {"name": HCM, "typedConfig": {
        "@type": f"type.googleapis.com/{hcm.HttpConnectionManager.DESCRIPTOR.full_name}",
        "statPrefix": "x", "httpFilters": [{"name": name} for name in names],
        "routeConfig": {"name": "inbound|80||", "virtualHosts": [
            {"name": "h", "domains": ["*"], "routes": [
                {"name": "default", "match": {"prefix": "/"}, "route": {"cluster": "c"}}]}]},
        **fields,
    }}  # fmt: skip


def listener(name: str, port: int, *filters: dict, direction: int = OUTBOUND) -> Listener:
    made = ParseDict({
        "name": name, "address": {"socketAddress": {"address": "0.0.0.0", "portValue": port}},
        "filterChains": [{"name": f"{name}-chain", "filters": [*filters]}],
    }, Listener())  # fmt: skip
    made.traffic_direction = direction
    return made


def http_names(one: Listener) -> list[str]:
    config = one.filter_chains[0].filters[-1].typed_config
    return [f.name for f in hcm.HttpConnectionManager.FromString(config.value).http_filters]


def at(filter: str = "", **chain: object) -> dict:
    sub = {"subFilter": {"name": filter}} if filter else {}
    return {"listener": {"filterChain": {"filter": {"name": HCM, **sub}, **chain}}}


ROUTER = "envoy.filters.http.router"


@pytest.mark.parametrize(("operation", "which", "phase", "found"), [
    ("INSERT_BEFORE", ROUTER, "", ["a", "b", "new", ROUTER]),
    ("INSERT_AFTER", "a", "", ["a", "new", "b", ROUTER]),
    ("INSERT_AFTER", "", "", ["a", "b", "new", ROUTER]),
    ("INSERT_BEFORE", "", "", ["new", "a", "b", ROUTER]),
    ("INSERT_FIRST", "b", "", ["new", "a", "b", ROUTER]),
    ("ADD", "", "", ["a", "b", "new", ROUTER]),
    ("REPLACE", "b", "", ["a", "new", ROUTER]),
    ("MERGE", "b", "", ["a", "new", ROUTER]),
    ("INSERT_BEFORE", "nobody", "", None),
    ("REPLACE", "nobody", "", None),
])  # fmt: skip
def test_http_filters(operation, which, phase, found):
    given = listener("0.0.0.0_80", 80, manager("a", "b", ROUTER))
    patches = patcher(entry("HTTP_FILTER", operation, {"name": "new"}, phase, **at(which)))
    [made] = patches.listeners([given])
    assert http_names(made) == (found or ["a", "b", ROUTER])
    assert bool(patches.met) is (found is not None) and not patches.faults
    assert http_names(given) == ["a", "b", ROUTER], "what is given stays as it is"


def test_filters_are_removed():
    given = listener("l", 80, {"name": "n"}, manager("a", ROUTER))
    [made] = patcher(
        entry("HTTP_FILTER", "REMOVE", **at("a")),
        entry("NETWORK_FILTER", "REMOVE", listener={"filterChain": {"filter": {"name": "n"}}}),
    ).listeners([given])
    assert http_names(made) == [ROUTER]
    assert [one.name for one in made.filter_chains[0].filters] == [HCM]


def test_a_phase_says_where():
    jwt, rbac = "envoy.filters.http.jwt_authn", "envoy.filters.http.rbac"
    for phase, index in (("AUTHN", 0), ("AUTHZ", 1), ("STATS", 2)):
        given = listener("l", 80, manager(jwt, rbac, ROUTER))
        value = {"name": "new"}
        [made] = patcher(
            entry("HTTP_FILTER", "INSERT_BEFORE", value, phase, listener={})
        ).listeners([given])
        assert http_names(made).index("new") == index, phase
    assert phases.place([], "") == 0


@pytest.mark.parametrize(("match", "names"), [
    ({"context": "SIDECAR_INBOUND"}, {"in"}), ({"context": "SIDECAR_OUTBOUND"}, {"out"}),
    ({"context": "ANY"}, {"in", "out"}), ({"context": "GATEWAY"}, set()),
    ({"listener": {"portNumber": 81}}, {"out"}), ({"listener": {"name": "in"}}, {"in"}),
    ({"listener": {"filterChain": {"name": "out-chain"}}}, {"out"}),
    ({"listener": {"filterChain": {"sni": "a"}}}, set()),
    ({"listener": {"filterChain": {"transportProtocol": "tls"}}}, set()),
    ({"listener": {"filterChain": {"applicationProtocols": "h2c, h2"}}}, set()),
    ({"listener": {"filterChain": {"destinationPort": 5}}}, set()),
    ({"listener": {"filterChain": {"filter": {"name": "nobody"}}}}, set()),
    ({"listener": {"filterChain": {"filter": {"name": "envoy.http_connection_manager"}}}},
     {"in", "out"}),
])  # fmt: skip
def test_what_a_match_means(match, names):
    given = [listener("in", 15006, manager(ROUTER), direction=INBOUND),
             listener("out", 81, manager(ROUTER))]  # fmt: skip
    made = patcher(entry("HTTP_FILTER", "INSERT_FIRST", {"name": "new"}, **match)).listeners(given)
    assert {one.name for one in made if http_names(one)[0] == "new"} == names


def test_a_port_of_the_inbound_listener_is_one_of_its_chains():
    given = listener("virtualInbound", 15006, manager(ROUTER), direction=INBOUND)
    given.filter_chains[0].filter_chain_match.destination_port.value = 8080
    for port, index in ((8080, 0), (8081, -1)):
        [made] = patcher(entry("HTTP_FILTER", "INSERT_FIRST", {"name": "new"},
                               listener={"portNumber": port})).listeners([given])  # fmt: skip
        assert (http_names(made)[0] == "new") is (index == 0)


def test_merging_goes_into_a_typed_config_and_lists_grow_or_are_replaced():
    lua = {"name": "lua", "typedConfig": {"@type": LUA, "defaultSourceCode": {"inlineString": "a"}}}
    given = listener("l", 80, manager(ROUTER))
    [made] = patcher(
        entry("HTTP_FILTER", "INSERT_FIRST", lua, listener={}),
        entry("HTTP_FILTER", "MERGE", {"name": "lua", "typedConfig": {
            "@type": LUA, "sourceCodes": {"b": {"inlineString": "b"}}}}, listener={}),
    ).listeners([given])  # fmt: skip
    config = made.filter_chains[0].filters[0].typed_config
    typed = hcm.HttpConnectionManager.FromString(config.value).http_filters[0].typed_config
    assert b"a" in typed.value and b"b" in typed.value
    cluster = Cluster(name="c", connect_timeout={"seconds": 1, "nanos": 5})
    cluster.health_checks.add(timeout={"seconds": 1}).interval.seconds = 1
    check = {"timeout": "2s", "interval": "2s", "unhealthyThreshold": 1, "healthyThreshold": 1,
             "tcpHealthCheck": {}}  # fmt: skip
    for operation, count in (("MERGE", 2), ("MERGE_AND_REPLACE_LIST", 1)):
        first = Cluster()
        first.CopyFrom(cluster)
        first.health_checks[0].CopyFrom(ParseDict(check, type(first.health_checks[0])()))
        [merged] = patcher(entry("CLUSTER", operation, {
            "connectTimeout": "3s", "healthChecks": [check]})).clusters([first])  # fmt: skip
        assert len(merged.health_checks) == count
        assert (merged.connect_timeout.seconds, merged.connect_timeout.nanos) == (3, 0)


def test_clusters_are_added_removed_and_chosen():
    given = [Cluster(name=name) for name in (
        "outbound|80|v1|a.n.svc", "outbound|80||a.n.svc", "inbound|8080||", "BlackHoleCluster")]
    made = patcher(
        entry("CLUSTER", "ADD", {"name": "mine", "connectTimeout": "1s"}),
        entry("CLUSTER", "REMOVE", cluster={"service": "a.n.svc", "subset": "v1"}),
        entry("CLUSTER", "REMOVE", cluster={"portNumber": 8080}, context="SIDECAR_INBOUND"),
        entry("CLUSTER", "REMOVE", cluster={"name": "BlackHoleCluster"}, context="GATEWAY"),
        entry("CLUSTER", "ADD", {"name": "edge"}, context="GATEWAY"),
    ).clusters(given)
    assert [one.name for one in made] == ["outbound|80||a.n.svc", "BlackHoleCluster", "mine"]


def table() -> RouteConfiguration:
    return ParseDict({"name": "80", "virtualHosts": [
        {"name": "a:80", "domains": ["a"], "routes": [
            {"name": "r1", "match": {"prefix": "/"}, "route": {"cluster": "c"}},
            {"name": "r2", "match": {"prefix": "/"}, "redirect": {"hostRedirect": "x"}}]},
        {"name": "b:80", "domains": ["b"]}]}, RouteConfiguration())  # fmt: skip


def test_routes_hosts_and_tables():
    new = {"name": "new", "match": {"prefix": "/n"}, "route": {"cluster": "c"}}
    a = {"routeConfiguration": {"vhost": {"name": "a:80", "route": {"action": "REDIRECT"}}}}
    patches = patcher(
        entry("HTTP_ROUTE", "INSERT_BEFORE", new, **a),
        entry("HTTP_ROUTE", "REMOVE", routeConfiguration={"vhost": {"route": {"name": "r1"}}}),
        entry("VIRTUAL_HOST", "REMOVE", routeConfiguration={"vhost": {"domainName": "b"}}),
        entry("VIRTUAL_HOST", "ADD", {"name": "c", "domains": ["c"]}),
        entry("ROUTE_CONFIGURATION", "MERGE", {"internalOnlyHeaders": ["x"]},
              routeConfiguration={"portNumber": 80}),
        entry("ROUTE_CONFIGURATION", "MERGE", {"internalOnlyHeaders": ["y"]},
              routeConfiguration={"portNumber": 81}),
    )  # fmt: skip
    [made] = patches.routes([table()])
    assert [one.name for one in made.virtual_hosts] == ["a:80", "c"]
    assert [one.name for one in made.virtual_hosts[0].routes] == ["new", "r2"]
    assert [*made.internal_only_headers] == ["x"]
    [*_, unmet] = unapplied.problems([(patches.patches, patches.met, patches.faults)])
    assert unmet.code == "patch-without-effect" and unmet.field == "spec.configPatches[5].match"


def test_the_routes_on_the_way_in_stand_in_their_listener():
    given = listener("virtualInbound", 15006, manager(ROUTER), direction=INBOUND)
    [made] = patcher(entry("HTTP_ROUTE", "MERGE", {"route": {"timeout": "7s"}},
                           context="SIDECAR_INBOUND",
                           routeConfiguration={"portNumber": 80})).listeners([given])  # fmt: skip
    manager_ = hcm.HttpConnectionManager.FromString(
        made.filter_chains[0].filters[0].typed_config.value
    )
    [route] = manager_.route_config.virtual_hosts[0].routes
    assert route.route.timeout.seconds == 7 and route.route.cluster == "c"


def test_chains_listener_filters_and_listeners():
    given = listener("l", 80, manager(ROUTER))
    given.listener_filters.add(name="envoy.filters.listener.http_inspector")
    [made, added] = patcher(
        entry("FILTER_CHAIN", "MERGE", {"filterChainMatch": {"transportProtocol": "tls"}},
              listener={"filterChain": {"name": "l-chain"}}),
        entry("FILTER_CHAIN", "ADD", {"name": "more"}, listener={"name": "l"}),
        entry("LISTENER_FILTER", "REMOVE",
              listener={"listenerFilter": "envoy.listener.http_inspector"}),
        entry("LISTENER_FILTER", "INSERT_FIRST", {"name": "mine"}),
        entry("LISTENER", "MERGE", {"perConnectionBufferLimitBytes": 9}, listener={"name": "l"}),
        entry("LISTENER", "ADD", {"name": "new", "address": {"pipe": {"path": "@x"}}}),
    ).listeners([given])  # fmt: skip
    assert made.filter_chains[0].filter_chain_match.transport_protocol == "tls"
    assert [one.name for one in made.filter_chains] == ["l-chain", "more"]
    assert [one.name for one in made.listener_filters] == ["mine"]
    assert made.per_connection_buffer_limit_bytes.value == 9 and added.name == "new"


def test_an_extensions_configuration_is_put_in_place():
    found = {"name": "ext", "configDiscovery": {"configSource": {"ads": {}}, "typeUrls": [LUA]}}
    [made] = patcher(
        entry("HTTP_FILTER", "INSERT_FIRST", found, listener={}),
        entry("EXTENSION_CONFIG", "ADD", {"name": "ext", "typedConfig": {"@type": LUA}}),
    ).listeners([listener("l", 80, manager(ROUTER))])
    config = made.filter_chains[0].filters[0].typed_config
    assert hcm.HttpConnectionManager.FromString(config.value).http_filters[0].typed_config


def test_what_does_not_fit_is_told_and_all_else_goes_on():
    patches = patcher(
        entry("CLUSTER", "MERGE", {"connectTimeout": "-1s"}, cluster={"name": "a"}),
        entry("CLUSTER", "MERGE", {"altStatName": "good"}, cluster={"name": "a"}),
        entry("CLUSTER", "ADD", {"name": "a"}),
    )
    [made] = patches.clusters([Cluster(name="a", connect_timeout={"seconds": 5})])
    assert made.connect_timeout.seconds == 5 and made.alt_stat_name == "good"
    first, second = unapplied.problems([(patches.patches, patches.met, patches.faults)])
    assert str(first) == (
        "envoyfilter n/x: spec.configPatches[0]: a: connect_timeout is -1, and must be more than "
        "0: what it would change is left as it was; correct the patch"
    )
    assert second.what == "'a' is there already" and second.code == "patch-refused"
    doubled = patcher(entry("VIRTUAL_HOST", "ADD", {"name": "z", "domains": ["a"]}))
    doubled.routes([table()])
    assert [*doubled.faults.values()] == ["80: domain 'a' would be there twice"]


def test_types_are_found_and_nonsense_is_not():
    with pytest.raises(values.Unfit, match="is not a type of Envoy's API"):
        values.load("os.path.Join")
    with pytest.raises(values.Unfit, match="no field named"):
        values.parse(values.Part.CLUSTER, '{"nope": 1}')
    assert rules.fault(Cluster(name="")) == "name is empty"
    assert lists.Edit(lists.Change.REMOVE, None, True).apply([], lambda _: True) is None
