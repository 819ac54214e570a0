"""The bootstrap is a golden file (TELLTALE_REWRITE=1 rewrites it), and Envoy itself accepts it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from telltale.agent.bootstrap import bootstrap
from telltale.agent.process import find
from telltale.agent.settings import Flags, read

GOLDEN = Path(__file__).parent / "goldens" / "bootstrap.json"


def made(kind: str = "sidecar") -> str:
    environ = {
        "POD_NAME": "details-v1-68868454f5-94hzd",
        "POD_NAMESPACE": "default",
        "INSTANCE_IP": "172.16.3.7",
        "SERVICE_ACCOUNT": "bookinfo-details",
        "ISTIO_META_CLUSTER_ID": "Kubernetes",
    }
    settings = read(environ, Flags(kind=kind), 'app="details"\nversion="v1"\n')
    return json.dumps(bootstrap(settings), indent=1) + "\n"


def test_it_is_the_golden_file():
    if os.environ.get("TELLTALE_REWRITE"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(made())
    assert made() == GOLDEN.read_text()


def test_only_statistics_are_served_before_the_pilot_has_spoken():
    config = json.loads(made())
    listeners = config["static_resources"]["listeners"]
    ports = [one["address"]["socket_address"]["port_value"] for one in listeners]
    assert ports == [15090], "15020 is the agent's, and a sidecar has no 15021"
    names = [one["name"] for one in config["static_resources"]["clusters"]]
    assert names == ["prometheus_stats", "agent", "xds-grpc"]


def test_a_gateway_says_on_15021_whether_it_is_ready_and_intercepts_nothing():
    config = json.loads(made("router"))
    listeners = config["static_resources"]["listeners"]
    ports = [one["address"]["socket_address"]["port_value"] for one in listeners]
    assert ports == [15090, 15021]
    assert config["node"]["id"].startswith("router~172.16.3.7~")
    assert "INTERCEPTION_MODE" not in config["node"]["metadata"]


@pytest.mark.live
@pytest.mark.parametrize("kind", ["sidecar", "router"])
def test_envoy_accepts_it(kind, tmp_path):
    path = tmp_path / "bootstrap.json"
    path.write_text(made(kind))
    words = [find(None), "--mode", "validate", "-c", str(path), "-l", "error"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
