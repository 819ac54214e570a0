"""Bookinfo's routing exercises through real sidecars, each with what it is meant to show.

Requests come from inside the productpage pod, so both sidecars are on the way.
"""

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.live.cluster import LiveCluster, fetch, run, until

pytestmark = [pytest.mark.live, pytest.mark.root]

# Asks for a URL so often, and prints how often each answer came: "STATUS VERSION".
CALLER = """
import collections, http.client, json, sys
count, host, path, headers = json.loads(sys.argv[1])
found, link = collections.Counter(), http.client.HTTPConnection(host, 9080, timeout=20)
for turn in range(count):
    try:
        link.request("GET", path, headers=headers)
        reply = link.getresponse()
        body = reply.read().decode()
        who = json.loads(body).get("podname", "-") if body.startswith("{") else "-"
        found[f"{reply.status} {'-'.join(who.split('-')[:2])}"] += 1
    except OSError as error:
        found[type(error).__name__] += 1
        link.close()
print(json.dumps(found))
"""


def vs(name: str, *http: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": {"name": name}, "spec": {"hosts": [name], "http": [*http]},
    }  # fmt: skip


def to(host: str, **weights: int) -> dict[str, Any]:
    """A route to subsets, by weight."""
    return {
        "route": [
            {"destination": {"host": host, "subset": subset}, "weight": weight}
            for subset, weight in weights.items()
        ]
    }


JASON = {"match": [{"headers": {"end-user": {"exact": "jason"}}}]}


@pytest.fixture(scope="module")
def versions(cluster: LiveCluster) -> Iterator[LiveCluster]:
    """Bookinfo with a subset for each version."""
    cluster.wait_ready()
    rules = [
        {
            "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
            "metadata": {"name": name},
            "spec": {"host": name,
                     "subsets": [{"name": one, "labels": {"version": one}} for one in subsets]},
        }
        for name, subsets in {"reviews": ("v1", "v2", "v3"), "ratings": ("v1",),
                              "details": ("v1",)}.items()
    ]  # fmt: skip
    apply(cluster, *rules)
    yield cluster
    cluster.kubectl("delete", "virtualservices,destinationrules", "--all")


@pytest.fixture
def routed(versions: LiveCluster) -> Iterator[LiveCluster]:
    yield versions
    versions.kubectl("delete", "virtualservices", "--all")


def apply(cluster: LiveCluster, *objects: dict[str, Any]) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [*objects]}
    command = ["kubectl", "--kubeconfig", str(cluster.home / "kubeconfig"), "apply", "-f", "-"]
    told = f"echo '{json.dumps(listed)}' | {' '.join(command)}"
    run(["bash", "-c", told], check=True, limit_s=30)


def call(
    cluster: LiveCluster, count: int, host: str = "reviews", path: str = "/reviews/0",
    **headers: str,
) -> Counter[str]:  # fmt: skip
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    said = cluster.kubectl(
        "exec", cluster.pod("productpage-v1"), "-c", "productpage", "--",
        "python3", "-c", CALLER, json.dumps([count, host, path, named]), limit_s=120,
    )  # fmt: skip
    return Counter(json.loads(said))


def settled(cluster: LiveCluster, wanted: Callable[[Counter[str]], bool], **headers: str) -> None:
    """Until a few requests in a row are answered as wanted."""

    def other() -> str:
        found = call(cluster, 8, **headers)
        return "" if wanted(found) else str(found)

    until(other, 20, "the routes to arrive")


def only(*versions: str) -> Callable[[Counter[str]], bool]:
    allowed = {f"200 reviews-{one}" for one in versions}
    return lambda found: found.keys() <= allowed


def test_all_to_one_version(routed: LiveCluster) -> None:
    apply(routed, vs("reviews", to("reviews", v1=1)))
    settled(routed, only("v1"))
    assert call(routed, 100) == {"200 reviews-v1": 100}


@pytest.mark.parametrize("shares", [{"v1": 90, "v2": 10}, {"v1": 50, "v3": 50}])
def test_a_canary_gets_its_share(routed: LiveCluster, shares: dict[str, int]) -> None:
    apply(routed, vs("reviews", to("reviews", **shares)))
    settled(routed, only(*shares))
    count = 2000
    found = call(routed, count)
    assert sum(found.values()) == count
    for version, share in shares.items():
        expected, part = count * share / 100, share / 100
        spread = 3 * math.sqrt(count * part * (1 - part))
        assert abs(found[f"200 reviews-{version}"] - expected) <= spread, found


def test_jason_sees_another_version(routed: LiveCluster) -> None:
    apply(routed, vs("reviews", {**JASON, **to("reviews", v2=1)}, to("reviews", v3=1)))
    settled(routed, only("v3"))
    assert call(routed, 50) == {"200 reviews-v3": 50}
    assert call(routed, 50, end_user="jason") == {"200 reviews-v2": 50}


def test_a_delay_shows_the_hidden_timeout_of_productpage(routed: LiveCluster) -> None:
    """Ratings 7 s late: reviews v2 would wait, productpage gives up after 3 s, twice."""
    delay = {"delay": {"percentage": {"value": 100}, "fixedDelay": "7s"}}
    apply(
        routed, vs("reviews", to("reviews", v2=1)),
        vs("ratings", {**JASON, "fault": delay, **to("ratings", v1=1)}, to("ratings", v1=1)),
    )  # fmt: skip
    settled(routed, only("v2"))
    began = time.monotonic()
    late = call(routed, 1, "productpage", "/productpage", end_user="jason")
    waited = time.monotonic() - began
    assert late == {"200 -": 1}
    assert 5.5 < waited < 9, f"{waited:.1f} s: not two tries of 3 s"
    body = page(routed, "jason")
    assert "Error fetching product reviews" in body
    assert "Error fetching product reviews" not in page(routed, "")


def test_an_abort_is_seen_by_the_caller_alone(routed: LiveCluster) -> None:
    abort = {"abort": {"percentage": {"value": 100}, "httpStatus": 500}}
    apply(
        routed, vs("reviews", to("reviews", v2=1)),
        vs("ratings", {**JASON, "fault": abort, **to("ratings", v1=1)}, to("ratings", v1=1)),
    )  # fmt: skip
    settled(routed, only("v2"))
    until(
        lambda: "" if "currently unavailable" in page(routed, "jason") else "the fault",
        20, "the page to say that ratings are unavailable",
    )  # fmt: skip
    assert "currently unavailable" not in page(routed, "")


def page(cluster: LiveCluster, user: str) -> str:
    """The product page as somebody sees it who has logged in under that name."""
    address = f"http://{cluster.service_address('productpage')}:9080"
    jar = cluster.home / "cookies"
    jar.unlink(missing_ok=True)
    kept = ["-m", "15", "-c", str(jar), "-b", str(jar)]
    if user:
        fetch(f"{address}/login", *kept, "-d", f"username={user}&passwd=x")
    return fetch(f"{address}/productpage", *kept)[1]
