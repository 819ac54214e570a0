"""The article, end to end: every pod 2/2, the accident, its picture, its reason, its mending."""

import re

import pytest

from tests.live.cluster import DNS, LiveCluster, fetch, until

pytestmark = [pytest.mark.live, pytest.mark.root]

WORKLOADS = (
    "details-v1", "productpage-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3", "nginx",
)  # fmt: skip
NOT_READY = (
    "Envoy proxy is NOT ready: config not received from Pilot (is Pilot running?): "
    "cds updates: 0 successful, 0 rejected; lds updates: 0 successful, 0 rejected"
)


def counter(cluster: LiveCluster, pod: str, pattern: str) -> int:
    """The sum of Envoy's counters whose names match."""
    stats = cluster.kubectl(
        "exec", pod, "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", "stats"
    )
    found = re.findall(rf"^\S*{pattern}\S*: (\d+)$", stats, re.M)
    return sum(map(int, found))


def test_bookinfo_is_whole_and_speaks_through_its_sidecars(well: LiveCluster) -> None:
    pods = well.pods()
    for workload in WORKLOADS:
        assert "2/2 Running" in {state for name, state in pods.items() if name.startswith(workload)}
    address = well.service_address("productpage")
    seen = set()
    for _ in range(10):
        code, page = fetch(f"http://{address}:9080/productpage")
        assert code == 200
        seen |= set(re.findall(r"reviews-v[123]", page))
    assert seen == {"reviews-v1", "reviews-v2", "reviews-v3"}
    caller, called = well.pod("productpage-v1"), well.pod("details-v1")
    seen_by = "rq_(?:total|completed|2xx)"
    assert counter(well, caller, f"outbound.9080..details.*upstream_{seen_by}") >= 10
    assert counter(well, called, f"(?:inbound.9080|inbound_0.0.0.0_9080).*{seen_by}") >= 10


def test_the_accident_looks_as_in_the_article_and_is_mended(well: LiveCluster) -> None:
    well.telltale("break", "dns-service-moved")
    pod = well.pod("details-v1")

    def not_yet() -> str:
        state = well.pods().get(pod, "absent")
        return "" if state == "1/2 Running" else f"{pod} {state}"

    until(not_yet, 30, "details to be 1/2 Running")

    def event_missing() -> str:
        described = well.kubectl("describe", "pod", pod)
        probed = "Readiness probe failed: HTTP probe failed with statuscode: 503"
        return "" if probed in described else "the probe's event"

    until(event_missing, 15, "the event of the failing probe")
    asked = f"http://{well.pod_address('details-v1')}:15020/healthz/ready"
    timeout = f"stage: resolve: lookup istio-pilot.istio-system on {DNS}:53: i/o timeout"

    def reason_missing() -> str:
        code, body = fetch(asked)
        assert code == 503
        return "" if body.splitlines() == [NOT_READY, timeout] else body

    until(reason_missing, 10, "the agent to have walked the way itself")
    assert NOT_READY in well.kubectl("logs", pod, "-c", "istio-proxy")

    def netstat() -> str:
        return well.kubectl("exec", pod, "-c", "istio-proxy", "--", "netstat", "-lnpt")

    until(lambda: "" if "15090" in netstat() else "15090", 15, "Envoy to go on without a pilot")
    listening = netstat()
    assert re.search(r"tcp +0 +0 0\.0\.0\.0:15090 .* LISTEN +\d+/envoy", listening)
    assert re.search(r"tcp +0 +0 127\.0\.0\.1:15000 .* LISTEN +\d+/envoy", listening)
    assert re.search(r"tcp +0 +0 0\.0\.0\.0:9080 .* LISTEN +-", listening)
    assert re.search(r"tcp6 +0 +0 :::15020 .* LISTEN +1/pilot-agent", listening)
    assert len(re.findall(r"LISTEN", listening)) == 4
    identity = well.kubectl("exec", pod, "-c", "istio-proxy", "--", "id")
    assert "uid=1337(istio-proxy)" in identity
    resolv = well.kubectl("exec", pod, "-c", "istio-proxy", "--", "cat", "/etc/resolv.conf")
    assert f"nameserver {DNS}\n" in resolv
    searches = "default.svc.cluster.local svc.cluster.local cluster.local localdomain"
    assert f"search {searches}\n" in resolv
    assert well.service_address("kube-dns", "kube-system") != DNS

    exit_code, answer = well.why()
    assert (exit_code, answer["verdict"]) == (2, "cause-found")
    [finding] = answer["findings"]
    assert finding["cause"] == "dns-service-moved"
    assert finding["object"] == {"kind": "Service", "namespace": "kube-system", "name": "kube-dns"}
    assert (finding["field"], finding["expected"]) == ("spec.clusterIP", DNS)
    assert finding["found"] == well.service_address("kube-dns", "kube-system")
    assert answer["cost"]["api_calls"] <= 12

    before = restarts(well)
    mended = well.telltale("why", "--fix", "--yes", check=False)
    assert mended.returncode == 0, mended.stdout + mended.stderr
    well.wait_ready()
    assert well.service_address("kube-dns", "kube-system") == DNS
    assert restarts(well) == before, "pods were restarted"
    assert well.telltale("why").returncode == 0


def restarts(cluster: LiveCluster) -> dict[str, int]:
    return {
        pod["metadata"]["uid"]: sum(c["restartCount"] for c in pod["status"]["containerStatuses"])
        for pod in cluster.read("get", "pods")["items"]
        if "deletionTimestamp" not in pod["metadata"]
    }
