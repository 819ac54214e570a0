"""What is counted of bookinfo's requests, and a module of a user's own in their way."""

import base64
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live.cluster import LiveCluster, run, until
from tests.pilot.wasm_module import module

pytestmark = [pytest.mark.live, pytest.mark.root]
SPACE = "observe"
HOST = f"modules.{SPACE}.svc.cluster.local"
CALLER = """
import json, sys, urllib.request
url, headers = json.loads(sys.argv[1])
with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
    print(json.dumps([answer.status, dict(answer.headers), answer.read().decode()]))
"""
SERVER = """
import base64, http.server, sys
body = base64.b64decode(sys.argv[1])
class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", 8000), Server).serve_forever()
"""


def objects() -> list[dict[str, Any]]:
    command = [sys.executable, "-c", SERVER, base64.b64encode(module()).decode()]
    labels = {"app": "modules"}
    container = {
        "name": "modules", "image": "nginx:latest", "command": command,
        "readinessProbe": {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 1},
    }  # fmt: skip
    pod = {"containers": [container], "terminationGracePeriodSeconds": 1}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}},
        {"apiVersion": "v1", "kind": "Service",
         "metadata": {"name": "modules", "namespace": SPACE},
         "spec": {"selector": labels, "ports": [{"name": "http", "port": 8000}]}},
        {"apiVersion": "apps/v1", "kind": "Deployment",
         "metadata": {"name": "modules", "namespace": SPACE},
         "spec": {"selector": {"matchLabels": labels},
                  "template": {"metadata": {"labels": labels}, "spec": pod}}},
    ]  # fmt: skip


def apply(cluster: LiveCluster, folder: Path, *given: dict[str, Any]) -> None:
    file = folder / "objects.yaml"
    file.write_text(yaml.safe_dump_all(given))
    cluster.kubectl("apply", "-f", str(file))


def ask(cluster: LiveCluster, url: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """From inside productpage's pod, so that both sidecars are on the way."""
    said = cluster.kubectl(
        "exec", cluster.pod("productpage-v1"), "-c", "productpage", "--",
        "python3", "-c", CALLER, json.dumps([url, headers]),
    )  # fmt: skip
    status, told, body = json.loads(said)
    return status, {name.lower(): value for name, value in told.items()}, body


@pytest.fixture(scope="module")
def told(cluster: LiveCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveCluster]:
    """With a server of modules outside the mesh."""
    cluster.wait_ready()
    apply(cluster, tmp_path_factory.mktemp("observed"), *objects())
    try:
        cluster.wait_ready()
        yield cluster
    finally:
        cluster.kubectl("delete", "namespace", SPACE, "--wait=false")


def test_a_module_from_a_server_is_among_the_filters_of_reviews(
    told: LiveCluster, tmp_path: Path
) -> None:
    spec = {
        "selector": {"matchLabels": {"app": "reviews"}}, "match": [{"mode": "SERVER"}],
        "url": f"http://{HOST}:8000/header.wasm", "phase": "STATS",
    }  # fmt: skip
    plugin = {"apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin",
              "metadata": {"name": "header", "namespace": "default"}, "spec": spec}  # fmt: skip
    url = "http://reviews:9080/reviews/0"

    def header() -> str:
        status, headers, _ = ask(told, url)
        assert status == 200
        return headers.get("x-wasm", "")

    assert header() == ""
    apply(told, tmp_path, plugin)
    told.kubectl("wait", "--for=condition=Reconciled", "wasmplugin/header", "--timeout=30s")
    until(lambda: "" if {header() for _ in range(6)} == {"1"} else "x-wasm", 30, "the module")
    assert "x-wasm" not in ask(told, "http://details:9080/details/0")[1]

    missing = {**plugin, "spec": {**spec, "url": "http://127.0.0.1:8000/x.wasm"}}
    apply(told, tmp_path, missing)
    told.kubectl("wait", "--for=condition=Reconciled=false", "wasmplugin/header", "--timeout=30s")
    said = told.read("get", "wasmplugin", "header")["status"]
    assert "127.0.0.1 is the pilot's own neighbourhood" in str(said)
    assert header() == "1"  # the module before holds

    told.kubectl("delete", "wasmplugin", "header")
    until(lambda: "x-wasm" if "1" in {header() for _ in range(6)} else "", 30, "no module")


def test_requests_are_counted_with_istios_labels_beside_the_apps_own(told: LiveCluster) -> None:
    for _ in range(6):
        assert ask(told, "http://reviews:9080/reviews/0")[0] == 200
    mine = "reviews-v2"
    address = told.pod_address(mine)

    def counted(at: str, **wanted: str) -> bool:
        done = run(["curl", "-sS", "-m", "10", f"http://{at}:15020/stats/prometheus"], check=True,
                   limit_s=20).stdout  # fmt: skip
        lines = [line for line in done.splitlines() if line.startswith("istio_requests_total{")]
        labels = [dict(re.findall(r'(\w+)="([^"]*)"', line)) for line in lines]
        return any(wanted.items() <= one.items() for one in labels)

    both = {
        "source_workload": "productpage-v1", "source_version": "v1", "response_flags": "-",
        "destination_workload": mine, "destination_version": "v2", "response_code": "200",
        "destination_service": "reviews.default.svc.cluster.local", "request_protocol": "http",
    }  # fmt: skip
    until(lambda: "" if counted(address, reporter="destination", **both) else "a line", 20,
          "the server's count")  # fmt: skip
    page = told.pod_address("productpage-v1")
    until(lambda: "" if counted(page, reporter="source", **both) else "a line", 20,
          "the client's count")  # fmt: skip
    merged = run(["curl", "-sS", f"http://{page}:15020/stats/prometheus"], check=True, limit_s=20)
    assert "request_result_total" in merged.stdout  # productpage's own
    assert "istio_agent_" in merged.stdout
