import base64

import pytest

from telltale.cluster.node.environ import environment, expand, of_services
from telltale.cluster.node.sources import Missing, Placed
from telltale.kube import codec
from telltale.kube.cluster import ConfigMap, Secret
from telltale.kube.codec import Json
from telltale.kube.core import Container, Pod, PodSpec
from telltale.kube.meta import Meta
from telltale.kube.service import Service, ServicePort, ServiceSpec

POD = Pod(
    metadata=Meta(name="p", namespace="shop", uid="u", labels={"app": "x"}),
    spec=PodSpec(node_name="node"),
)


class Shop:
    """A namespace with a ConfigMap, a Secret and two Services."""

    def config_map(self, namespace: str, name: str) -> ConfigMap | None:
        found = ConfigMap(data={"level": "debug", "bad key": "x"})
        return found if (namespace, name) == ("shop", "settings") else None

    def secret(self, namespace: str, name: str) -> Secret | None:
        found = Secret(data={"key": base64.b64encode(b"hush").decode()})
        return found if (namespace, name) == ("shop", "vault") else None

    def services(self) -> list[Service]:
        return [
            service("default", "kubernetes", "172.19.0.1", 443, "https"),
            service("shop", "my-cart", "172.19.0.9", 80, ""),
            service("shop", "headless", "None", 80, ""),
            service("else", "far", "172.19.0.10", 80, ""),
        ]


def service(namespace: str, name: str, address: str, port: int, port_name: str) -> Service:
    ports = [ServicePort(name=port_name, port=port)]
    return Service(
        metadata=Meta(name=name, namespace=namespace),
        spec=ServiceSpec(cluster_ip=address, ports=ports),
    )


def env(container: dict[str, Json], links: bool | None = False) -> dict[str, str]:
    placed = Placed(
        Pod(metadata=POD.metadata, spec=PodSpec(node_name="node", enable_service_links=links)),
        address="172.16.3.4",
        host="172.16.3.1",
        cpus=2,
        memory_bytes=1 << 30,
    )
    found = environment(codec.convert(Container, container), placed, Shop(), {"PATH": "/bin"})
    return {name: value for name, value in found.items() if not name.startswith("KUBERNETES_")}


def test_values_refer_to_those_before_them() -> None:
    given: list[Json] = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "$(A)2 $$(A) $(C) $(PATH)"},
    ]
    assert env({"env": given}) == {"PATH": "/bin", "A": "1", "B": "12 $(A) $(C) /bin"}


def test_from_the_pod_the_map_and_the_secret() -> None:
    given: list[Json] = [
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "L", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}}},
        {"name": "S", "valueFrom": {"secretKeyRef": {"name": "vault", "key": "key"}}},
        {
            "name": "N",
            "valueFrom": {"secretKeyRef": {"name": "vault", "key": "x", "optional": True}},
        },
    ]
    assert env({"env": given}) == {
        "PATH": "/bin",
        "IP": "172.16.3.4",
        "APP": "x",
        "L": "debug",
        "S": "hush",
    }


def test_limits_are_told_in_the_units_asked_for() -> None:
    def ref(resource: str, divisor: str) -> Json:
        return {
            "name": "X",
            "valueFrom": {"resourceFieldRef": {"resource": resource, "divisor": divisor}},
        }

    def told(resource: str, divisor: str) -> str:
        container = {
            "name": "c",
            "resources": {"limits": {"cpu": "1500m"}},
            "env": [ref(resource, divisor)],
        }
        spec = PodSpec(containers=[codec.convert(Container, container)])
        placed = Placed(Pod(metadata=POD.metadata, spec=spec), cpus=2, memory_bytes=1 << 30)
        return environment(spec.containers[0], placed, Shop(), {})["X"]

    assert told("limits.cpu", "0") == "2"
    assert told("limits.cpu", "1m") == "1500"
    assert told("limits.memory", "1Mi") == "1024"  # no limit: what the node has
    assert told("requests.cpu", "1m") == "0"


def test_whole_maps_with_a_prefix_and_only_names_that_can_be() -> None:
    given: list[Json] = [
        {"prefix": "X_", "configMapRef": {"name": "settings"}},
        {"secretRef": {"name": "vault"}},
        {"configMapRef": {"name": "none", "optional": True}},
    ]
    assert env({"envFrom": given}) == {"PATH": "/bin", "X_level": "debug", "key": "hush"}


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ({"configMapKeyRef": {"name": "none", "key": "k"}}, 'configmap "none" not found'),
        ({"secretKeyRef": {"name": "none", "key": "k"}}, 'secret "none" not found'),
        (
            {"configMapKeyRef": {"name": "settings", "key": "k"}},
            "couldn't find key k in ConfigMap shop/settings",
        ),
        ({"fieldRef": {"fieldPath": "spec.nope"}}, "unsupported fieldPath: spec.nope"),
    ],
)
def test_what_is_missing_is_named_as_the_kubelet_does(source: Json, sentence: str) -> None:
    with pytest.raises(Missing) as caught:
        env({"env": [{"name": "K", "valueFrom": source}]})
    assert str(caught.value) == sentence


def test_services_of_the_namespace_and_always_the_api() -> None:
    found = of_services(Shop().services(), "shop", links=True)
    assert found["KUBERNETES_SERVICE_HOST"] == "172.19.0.1"
    assert found["KUBERNETES_SERVICE_PORT_HTTPS"] == "443"
    assert found["MY_CART_SERVICE_HOST"] == "172.19.0.9"
    assert found["MY_CART_PORT_80_TCP"] == "tcp://172.19.0.9:80"
    assert not [name for name in found if name.startswith(("FAR", "HEADLESS"))]
    alone = of_services(Shop().services(), "shop", links=False)
    assert {name.split("_")[0] for name in alone} == {"KUBERNETES"}


def test_expand_leaves_what_it_does_not_know() -> None:
    assert expand("$(A) $(B) $$(A) $A $", {"A": "x"}) == "x $(B) $(A) $A $"
