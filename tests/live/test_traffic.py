"""Traffic goes on: through a rolling restart, without the pilot; and nothing leaves the machine."""

import subprocess
import threading
from pathlib import Path

import pytest

from tests.live.cluster import DNS, LiveCluster, fetch, until

pytestmark = [pytest.mark.live, pytest.mark.root]


def test_rolling_restart_under_load_loses_no_request(well: LiveCluster) -> None:
    address = well.service_address("productpage")
    codes: list[int] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            codes.append(fetch(f"http://{address}:9080/api/v1/products/0/reviews")[0])

    callers = [threading.Thread(target=load) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        for version in ("v1", "v2", "v3"):
            well.kubectl("rollout", "restart", f"deployment/reviews-{version}")
        for version in ("v1", "v2", "v3"):
            well.kubectl("rollout", "status", f"deployment/reviews-{version}", "--timeout=60s")
        well.wait_ready()
    finally:
        stop.set()
        for caller in callers:
            caller.join()
    assert len(codes) > 50, "the load was too thin to prove anything"
    assert [code for code in codes if code != 200] == []


def pilots(cluster: LiveCluster) -> list[str]:
    return [name for name in cluster.pods("istio-system") if name.startswith("istio-pilot")]


def test_applications_go_on_without_the_pilot(well: LiveCluster) -> None:
    well.kubectl("scale", "-n", "istio-system", "deployment/istio-pilot", "--replicas=0")
    try:
        until(lambda: ", ".join(pilots(well)), 30, "the pilot to be gone")
        address = well.service_address("productpage")
        assert [fetch(f"http://{address}:9080/productpage")[0] for _ in range(10)] == [200] * 10
        _, answer = well.why()
        [latent] = answer["latent"]
        assert latent["cause"] == "pilot-scaled-to-zero"
        assert latent["object"]["name"] == "istio-pilot"
        assert all(state == "2/2 Running" for state in well.pods().values())
    finally:
        well.kubectl("scale", "-n", "istio-system", "deployment/istio-pilot", "--replicas=1")


def test_a_stale_address_times_out_and_nothing_leaves_the_machine(well: LiveCluster) -> None:
    def sent() -> dict[str, int]:
        """Packets that left by each interface that leads out of the machine."""
        routes = subprocess.run(
            ["ip", "-o", "route", "show", "default"], capture_output=True, text=True, check=True
        ).stdout
        out = {line.split(" dev ")[1].split()[0] for line in routes.splitlines()}
        return {
            name: int(Path(f"/sys/class/net/{name}/statistics/tx_packets").read_text())
            for name in out
        }

    well.telltale("break", "dns-service-moved")
    before = sent()
    for tool in (["dig", "+time=1", "+tries=1", f"@{DNS}", "kubernetes.default.svc.cluster.local"],
                 ["curl", "-sS", "-m", "2", f"http://{DNS}:53/"],
                 ["curl", "-sS", "-m", "2", "http://172.26.9.9:80/"]):  # fmt: skip
        done = subprocess.run(tool, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "timed out" in (done.stdout + done.stderr).lower()
    after = sent()
    grown = {name: after[name] - before[name] for name in before if after[name] - before[name] > 5}
    assert not grown, "packets left the machine"


def test_a_service_without_endpoints_refuses_at_once(well: LiveCluster) -> None:
    well.kubectl("create", "service", "clusterip", "empty", "--tcp=80:80")
    try:
        address = well.service_address("empty")
        def not_refused() -> str:
            done = subprocess.run(["curl", "-sS", "-m", "1", f"http://{address}/"],
                                  capture_output=True, text=True, check=False)  # fmt: skip
            return "" if done.returncode == 7 else done.stderr  # 7: refused; 28: timed out

        until(not_refused, 5, "the empty Service to refuse")
    finally:
        well.kubectl("delete", "service", "empty")
