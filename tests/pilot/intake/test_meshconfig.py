"""The mesh's own configuration read: what is followed, and what is named because it is not."""

import pytest

from telltale.kube import codec
from telltale.kube.codec import Malformed
from telltale.model.discovery import Asks, Clause, Discovery
from telltale.model.options import DEFAULT, Egress, Options, Paths, Provider, Shown, Told
from telltale.model.policy import Keepalive, Locality
from telltale.model.route import Retries
from telltale.pilot.intake.meshconfig import read


def test_nothing_said_is_the_default():
    assert read("") == (DEFAULT, ())
    assert read("trustDomain: cluster.local\ndefaultConfig: {concurrency: 2}\n") == (DEFAULT, ())


@pytest.mark.parametrize("text, expected", [
    ("accessLogFile: /dev/stdout", Options(access_log="/dev/stdout")),
    ("accessLogEncoding: JSON", Options(access_log_json=True)),
    ("accessLogFormat: '%RESPONSE_CODE%'", Options(access_log_format="%RESPONSE_CODE%")),
    ("outboundTrafficPolicy: {mode: REGISTRY_ONLY}", Options(egress=Egress.KNOWN)),
    ("outboundTrafficPolicy: {mode: ALLOW_ANY}", Options()),
    ("rootNamespace: mesh", Options(root="mesh")),
    ("defaultServiceExportTo: ['.']", Options(shown=Shown(services=(".",)))),
    ("defaultVirtualServiceExportTo: [a]", Options(shown=Shown(routings=("a",)))),
    ("defaultDestinationRuleExportTo: [a, b]", Options(shown=Shown(policies=("a", "b")))),
    ("connectTimeout: 1.5s", Options(connect_timeout_s=1.5)),
    ("tcpKeepalive: {probes: 3, time: 10s, interval: 2s}", Options(keepalive=Keepalive(3, 10, 2))),
    ("tcpKeepalive: {}", Options(keepalive=Keepalive())),
    ("protocolDetectionTimeout: 100ms", Options(detection_s=0.1)),
    ("defaultHttpRetryPolicy: {attempts: 3, retryOn: '503,reset'}",
     Options(retries=Retries(3, on=("reset",), codes=(503,)))),
    ("dnsRefreshRate: 5s", Options(dns_refresh_s=5)),
    ("localityLbSetting: {enabled: false}", Options(locality=Locality(enabled=False))),
    ("enableTracing: true\ndefaultProviders: {tracing: [z]}",
     Options(tracing=True, told=Told(tracing=("z",)))),
    ("extensionProviders: [{name: z, zipkin: {port: 9411}}]",
     Options(providers=(Provider("z", "zipkin", {"port": 9411}),))),
    ("pathNormalization: {normalization: NONE}", Options(paths=Paths.AS_SENT)),
    ("pathNormalization: {normalization: DECODE_AND_MERGE_SLASHES}", Options(paths=Paths.ESCAPES)),
    ("h2UpgradePolicy: UPGRADE", Options(upgrade_to_http2=True)),
    ("discoverySelectors: [{matchLabels: {mesh: 'on'}}, "
     "{matchExpressions: [{key: team, operator: NotIn, values: [x]}]}]",
     Options(discovery=Discovery((
         (Clause("mesh", Asks.ONE_OF, ("on",)),), (Clause("team", Asks.NONE_OF, ("x",)),),
     )))),
    ("serviceSettings: [{settings: {clusterLocal: true}, hosts: ['*.kube-system']}]", Options()),
])  # fmt: skip
def test_what_is_followed(text, expected):
    assert read(text) == (expected, ())


def test_a_key_that_is_not_followed_is_named_and_the_rest_holds():
    options, [problem] = read("proxyHttpPort: 15002\nrootNamespace: mesh\n")
    assert options == Options(root="mesh")
    assert "configmap istio-system/istio: mesh.proxyHttpPort: is not followed" in str(problem)


def test_a_provider_that_is_none_is_left_out():
    text = codec.pretty({"extensionProviders": [
        {"name": "a", "zipkin": {}, "prometheus": {}}, {"name": "b"}, {"zipkin": {}},
        {"name": "c", "prometheus": {}}, {"name": "c", "zipkin": {}},
    ]})  # fmt: skip
    options, problems = read(text)
    assert options.providers == (Provider("c", "prometheus"),)
    assert [str(one.field) for one in problems] == [
        f"mesh.extensionProviders[{index}]" for index in (0, 1, 2, 4)
    ]


@pytest.mark.parametrize("text, told", [
    ("outboundTrafficPolicy: {mode: ALLOW_SOME}", "outboundTrafficPolicy.mode"),
    ("connectTimeout: soon", "connectTimeout"),
    ("--- {}\n--- {}", "expected one document"),
])  # fmt: skip
def test_a_value_that_cannot_be_read_is_named(text, told):
    with pytest.raises(Malformed, match=told):
        read(text)


@pytest.mark.parametrize("text, field, says", [
    ("outboundTrafficPolicy: {mod: REGISTRY_ONLY}", "mesh.outboundTrafficPolicy.mod",
     "did you mean mode?"),
    ("defaultConfig: {tracing: {sampling: 10}}", "mesh.defaultConfig.tracing", "a Telemetry"),
    ("defaultConfig: {gatewayTopology: {numTrustedProxies: 1, proxyProtocol: {}}}",
     "mesh.defaultConfig.gatewayTopology.proxyProtocol", "is not followed"),
    ("discoverySelectors: [{matchExpressions: [{key: a, operator: Is}]}]",
     "mesh.discoverySelectors[0].matchExpressions", "'Is' is no operator"),
])  # fmt: skip
def test_what_has_no_effect_within_a_key_is_named(text, field, says):
    options, [problem] = read(text)
    assert options == DEFAULT
    assert problem.field == field
    assert says in str(problem)
