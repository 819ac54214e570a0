"""What `up` installs: complete, consistent, and acceptable to Kubernetes itself."""

import kubernetes_validate
import pytest

from telltale.inject import meshconfig
from telltale.inject.decide import wanted
from telltale.inject.install import MESH_FILE, VALUES_FILE, MeshSettings, mesh_objects
from telltale.kube import codec, selector
from telltale.kube.codec import Malformed, Object, dig
from telltale.kube.core import Pod
from telltale.kube.service import Service

SETTINGS = MeshSettings(proxy_image="telltale/proxyv2:1.0", pilot_image="telltale/pilot:1.0")
OBJECTS = mesh_objects(SETTINGS)


def one(kind: str, name: str = "istio-pilot") -> Object:
    [found] = [
        item for item in OBJECTS if item["kind"] == kind and dig(item, "metadata", "name") == name
    ]
    return found


@pytest.mark.parametrize("item", OBJECTS, ids=lambda item: str(item["kind"]))
def test_kubernetes_takes_it(item: Object) -> None:
    # strict: a misspelt field is an error too
    kubernetes_validate.validate(item, "1.32", strict=True)


def test_it_can_be_written_to_a_file_plainly() -> None:
    text = codec.to_yaml(OBJECTS)
    assert "&id" not in text, "an anchor: two objects share a value"
    assert codec.parse_yaml(text) == OBJECTS


def test_the_service_finds_the_pilot_on_its_ports() -> None:
    service = codec.convert(Service, one("Service"))
    pod = codec.convert(Pod, dig(one("Deployment"), "spec", "template"))
    assert selector.equal(service.spec.selector).matches(pod.metadata.labels)
    listening = {port.container_port for port in pod.spec.containers[0].ports}
    ports = {port.name: (port.port, port.target_port or port.port) for port in service.spec.ports}
    assert ports == {
        "grpc-xds": (15010, 15010), "https-webhook": (443, 15017),
        "http-monitoring": (15014, 15014),
    }  # fmt: skip
    assert {target for _, target in ports.values()} <= listening
    assert pod.spec.containers[0].name == "discovery"


def test_the_pilot_is_not_injected_itself() -> None:
    template = dig(one("Deployment"), "spec", "template")
    assert isinstance(template, dict)
    assert not wanted(template, "istio-system").inject
    assert not wanted(template, "elsewhere").inject


def test_what_is_installed_is_what_the_pilot_reads() -> None:
    mesh = str(dig(one("ConfigMap", "istio"), "data", MESH_FILE.rpartition("/")[2]))
    name = VALUES_FILE.rpartition("/")[2]
    values = str(dig(one("ConfigMap", "istio-sidecar-injector"), "data", name))
    settings = meshconfig.read(mesh, values)
    assert settings.proxy_image == "telltale/proxyv2:1.0"
    assert settings.proxy_config == {
        "discoveryAddress": "istio-pilot.istio-system:15010", "concurrency": 2,
    }  # fmt: skip
    assert (settings.cpu_request, settings.memory_request) == ("10m", "64Mi")


def test_namespaced_objects_name_their_namespace_and_come_after_it() -> None:
    assert OBJECTS[0]["kind"] == "Namespace"
    free = {
        "Namespace", "ClusterRole", "ClusterRoleBinding", "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration", "CustomResourceDefinition",
    }  # fmt: skip
    for item in OBJECTS:
        expected = None if item["kind"] in free else "istio-system"
        assert dig(item, "metadata", "namespace") == expected


GOOD = "global: {proxy: {image: a/b:1}}"


def test_a_file_written_for_istio_is_taken() -> None:
    mesh = "accessLogFile: /dev/stdout\ndefaultConfig: {tracing: {}, concurrency: 0}\n"
    values = "global: {hub: x, proxy: {image: p, cpu: 3}}\nrevision: ''\n"
    settings = meshconfig.read(mesh, values)
    assert settings.proxy_config == {"tracing": {}, "concurrency": 0}
    off = "global: {proxy: {image: p}}\nsidecarInjectorWebhook: {rewriteAppHTTPProbe: false}"
    assert meshconfig.read("", off).rewrite_probes is False


@pytest.mark.parametrize(
    ("mesh", "values", "says"),
    [
        ("a: [", GOOD, "mesh: while parsing"),
        ("- a", GOOD, "mesh: document 1: expected an object, found list"),
        ("a: 1\n---\nb: 2", GOOD, "mesh: expected one document, found 2"),
        ("trustDomain: 7", GOOD, "mesh: Expected `str`, got `int` - at `$.trustDomain`"),
        ("trustDomain: a b", GOOD, "mesh: trustDomain: 'a b' is not a domain"),
        ("enablePrometheusMerge: maybe", GOOD, "mesh: Expected `bool`"),
        ("defaultConfig: {concurrency: -1}", GOOD,
         "mesh: defaultConfig.concurrency: -1 is not a whole number"),
        ("defaultConfig: {discoveryAddress: x}", GOOD,
         "mesh: defaultConfig.discoveryAddress: 'x' is not HOST:PORT"),
        ("", "global: {proxy: {image: ''}}", "values: global.proxy.image: '' is not an image"),
        ("", "", "values: global.proxy.image: '' is not an image name"),
        ("", "global: 3", "values: Expected `object`, got `int` - at `$.global`"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(mesh: str, values: str, says: str) -> None:
    with pytest.raises(Malformed) as refused:
        meshconfig.read(mesh, values)
    assert str(refused.value).startswith(says)
    assert "\n" not in str(refused.value)
