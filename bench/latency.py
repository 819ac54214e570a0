"""Details called from a pod: with sidecars on both sides; the peer is the same call without.

Never: load that leaves the machine; wrk runs in the caller's network namespace against a ClusterIP.
"""

import json
import re
import subprocess
import time

from bench import demo
from bench.row import Row

SECONDS = 5
PLAIN = {
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {
        "name": "bench-details",
        "labels": {"app": "bench-details", "sidecar.istio.io/inject": "false"},
    },
    "spec": {
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "details", "image": "telltale/examples-bookinfo-details-v1:1.0",
                        "ports": [{"containerPort": 9080}]}],
    },
}  # fmt: skip


def measure() -> list[Row]:
    subprocess.run(
        ["kubectl", "--kubeconfig", str(demo.home().kubeconfig), "apply", "-f", "-"],
        input=json.dumps(PLAIN), text=True, check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    try:
        direct_at = _address("bench-details")
        meshed_at = demo.read("get", "service", "details")["spec"]["clusterIP"]
        pod = _pod("productpage-v1")
        [caller, *_] = demo.container_pids(pod, "productpage")
        direct = _load(caller, f"http://{direct_at}:9080/details/0", bypass=True)
        meshed = _load(caller, f"http://{meshed_at}:9080/details/0", bypass=False)
    finally:
        demo.kubectl("delete", "pod", "bench-details", "--wait=false")
    checked = f"{SECONDS} s each, 8 connections, every answer 200"
    return [
        Row("p50 latency with two sidecars", meshed[0], "ms", checked, direct[0]),
        Row("requests/s with two sidecars", meshed[1], "1/s", checked, direct[1]),
    ]


def _load(pid: int, url: str, *, bypass: bool) -> tuple[float, float]:
    """Median latency in ms, requests per second; `bypass` is the proxy's user: not redirected."""
    user = ["setpriv", "--reuid=1337", "--regid=1337", "--clear-groups"] if bypass else []
    done = subprocess.run(
        ["nsenter", f"--net=/proc/{pid}/ns/net", *user,
         "wrk", "-t1", "-c8", f"-d{SECONDS}s", "--latency", url],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise SystemExit(f"the load was not answered cleanly:\n{done.stdout}")
    middle = re.search(r"50%\s+([\d.]+)(us|ms|s)", done.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert middle and rate, done.stdout
    return float(middle[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[middle[2]], float(rate[1])


def _pod(prefix: str) -> dict[str, object]:
    pods = demo.read("get", "pods")["items"]
    return next(one for one in pods if one["metadata"]["name"].startswith(prefix))


def _address(name: str) -> str:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        status = demo.read("get", "pod", name)["status"]
        conditions = {one["type"]: one["status"] for one in status.get("conditions", [])}
        if conditions.get("Ready") == "True":
            return str(status["podIP"])
        time.sleep(0.2)
    raise SystemExit(f"waited 20 s for pod {name} to be ready")
