"""The Gateway API as users have it: a Gateway that deploys itself, routes, and what they say."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.live.cluster import LiveCluster, fetch, until

pytestmark = [pytest.mark.live, pytest.mark.root]

GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: default}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: books, namespace: default}
spec:
  parentRefs: [{name: gw}]
  hostnames: [books.example.com]
  rules:
  - backendRefs: [{name: productpage, port: 9080}]
  - matches: [{path: {value: /lost}}]
    backendRefs: [{name: nobody, port: 9080}]
"""
VERSIONS = "\n---\n".join(
    f"""
apiVersion: v1
kind: Service
metadata: {{name: reviews-v{number}, namespace: default}}
spec: {{selector: {{app: reviews, version: v{number}}}, ports: [{{name: http, port: 9080}}]}}
"""
    for number in (1, 3)
)
SPLIT = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: reviews, namespace: default}
spec:
  parentRefs: [{kind: Service, group: "", name: reviews}]
  rules:
  - backendRefs: [{name: reviews-v1, port: 9080, weight: 9}, {name: reviews-v3, port: 9080}]
"""
KINDS = "gateway.gateway.networking.k8s.io"


@pytest.fixture
def edge(well: LiveCluster) -> Iterator[LiveCluster]:
    """A Gateway with a route to the product page, served; all of it is gone afterwards."""
    apply(well, GATEWAY)
    try:
        until(lambda: not_so(well, f"{KINDS}/gw", "Programmed"), 60, "the Gateway to be programmed")
        well.kubectl("rollout", "status", "deployment/gw-istio", "--timeout=60s")
        until(lambda: "" if ask(well, "/productpage")[0] == 200 else "no page", 30, "the page")
        yield well
    finally:
        routes = ("httproute/books", "httproute/reviews")
        for object in (f"{KINDS}/gw", *routes, "service/reviews-v1", "service/reviews-v3"):
            well.kubectl("delete", object, "--ignore-not-found")
        until(lambda: well.kubectl("get", "deployment,service,serviceaccount", "-o", "name", "-l",
                                   "gateway.networking.k8s.io/gateway-name=gw"),
              60, "what was made for the Gateway to be gone")  # fmt: skip


def test_a_gateway_deploys_itself_and_says_what_it_serves(edge: LiveCluster) -> None:
    assert ask(edge, "/productpage")[0] == 200
    assert ask(edge, "/lost")[0] == 500
    assert ask(edge, "/productpage", "other.example.com")[0] == 404
    status = edge.read("get", f"{KINDS}/gw")["status"]
    assert status["addresses"] == [{"type": "IPAddress", "value": "127.0.0.1"}]
    rows = edge.kubectl("get", "service", "gw-istio", "--no-headers").split()
    assert (rows[1], rows[3]) == ("LoadBalancer", "127.0.0.1")
    assert status["listeners"][0]["attachedRoutes"] == 1
    [parent] = edge.read("get", "httproute/books")["status"]["parents"]
    said = {one["type"]: (one["status"], one["reason"]) for one in parent["conditions"]}
    assert said == {
        "Accepted": ("True", "Accepted"), "ResolvedRefs": ("False", "BackendNotFound"),
    }  # fmt: skip
    [accepted] = edge.read("get", "gatewayclass/istio")["status"]["conditions"]
    assert (accepted["type"], accepted["status"]) == ("Accepted", "True")


def test_a_route_of_a_service_splits_its_callers_requests(edge: LiveCluster) -> None:
    apply(edge, VERSIONS)
    apply(edge, SPLIT)
    until(lambda: not_so(edge, "httproute/reviews", "ResolvedRefs"), 30, "the route's references")

    def others() -> str:
        found = {version(edge) for _ in range(10)}
        return "" if found <= {"v1", "v3"} else ", ".join(found)

    until(others, 30, "only v1 and v3 to be asked")
    found = Counter(version(edge) for _ in range(300))
    assert set(found) == {"v1", "v3"}
    assert 8 < found["v3"] < 61, found  # 30 expected, more than four standard deviations around


def version(well: LiveCluster) -> str:
    """Which version of reviews answers the product page."""
    code, body = ask(well, "/api/v1/products/0/reviews")
    assert code == 200, body
    return str(json.loads(body)["podname"]).split("-")[1]


def ask(well: LiveCluster, path: str, host: str = "books.example.com") -> tuple[int, str]:
    return fetch(f"http://{well.service_address('gw-istio')}{path}", "-H", f"Host: {host}")


def not_so(well: LiveCluster, object: str, condition: str) -> str:
    """What is missing for a condition to hold, of the object or of its first parent."""
    status = well.read("get", object).get("status", {})
    [parent, *_] = status.get("parents") or [status]
    found = {one["type"]: one for one in parent.get("conditions", [])}
    one = found.get(condition, {"status": "not said", "message": ""})
    return "" if one["status"] == "True" else f"{condition} {one['status']}: {one['message']}"


def apply(well: LiveCluster, text: str) -> None:
    done = subprocess.run(
        ["kubectl", "--kubeconfig", str(well.home / "kubeconfig"), "apply", "-f", "-"],
        input=text, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
