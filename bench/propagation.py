"""Seconds from a pod's Ready condition, as a watch shows it, to its endpoint in the last proxy.

The peer is Istio's debounce of 0.1 s, which every endpoint change waits for there. Each proxy is
watched from inside its own network namespace; all clocks are this machine's monotonic one.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench import demo
from bench.row import Row
from telltale.kube import kubeconfig
from telltale.kube.client import Client
from telltale.kube.kinds import POD
from telltale.kube.transport import Http

DEBOUNCE_S = 0.1
RUNS = 3
LIMIT_S = 30
# Asks Envoy every 5 ms until it has two healthy endpoints of ratings; prints when that was.
WATCHER = """
import re, sys, time, urllib.request
end = time.monotonic() + 30
while time.monotonic() < end:
    page = urllib.request.urlopen("http://127.0.0.1:15000/clusters").read().decode()
    pattern = r"outbound.9080..ratings[^:]*::([0-9.]+:9080)::health_flags::healthy"
    if len(set(re.findall(pattern, page))) == 2:
        print(time.monotonic())
        sys.exit()
    time.sleep(0.005)
sys.exit("30 s without the second endpoint")
"""


def measure() -> list[Row]:
    took = sorted(_once() for _ in range(RUNS))
    checked = f"median of {RUNS}; two healthy endpoints in the clusters page of every proxy"
    return [Row("pod ready to the last proxy", took[RUNS // 2], "s", checked, DEBOUNCE_S)]


def _once() -> float:
    with _second_pod():
        watchers = [_watcher(pid) for pid in _proxies()]
        demo.kubectl("scale", "deployment/ratings-v1", "--replicas=2")
        ready_at = asyncio.run(_ready())
        seen = [watcher.communicate(timeout=LIMIT_S)[0] for watcher in watchers]
    return max(float(when) for when in seen) - ready_at


@contextmanager
def _second_pod() -> Iterator[None]:
    try:
        yield
    finally:
        demo.kubectl("scale", "deployment/ratings-v1", "--replicas=1")
        end = time.monotonic() + LIMIT_S
        while len(demo.read("get", "pods", "-l", "app=ratings")["items"]) > 1:
            if time.monotonic() > end:
                raise SystemExit(f"waited {LIMIT_S} s for the second ratings pod to go")
            time.sleep(0.2)


def _proxies() -> list[int]:
    pods = demo.read("get", "pods")["items"]
    meshed = [
        one for one in pods
        if any(container["name"] == "istio-proxy" for container in one["spec"]["containers"])
    ]  # fmt: skip
    return [demo.container_pids(pod, "istio-proxy")[0] for pod in meshed]


def _watcher(pid: int) -> subprocess.Popen[str]:
    # As the proxy's own user, so that nothing of it is redirected.
    return subprocess.Popen(
        ["nsenter", f"--net=/proc/{pid}/ns/net", sys.executable, "-I", "-c", WATCHER],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


async def _ready() -> float:
    """When a watch shows the second pod of ratings Ready."""
    async with asyncio.timeout(LIMIT_S), Http(kubeconfig.load(demo.home().kubeconfig)) as http:
        client = Client(http)
        listing = await client.list(POD, "default", labels="app=ratings")
        ready = {pod.metadata.uid for pod in listing.items if pod.ready}
        loop = asyncio.get_running_loop()
        async for event in client.watch(POD, listing.version, "default", labels="app=ratings"):
            if event.object and event.object.ready and event.object.metadata.uid not in ready:
                return loop.time()
    raise SystemExit("the watch ended before the pod was ready")
