"""Traffic goes on: through a rolling restart, without the pilot; and nothing leaves the machine."""

import subprocess
import threading

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


def test_applications_go_on_without_the_pilot(well: LiveCluster) -> None:
    well.kubectl("scale", "-n", "istio-system", "deployment/istio-pilot", "--replicas=0")
    try:
        until(lambda: ", ".join(well.pods("istio-system")), 30, "the pilot to be gone")
        address = well.service_address("productpage")
        assert [fetch(f"http://{address}:9080/productpage")[0] for _ in range(10)] == [200] * 10
        code, answer = well.why()
        assert code == 2
        assert answer["findings"][0]["cause"] == "pilot-scaled-to-zero"
        assert all(state == "2/2 Running" for state in well.pods().values())
    finally:
        well.kubectl("scale", "-n", "istio-system", "deployment/istio-pilot", "--replicas=1")


def test_a_stale_address_times_out_and_nothing_leaves_the_machine(well: LiveCluster) -> None:
    def sent() -> dict[str, int]:
        """Packets that left by each interface that is not the cluster's."""
        from pathlib import Path

        return {
            link.name: int((link / "statistics/tx_packets").read_text())
            for link in Path("/sys/class/net").iterdir()
            if link.name != "lo" and not link.name.startswith(("telltale", "tt", "veth"))
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
    refused = subprocess.run(
        ["curl", "-sS", "-m", "5", f"http://{well.service_address('kube-dns', 'kube-system')}:53/"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "timed out" not in refused.stderr.lower()


def test_a_service_without_endpoints_refuses_at_once(well: LiveCluster) -> None:
    well.kubectl("create", "service", "clusterip", "empty", "--tcp=80:80")
    try:
        address = well.service_address("empty")
        until(
            lambda: "" if "refused" in subprocess.run(
                ["curl", "-sS", "-m", "1", f"http://{address}/"],
                capture_output=True, text=True, check=False,
            ).stderr.lower() else "a refusal",
            5, "the empty Service to refuse",
        )  # fmt: skip
    finally:
        well.kubectl("delete", "service", "empty")
