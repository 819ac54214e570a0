"""Pods in, pods out: goldens for the whole, and conversations about what must hold for any pod.

`UPDATE_GOLDENS=1 pytest tests/inject` writes the goldens anew; the difference is the review.
"""

import copy
import json
import os
from dataclasses import replace
from pathlib import Path

import jsonpatch
import pytest

from telltale.agent import probed
from telltale.agent.settings import Flags, read as read_agent_settings
from telltale.agent.verbs.istio_iptables import read as redirect
from telltale.inject import mounts
from telltale.inject.decide import wanted
from telltale.inject.settings import SidecarSettings
from telltale.inject.sidecar import clashes, inject
from telltale.inject.workload import Workload
from telltale.kube import codec
from telltale.kube.codec import Malformed, Object, dig
from telltale.kube.core import Container, Pod
from telltale.model.scope import Origin
from telltale.model.startup import Starts, Startup

GOLDEN = Path(__file__).parent / "golden"
SETTINGS = SidecarSettings(
    proxy_image="telltale/proxyv2:1.0",
    proxy_config={"discoveryAddress": "istio-pilot.istio-system:15010"},
)


def starts(namespace: str, workers: int | None, *selector: tuple[str, str], **variables: str):
    """A ProxyConfig as the pilot has read it."""
    return Starts(Origin("", "p", namespace), selector, Startup(workers, variables))


# Every level says LEVEL, and something of its own; the selector's is the last word.
WITH_OBJECTS = replace(SETTINGS, starts=(
    starts("istio-system", 2, LEVEL="mesh", OF_THE_MESH="1"),
    starts("default", 4, LEVEL="namespace", OF_THE_NAMESPACE="1"),
    starts("default", 3, ("app", "cart"), LEVEL="selector"),
    starts("other", 9, LEVEL="other"),
))  # fmt: skip
TOLD = {"proxyconfig": WITH_OBJECTS}


@pytest.mark.parametrize("story", sorted(path.stem[:-3] for path in GOLDEN.glob("*.in.yaml")))
def test_golden(story: str) -> None:
    [pod] = codec.parse_yaml((GOLDEN / f"{story}.in.yaml").read_text())
    before = copy.deepcopy(pod)
    injected = inject(pod, "default", TOLD.get(story, SETTINGS))
    assert pod == before, "the pod given was changed"
    golden = GOLDEN / f"{story}.out.yaml"
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(codec.to_yaml([injected]))
    assert [injected] == codec.parse_yaml(golden.read_text())
    assert not wanted(injected, "default").inject, "it would be injected again"
    patch = jsonpatch.make_patch(pod, injected)
    assert patch.apply(before) == injected


def pod(notes: dict[str, str] | None = None, **container: object) -> Object:
    app = {"name": "app", "image": "app", **container}
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p", "labels": {"app": "shop"}, "annotations": dict(notes or {})},
        "spec": {"containers": [app]},
    }  # type: ignore[dict-item]  # fmt: skip


def container(injected: Object, name: str) -> Container:
    typed = codec.convert(Pod, injected)
    [found] = [
        one for one in typed.spec.containers + typed.spec.init_containers if one.name == name
    ]
    return found


def environment(injected: Object) -> dict[str, str]:
    return {one.name: one.value for one in container(injected, "istio-proxy").env}


def test_the_probe_is_the_article_s() -> None:
    [proxy] = [
        one
        for one in dig(inject(pod(), "default", SETTINGS), "spec", "containers")  # type: ignore[union-attr]
        if dig(one, "name") == "istio-proxy"
    ]
    assert dig(proxy, "readinessProbe") == {
        "httpGet": {"path": "/healthz/ready", "port": 15020, "scheme": "HTTP"},
        "initialDelaySeconds": 1, "periodSeconds": 2, "successThreshold": 1,
        "timeoutSeconds": 1, "failureThreshold": 30,
    }  # fmt: skip


def test_init_applies_the_redirect_as_istio_writes_it() -> None:
    args = container(inject(pod(), "default", SETTINGS), "istio-init").args
    assert args == [
        "istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT",
        "-i", "*", "-x", "", "-b", "*", "-d", "15090,15021,15020",
    ]  # fmt: skip


def test_traffic_annotations_reach_the_redirect() -> None:
    prefix = "traffic.sidecar.istio.io/"
    notes = {
        prefix + "includeInboundPorts": "8080, 9090",
        prefix + "excludeInboundPorts": "22,25",
        prefix + "includeOutboundIPRanges": "172.19.0.0/16",
        prefix + "excludeOutboundIPRanges": "10.0.0.0/8,fd00::/8",
        prefix + "includeOutboundPorts": "443",
        prefix + "excludeOutboundPorts": "3306",
        prefix + "excludeInterfaces": "eth1",
        "istio.io/reroute-virtual-interfaces": "tap0",
    }
    args = container(inject(pod(notes), "default", SETTINGS), "istio-init").args
    flags = dict(zip(args[1::2], args[2::2], strict=True))
    assert {flag: flags[flag] for flag in ("-b", "-d", "-i", "-x", "-q", "-o", "-c", "-k")} == {
        "-b": "8080,9090", "-d": "15090,15021,15020,22,25", "-i": "172.19.0.0/16",
        "-x": "10.0.0.0/8,fd00::/8", "-q": "443", "-o": "3306", "-c": "eth1", "-k": "tap0",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("note", "value", "token", "accepted"),
    [
        ("traffic.sidecar.istio.io/excludeOutboundPorts", "80,abc", "'abc'", "1-65535"),
        ("traffic.sidecar.istio.io/excludeOutboundPorts", "80,,81", "''", "1-65535"),
        ("traffic.sidecar.istio.io/excludeInboundPorts", "70000", "'70000'", "1-65535"),
        ("traffic.sidecar.istio.io/includeInboundPorts", "*,80", "'*'", "* alone for all"),
        ("traffic.sidecar.istio.io/includeOutboundIPRanges", "10.0.0.0/99", "'10.0.0.0/99'",
         "such as 10.0.0.0/8"),
        ("traffic.sidecar.istio.io/excludeOutboundIPRanges", "10.0.0.1", "'10.0.0.1'", "ranges"),
        ("traffic.sidecar.istio.io/excludeInterfaces", "eth0;reboot", "'eth0;reboot'", "interface"),
        ("sidecar.istio.io/interceptionMode", "TPROXY", "'TPROXY'", "REDIRECT"),
        ("sidecar.istio.io/proxyCPU", "lots", "'lots'", "100m"),
        ("sidecar.istio.io/proxyMemory", "64Mi\n", "'64Mi\\n'", "printable"),
        ("sidecar.istio.io/proxyMemoryLimit", "\"1\"", "'\"1\"'", "128Mi"),
        ("sidecar.istio.io/logLevel", "loud", "'loud'", "one of trace, debug"),
        ("sidecar.istio.io/rewriteAppHTTPProbers", "maybe", "'maybe'", "true or false"),
        ("sidecar.istio.io/proxyImage", "a b", "'a b'", "an image name"),
        ("readiness.status.sidecar.istio.io/periodSeconds", "-1", "'-1'", "whole number"),
        ("sidecar.istio.io/userVolume", "certs", "'certs'", "a JSON list of objects with a name"),
        ("sidecar.istio.io/userVolume", '[{"secret": {}}]', "secret", "with a name"),
        ("sidecar.istio.io/userVolumeMount", '{"certs": {}}', "'certs'", "no mountPath"),
        ("proxy.istio.io/config", "concurrency: many", "'many'", "concurrency"),
        ("proxy.istio.io/config", "holdApplicationUntilProxyStarts: 1", "1", "true or false"),
        ("proxy.istio.io/config", "- a", "list", "expected an object"),
        ("proxy.istio.io/config", "a: [", "line 2", "parsing"),
        ("proxy.istio.io/config", "proxyMetadata: {'A B': c}", "'A B'", "environment variables"),
        ("proxy.istio.io/config", "discoveryAddress: nowhere", "'nowhere'", "HOST:PORT"),
    ],
)  # fmt: skip
def test_a_bad_annotation_refuses_the_pod(note: str, value: str, token: str, accepted: str) -> None:
    with pytest.raises(Malformed) as refused:
        inject(pod({note: value}), "default", SETTINGS)
    message = str(refused.value)
    assert message.startswith(f"annotation {note}")
    assert token in message
    assert accepted in message
    assert "\n" not in message


@pytest.mark.parametrize("listed", [True, False], ids=["a list", "by name"])
def test_a_pod_gives_its_sidecar_volumes(listed: bool) -> None:
    volume, mount = {"secret": {"secretName": "client"}}, {"mountPath": "/etc/certs"}
    given = [
        [{"name": "certs", **one}] if listed else {"certs": one} for one in (volume, mount)
    ]
    notes = dict(zip((mounts.VOLUMES, mounts.MOUNTS), map(json.dumps, given), strict=True))
    injected = inject(pod(notes), "default", SETTINGS)
    assert {"name": "certs", **volume} in dig(injected, "spec", "volumes")
    found = {one.mount_path: one.name for one in container(injected, "istio-proxy").volume_mounts}
    assert found["/etc/certs"] == "certs"
    own = pod(notes)
    own["spec"]["volumes"] = [{"name": "certs", "emptyDir": {}}]
    assert dig(inject(own, "default", SETTINGS), "spec", "volumes")[0] == own["spec"]["volumes"][0]


def test_an_unknown_annotation_is_nobody_s_business() -> None:
    inject(pod({"sidecar.istio.io/noSuchThing": "\x00"}), "default", SETTINGS)


def test_probes_go_to_the_agent_and_the_agent_understands_them() -> None:
    asked = pod(
        ports=[{"name": "web", "containerPort": 8080}],
        readinessProbe={"httpGet": {"path": "/ok", "port": "web"}, "periodSeconds": 7},
        livenessProbe={"tcpSocket": {"port": 8081}, "timeoutSeconds": 3},
        startupProbe={"grpc": {"port": 9000, "service": "s"}, "failureThreshold": 9},
    )
    injected = inject(asked, "default", SETTINGS)
    app = container(injected, "app")
    for probe, word in (
        (app.readiness_probe, "readyz"),
        (app.liveness_probe, "livez"),
        (app.startup_probe, "startupz"),
    ):  # fmt: skip
        assert probe is not None
        assert probe.http_get is not None
        assert (probe.http_get.path, probe.http_get.port) == (f"/app-health/app/{word}", 15020)
        assert probe.tcp_socket is probe.grpc is None
    assert app.readiness_probe is not None
    assert app.readiness_probe.period_seconds == 7
    probes = probed.read_app_probes(environment(injected)["ISTIO_KUBE_APP_PROBERS"])
    assert probes == {
        "/app-health/app/readyz": probed.AppProbe(probed.HttpGet(8080, "/ok")),
        "/app-health/app/livez": probed.AppProbe(probed.TcpSocket(8081), 3.0),
        "/app-health/app/startupz": probed.AppProbe(probed.Grpc(9000, "s")),
    }


@pytest.mark.parametrize(
    "probe",
    [
        {"exec": {"command": ["true"]}},
        {"httpGet": {"port": "nowhere"}},
        {"httpGet": {"port": 80, "host": "example.org"}},
        {"grpc": {}},
        {},
    ],
)
def test_a_probe_that_cannot_be_moved_stays(probe: Object) -> None:
    injected = inject(pod(readinessProbe=probe), "default", SETTINGS)
    assert dig(injected, "spec", "containers", 0, "readinessProbe", default={}) == probe
    assert "ISTIO_KUBE_APP_PROBERS" not in environment(injected)


def test_probes_stay_when_asked_to() -> None:
    probe: Object = {"httpGet": {"port": 80}}
    notes = {"sidecar.istio.io/rewriteAppHTTPProbers": "false"}
    injected = inject(pod(notes, readinessProbe=probe), "default", SETTINGS)
    assert dig(injected, "spec", "containers", 0, "readinessProbe") == probe


def test_the_app_waits_when_asked_to() -> None:
    notes = {"proxy.istio.io/config": "holdApplicationUntilProxyStarts: true"}
    injected = inject(pod(notes), "default", SETTINGS)
    names = [dig(one, "name") for one in dig(injected, "spec", "containers")]  # type: ignore[union-attr]
    assert names == ["istio-proxy", "app"]
    lifecycle = container(injected, "istio-proxy").lifecycle
    assert lifecycle is not None
    assert lifecycle.post_start is not None
    assert lifecycle.post_start.exec is not None
    assert lifecycle.post_start.exec.command == ["pilot-agent", "wait"]
    assert json.loads(environment(injected)["PROXY_CONFIG"]) == {
        "discoveryAddress": "istio-pilot.istio-system:15010",
        "holdApplicationUntilProxyStarts": True,
    }


def test_what_the_user_wrote_for_the_proxy_wins() -> None:
    asked = pod()
    theirs: Object = {
        "name": "istio-proxy",
        "image": "auto",
        "env": [{"name": "TRUST_DOMAIN", "value": "shop.example"}, {"name": "MINE", "value": "1"}],
        "resources": {"requests": {"cpu": "500m"}},
        "volumeMounts": [{"name": "mine", "mountPath": "/mine"}],
    }
    spec = asked["spec"]
    assert isinstance(spec, dict)
    spec["containers"] = [theirs, *spec["containers"]]  # type: ignore[misc]
    injected = inject(asked, "default", SETTINGS)
    proxy = container(injected, "istio-proxy")
    assert proxy.image == "telltale/proxyv2:1.0"
    assert environment(injected)["TRUST_DOMAIN"] == "shop.example"
    assert environment(injected)["MINE"] == "1"
    assert proxy.resources.requests == {"cpu": "500m", "memory": "64Mi"}
    assert [one.mount_path for one in proxy.volume_mounts][-1] == "/mine"
    assert proxy.readiness_probe is not None
    assert environment(injected)["ISTIO_META_APP_CONTAINERS"] == "app"


def test_metrics_of_the_app_are_scraped_through_the_agent() -> None:
    notes = {"prometheus.io/scrape": "true", "prometheus.io/port": "9080"}
    injected = inject(pod(notes), "default", SETTINGS)
    bears = codec.convert(Pod, injected).metadata.annotations
    assert (bears["prometheus.io/port"], bears["prometheus.io/path"]) == (
        "15020",
        "/stats/prometheus",
    )
    moved = environment(injected)["ISTIO_PROMETHEUS_ANNOTATIONS"]
    assert probed.read_scrapes(moved) == (probed.Scrape(9080, "/metrics"),)
    silent = inject(pod({"prometheus.io/scrape": "false"}), "default", SETTINGS)
    assert "ISTIO_PROMETHEUS_ANNOTATIONS" not in environment(silent)
    assert dig(silent, "metadata", "annotations", "prometheus.io/port") is None


def test_the_agent_can_start_with_what_it_is_given() -> None:
    notes = {"proxy.istio.io/config": "terminationDrainDuration: 9s\nproxyMetadata: {A: b}"}
    proxy = container(inject(pod(notes), "default", SETTINGS), "istio-proxy")
    fields = {"POD_NAME": "p", "POD_NAMESPACE": "default", "INSTANCE_IP": "172.16.3.7"}
    environ = {one.name: one.value or fields.get(one.name, "x") for one in proxy.env}
    settings = read_agent_settings(environ, Flags(domain="default.svc.cluster.local"))
    assert settings.node_id == "sidecar~172.16.3.7~p.default~default.svc.cluster.local"
    assert str(settings.target) == "istio-pilot.istio-system:15010"
    assert settings.drain.most_s == 9.0
    assert settings.metadata["APP_CONTAINERS"] == "app"
    assert environ["A"] == "b"


def test_dns_capture_is_told_to_the_redirect_and_to_the_agent() -> None:
    notes = {"proxy.istio.io/config": "proxyMetadata: {ISTIO_META_DNS_CAPTURE: true}"}
    injected = inject(pod(notes), "default", SETTINGS)
    init = dig(injected, "spec", "initContainers", default=[])[-1]
    told = {one["name"]: one["value"] for one in init["env"]}
    assert redirect({}, told, "nameserver 172.19.0.10").nameservers == ("172.19.0.10",)
    proxy = container(injected, "istio-proxy")
    fields = {"POD_NAME": "p", "POD_NAMESPACE": "default", "INSTANCE_IP": "172.16.3.7"}
    environ = {one.name: one.value or fields.get(one.name, "x") for one in proxy.env}
    assert read_agent_settings(environ, Flags()).dns_port == 15053
    assert read_agent_settings(environ, Flags(kind="router")).dns_port is None
    assert "env" not in dig(inject(pod(), "default", SETTINGS), "spec", "initContainers")[-1]


def test_a_pod_of_a_replicaset_knows_its_deployment() -> None:
    asked = pod()
    asked["metadata"] = {
        "generateName": "details-v1-68868454f5-",
        "labels": {"pod-template-hash": "68868454f5"},
        "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "details-v1-68868454f5",
             "uid": "1", "controller": True}
        ],
    }  # fmt: skip
    injected = inject(asked, "shop", SETTINGS)
    env = environment(injected)
    assert env["ISTIO_META_WORKLOAD_NAME"] == "details-v1"
    assert env["ISTIO_META_OWNER"] == (
        "kubernetes://apis/apps/v1/namespaces/shop/deployments/details-v1"
    )
    labels = codec.convert(Pod, injected).metadata.labels
    assert labels["service.istio.io/canonical-name"] == "details-v1"
    assert labels["service.istio.io/canonical-revision"] == "latest"
    assert labels["security.istio.io/tlsMode"] == "istio"


def test_a_name_given_beats_what_the_pod_tells() -> None:
    injected = inject(pod(), "shop", SETTINGS, Workload("nightly", "CronJob", "batch/v1"))
    assert environment(injected)["ISTIO_META_OWNER"].endswith("/shop/cronjobs/nightly")


def test_limits_decide_the_worker_threads() -> None:
    notes = {"sidecar.istio.io/proxyCPULimit": "2", "sidecar.istio.io/proxyMemoryLimit": "256Mi"}
    proxy = container(inject(pod(notes), "default", SETTINGS), "istio-proxy")
    assert proxy.resources.limits == {"cpu": "2", "memory": "256Mi"}
    [limit] = [one for one in proxy.env if one.name == "ISTIO_CPU_LIMIT"]
    assert limit.value_from is not None
    assert limit.value_from.resource_field_ref is not None


def test_clashes_are_told_and_do_not_stop_it() -> None:
    asked = pod(ports=[{"containerPort": 15001}], securityContext={"runAsUser": 1337})
    assert clashes(asked) == [
        "container app runs as user 1337, whose traffic bypasses the sidecar",
        "container app has port 15001, which the sidecar needs",
    ]
    inject(asked, "default", SETTINGS)
    assert clashes(pod()) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "Pod"}, {"spec": []}, {"spec": {"containers": "many"}},
        {"spec": {"containers": [3]}}, {"spec": {"containers": [], "volumes": {}}},
    ],
)  # fmt: skip
def test_what_is_not_a_pod_is_refused_in_words(broken: Object) -> None:
    with pytest.raises(Malformed, match=r"no spec|expected a list"):
        inject(broken, "default", SETTINGS)


def test_a_pod_of_a_megabyte_is_injected_whole() -> None:
    asked = pod()
    env = [{"name": f"V{number}", "value": "x" * 100} for number in range(100)]
    asked["spec"] = {
        "containers": [
            {"name": f"app-{number}", "image": "app", "env": env,
             "readinessProbe": {"httpGet": {"port": 8000 + number}}}
            for number in range(100)
        ]
    }  # type: ignore[dict-item]  # fmt: skip
    assert len(codec.encode(asked)) > 1_000_000
    made = inject(asked, "default", SETTINGS)
    patch = jsonpatch.make_patch(asked, made)
    assert patch.apply(asked) == made
    containers = made["spec"]["containers"]  # type: ignore[index, call-overload]
    assert len(containers) == 101
    assert {one["readinessProbe"]["httpGet"]["port"] for one in containers} == {15020}
