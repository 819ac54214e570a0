"""Seconds from a pod's Ready condition to its endpoint standing in every proxy.

The peer is Istio's debounce of 0.1 s, which every endpoint change waits for there.
"""

import re
import time

from bench import demo
from bench.row import Row

DEBOUNCE_S = 0.1


def measure() -> list[Row]:
    """Scales ratings to two and watches every sidecar's admin page; the times are this machine's clock."""
    callers = [
        one["metadata"]["name"] for one in demo.read("get", "pods")["items"]
        if any(c["name"] == "istio-proxy" for c in one["spec"]["containers"])
    ]  # fmt: skip
    known = {_name(one) for one in _ratings()}
    demo.kubectl("scale", "deployment/ratings-v1", "--replicas=2")
    try:
        fresh = _until_ready(known)
        ready_at = time.monotonic()
        address = fresh["status"]["podIP"]
        for caller in callers:
            _until_known(caller, address)
        took = time.monotonic() - ready_at
    finally:
        demo.kubectl("scale", "deployment/ratings-v1", "--replicas=1")
    checked = f"address in the clusters page of {len(callers)} proxies; includes asking them one by one"
    return [Row("pod ready to every proxy", took, "s", checked, DEBOUNCE_S)]


def _ratings() -> list[dict[str, object]]:
    found = demo.read("get", "pods", "-l", "app=ratings")["items"]
    return list(found)


def _name(pod: dict[str, object]) -> str:
    meta = pod["metadata"]
    assert isinstance(meta, dict)
    return str(meta["name"])


def _until_ready(known: set[str]) -> dict[str, dict[str, str]]:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        for pod in _ratings():
            status = pod["status"]
            assert isinstance(status, dict)
            conditions = {one["type"]: one["status"] for one in status.get("conditions", [])}
            if _name(pod) not in known and conditions.get("Ready") == "True":
                return pod  # type: ignore[return-value]
    raise SystemExit("waited 30 s for the second ratings pod")


def _until_known(caller: str, address: str) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        page = demo.kubectl("exec", caller, "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", "clusters")
        if re.search(rf"outbound\|9080\|\|ratings\S*::{re.escape(address)}:9080::health_flags::healthy", page):
            return
    raise SystemExit(f"waited 30 s for {caller} to know {address}")
