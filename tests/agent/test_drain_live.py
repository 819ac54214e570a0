"""A backend goes away under load and no request is lost: real Envoys on both sides, keep-alive
between them.
"""

import json
import re
import signal

import pytest

from telltale.agent.process import find

pytestmark = [pytest.mark.live, pytest.mark.root]

TYPE = "type.googleapis.com/envoy."


def endpoints(*ports: int) -> str:
    lb = [
        {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
        for port in ports
    ]
    assignment = {
        "@type": TYPE + "config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": "backend",
        "endpoints": [{"lb_endpoints": lb}],
    }
    return json.dumps({"version_info": str(ports), "resources": [assignment]})


def client_config(folder) -> dict[str, object]:
    """An Envoy that balances over the endpoints of a file, with no retry to hide a loss behind."""
    route = {"match": {"prefix": "/"}, "route": {"cluster": "backend"}}
    http = {
        "@type": TYPE
        + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "out",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {
                "name": "router",
                "typed_config": {"@type": TYPE + "extensions.filters.http.router.v3.Router"},
            }
        ],
    }
    source = {
        "resource_api_version": "V3",
        "path_config_source": {"path": str(folder / "eds.json")},
    }
    cluster = {
        "name": "backend",
        "type": "EDS",
        "connect_timeout": "1s",
        "eds_cluster_config": {"eds_config": source},
    }
    at = {"socket_address": {"address": "127.0.0.1", "port_value": 18090}}
    chain = {"filters": [{"name": "http", "typed_config": http}]}
    return {
        "node": {"id": "client", "cluster": "client"},
        "static_resources": {
            "clusters": [cluster],
            "listeners": [{"name": "out", "address": at, "filter_chains": [chain]}],
        },
    }


def test_no_request_is_lost_when_a_backend_goes(pod, wait_until, record_property):
    pod.script("app_server.py", "18000")
    agents = []
    for n in (1, 2):
        ads = 15010 + n
        pod.script("ads_server.py", f"127.0.0.1:{ads}", "good", str(18080 + n), "18000")
        ports = {"port": 16020 + n, "admin": 16000 + n, "prometheus": 16090 + n}
        agents.append(pod.agent("--discoveryAddress", f"127.0.0.1:{ads}", **ports))
    for n in (1, 2):
        wait_until(lambda n=n: pod.get("/healthz/ready", 16020 + n)[0] == 200, 15, f"backend {n}")
    (pod.folder / "eds.json").write_text(endpoints(18081, 18082))
    (pod.folder / "client.json").write_text(json.dumps(client_config(pod.folder)))
    pod.start(
        find(None), "-c", str(pod.folder / "client.json"), "--concurrency", "1", "-l", "error"
    )
    wait_until(lambda: pod.get("/", 18090)[0] == 200, 10, "the client's Envoy")
    load = pod.script("load.py", "18090", "200")
    served = lambda n: total(pod, 16000 + n)  # noqa: E731
    wait_until(lambda: served(1) > 50 and served(2) > 50, 10, "both backends to serve")

    agents[0].send_signal(signal.SIGTERM)
    wait_until(lambda: pod.get("/healthz/ready", 16021)[0] == 503, 2, "readiness to go")
    assert "server is terminated" in pod.get("/healthz/ready", 16021)[1]
    (pod.folder / "next.json").write_text(endpoints(18082))
    (pod.folder / "next.json").rename(pod.folder / "eds.json")
    took = wait_until(lambda: agents[0].poll() is not None, 8, "the agent to end")
    record_property("drained_s", took)
    assert agents[0].returncode == 0
    before = served(2)
    wait_until(lambda: served(2) > before + 100, 10, "the other backend to go on")
    load.send_signal(signal.SIGTERM)
    load.wait(15)
    counted = re.search(r"sent (\d+) failed (\d+) (.*)", pod.log(load))
    assert counted and int(counted[1]) > 300 and counted[2] == "0", pod.log(load)


def test_clients_that_keep_their_connection_are_asked_to_leave(pod, wait_until):
    pod.script("app_server.py", "18000")
    pod.script("ads_server.py", "127.0.0.1:15010", "good", "18081", "18000")
    agent = pod.agent("--discoveryAddress", "127.0.0.1:15010")
    wait_until(lambda: pod.get("/healthz/ready")[0] == 200, 15, "ready")
    assert "connection: close" not in pod.get("/", 18081, "-i")[1].lower()
    counted = 'envoy_cluster_upstream_rq_total{cluster_name="inbound|18000||"} '
    assert counted in pod.get("/metrics")[1], "the cluster's name is a label"
    agent.send_signal(signal.SIGTERM)
    wait_until(
        lambda: "connection: close" in pod.get("/", 18081, "-i")[1].lower(), 2, "connection: close"
    )
    assert agent.wait(8) == 0


def test_a_drain_ahead_makes_the_end_immediate(pod, wait_until):
    pod.script("ads_server.py", "127.0.0.1:15010", "good", "18081", "18000")
    agent = pod.agent("--discoveryAddress", "127.0.0.1:15010")
    wait_until(lambda: pod.get("/healthz/ready")[0] == 200, 15, "ready")
    assert pod.get("/drain", 15020, "-X", "POST")[0] == 200
    wait_until(lambda: pod.get("/healthz/ready")[0] == 503, 2, "readiness to go")
    assert agent.poll() is None
    agent.send_signal(signal.SIGTERM)
    assert agent.wait(1) == 0


def total(pod, admin: int) -> int:
    _, body = pod.get("/stats?filter=http.inbound.downstream_rq_total", admin)
    return int(body.rpartition(": ")[2] or 0)
