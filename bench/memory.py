"""Memory of each part, PSS in MB. A sidecar's peer is Istio's: Envoy 60, its agent 20."""

import statistics
from pathlib import Path
from typing import Any

from bench import demo
from bench.row import Row

ENVOY_PEER_MB = 60.0
AGENT_PEER_MB = 20.0


def measure() -> list[Row]:
    pods = demo.read("get", "pods", "-n", "default")["items"]
    agents, envoys = [], []
    for pod in pods:
        if any(one["name"] == "istio-proxy" for one in pod["status"]["containerStatuses"]):
            for pid in demo.container_pids(pod, "istio-proxy"):
                (envoys if comm(pid) == "envoy" else agents).append(demo.pss_mb(pid))
    checked = f"{len(envoys)} sidecars"
    supervisor = demo.home().running()
    assert supervisor
    return [
        Row("memory of an Envoy", statistics.median(envoys), "MB", checked, ENVOY_PEER_MB),
        Row("memory of a pilot-agent", statistics.median(agents), "MB", checked, AGENT_PEER_MB),
        Row("memory of the pilot", _container("istio-system", "istio-pilot"), "MB", "PSS"),
        Row("memory of the DNS", _container("kube-system", "kube-dns"), "MB", "PSS"),
        Row("memory of the supervisor", demo.pss_mb(supervisor), "MB", "PSS"),
    ]


def comm(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def _container(namespace: str, prefix: str) -> float:
    pods: list[Any] = demo.read("get", "pods", "-n", namespace)["items"]
    pod = next(one for one in pods if one["metadata"]["name"].startswith(prefix))
    name = pod["status"]["containerStatuses"][0]["name"]
    return sum(demo.pss_mb(pid) for pid in demo.container_pids(pod, name))
