"""ProxyConfigs reach the injector: a pod that is made after one starts its proxy as it says."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.live.cluster import LiveCluster

pytestmark = [pytest.mark.live, pytest.mark.root]
SPACE = "started"


def proxy_config(name: str, **spec: object) -> dict:
    return {"apiVersion": "networking.istio.io/v1beta1", "kind": "ProxyConfig",
            "metadata": {"name": name, "namespace": SPACE}, "spec": spec}  # fmt: skip


def pod(name: str) -> dict:
    sleeper = {"name": "app", "image": "nginx:latest", "command": ["sleep", "infinity"]}
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": SPACE, "labels": {"app": name}},
            "spec": {"containers": [sleeper], "terminationGracePeriodSeconds": 1}}  # fmt: skip


CONFIGS = [
    {"apiVersion": "v1", "kind": "Namespace",
     "metadata": {"name": SPACE, "labels": {"istio-injection": "enabled"}}},
    proxy_config("all", concurrency=1, environmentVariables={"OF": "all", "ALSO": "all"}),
    proxy_config("cart", selector={"matchLabels": {"app": "cart"}}, concurrency=3,
                 environmentVariables={"OF": "cart", "ISTIO_META_SHELF": "upper"}),
]  # fmt: skip


def apply(cluster: LiveCluster, file: Path, objects: list[dict]) -> None:
    file.write_text(yaml.safe_dump_all(objects))
    cluster.kubectl("apply", "-f", str(file))


@pytest.fixture(scope="module")
def started(
    cluster: LiveCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveCluster]:
    file = tmp_path_factory.mktemp("started") / "objects.yaml"
    apply(cluster, file, CONFIGS)
    try:
        cluster.kubectl("wait", "-n", SPACE, "--for=condition=Reconciled", "proxyconfigs", "--all",
                        "--timeout=20s")  # fmt: skip
        apply(cluster, file, [pod("cart"), pod("web")])
        cluster.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "pods", "--all",
                        "--timeout=60s", limit_s=70)  # fmt: skip
        yield cluster
    finally:
        cluster.kubectl("delete", "namespace", SPACE, limit_s=90)


def in_proxy(cluster: LiveCluster, name: str, *command: str) -> str:
    return cluster.kubectl("exec", "-n", SPACE, name, "-c", "istio-proxy", "--", *command)


@pytest.mark.parametrize(("name", "workers", "of"), [("cart", 3, "cart"), ("web", 1, "all")])
def test_the_selected_pod_has_its_own_and_the_others_the_namespace_s(
    started: LiveCluster, name: str, workers: int, of: str
) -> None:
    info = json.loads(in_proxy(started, name, "pilot-agent", "request", "GET", "server_info"))
    assert info["command_line_options"]["concurrency"] == workers
    metadata = info["node"]["metadata"]
    assert metadata.get("SHELF") == ("upper" if name == "cart" else None)
    assert metadata["PROXY_CONFIG"]["concurrency"] == workers
    environment = in_proxy(started, name, "env").splitlines()
    assert f"OF={of}" in environment
    assert "ALSO=all" in environment
