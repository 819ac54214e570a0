"""proxy-status, proxy-config and route on a real cluster: what they say is what is there."""

import json

import pytest

from tests.live.cluster import LiveCluster, until

pytestmark = [pytest.mark.live, pytest.mark.root]


def rows(text: str) -> list[list[str]]:
    """Cells, which are three blanks apart."""
    return [[cell.strip() for cell in line.split("   ") if cell.strip()]
            for line in text.splitlines()]  # fmt: skip


def test_every_proxy_is_connected_and_in_step(well: LiveCluster) -> None:
    pilot = well.pod("istio-pilot", "istio-system")

    def strangers() -> str:
        """Who is shown and not there, or there and not shown: pods of the story before still go."""
        found = rows(well.telltale("proxy-status", "-n", "default").stdout)
        assert found[0] == ["NAME", "CLUSTER", "ISTIOD", "VERSION", "SUBSCRIBED TYPES"]
        there = {(f"{name}.default", pilot) for name in well.pods()}
        return str(there ^ {(row[0], row[2]) for row in found[1:]} or "")

    until(strangers, 30, "every proxy to be connected")

    def apart() -> str:
        wide = rows(well.telltale("ps", "-v", "1", "-n", "default").stdout)
        return "; ".join(" ".join(row) for row in wide[1:] if row[4:8] != ["SYNCED"] * 4)

    until(apart, 20, "every type to be acknowledged by every proxy")


def test_what_one_proxy_holds_is_what_the_pilot_means(well: LiveCluster) -> None:
    page = well.pod("productpage")

    def differs() -> str:
        told = well.telltale("proxy-status", page, check=False).stdout
        same = ["Clusters Match", "Listeners Match", "Routes Match"]
        return "" if told.splitlines() == same else told

    until(differs, 60, "Envoy to hold no table of a listener that drains")


def test_each_kind_is_shown(well: LiveCluster) -> None:
    page = well.pod("productpage")
    reviews = "reviews.default.svc.cluster.local"
    clusters = well.telltale("pc", "clusters", page, "--fqdn", reviews).stdout
    assert [reviews, "9080", "-", "outbound", "EDS"] in rows(clusters)
    listeners = rows(well.telltale("pc", "listeners", f"{page}.default", "--port", "9080").stdout)
    [http] = [row for row in listeners if row[-1] == "Route: 9080"]
    assert http[:2] == ["0.0.0.0", "9080"] and http[2].endswith("App: HTTP")
    routes = json.loads(well.telltale("pc", "routes", page, "--name", "9080", "-o", "json").stdout)
    [table] = routes
    assert f"{reviews}:9080" in {one["name"] for one in table["virtual_hosts"]}
    shown = rows(well.telltale("pc", "endpoints", "deploy/productpage-v1", "--name",
                               f"outbound|9080||{reviews}").stdout)  # fmt: skip
    assert len(shown) == 4  # the titles, and one pod of each version
    assert {row[1] for row in shown[1:]} == {"HEALTHY"}
    boot = well.telltale("pc", "bootstrap", page).stdout
    assert f"{page}.default" in boot
    everything = well.telltale("pc", "all", page).stdout
    for title in ("ADDRESSES", "VHOST NAME", "SERVICE FQDN", "OUTLIER CHECK", "RESOURCE NAME"):
        assert title in everything


def test_the_way_of_a_request_is_told(well: LiveCluster) -> None:
    told = well.telltale("route", "productpage-v1", "reviews:9080/reviews/0", "-o", "json").stdout
    found = json.loads(told)
    assert found["outcome"] == "forwarded"
    [cluster] = found["clusters"]
    addresses = {one["address"] for one in cluster["endpoints"]}
    assert addresses == {
        f"{well.pod_address(f'reviews-v{number}')}:9080" for number in (1, 2, 3)
    }


@pytest.mark.parametrize(("words", "said"), [
    (["pc", "clusters", "nobody"], 'error: no pod "nobody" in namespace default; its pods are'),
    (["pc", "clusters", "PILOT.istio-system"], "has no container istio-proxy: it is outside"),
    (["pc", "clocks", "nobody"], "error: no such kind 'clocks': one of listeners, "),
    (["route", "nobody", "reviews"], 'error: no pod "nobody" in namespace default'),
    (["route", "productpage-v1", "a b"], "error: 'a b' is not HOST[:PORT][/PATH]"),
])  # fmt: skip
def test_a_mistake_is_one_line(well: LiveCluster, words: list[str], said: str) -> None:
    pilot = well.pod("istio-pilot", "istio-system")
    done = well.telltale(*(one.replace("PILOT", pilot) for one in words), check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_pilot_that_is_away_is_said_to_be(well: LiveCluster) -> None:
    well.kubectl("scale", "-n", "istio-system", "deployment/istio-pilot", "--replicas=0")
    try:
        until(
            lambda: ", ".join(one for one in well.pods("istio-system") if "istio-pilot" in one),
            30, "the pilot to be gone",
        )  # fmt: skip
        done = well.telltale("proxy-status", check=False)
        assert done.returncode == 1
        assert "no pilot runs" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    finally:
        well.kubectl("scale", "-n", "istio-system", "deployment/istio-pilot", "--replicas=1")


def test_after_the_pilot_was_replaced_every_proxy_is_in_step_again(well: LiveCluster) -> None:
    old = well.pod("istio-pilot", "istio-system")
    well.kubectl("-n", "istio-system", "delete", "pod", old, "--wait=false")

    def apart() -> str:
        wide = rows(well.telltale("ps", "-v", "1", "-n", "default", check=False).stdout)
        late = [row for row in wide[1:] if row[2] == old or row[4:8] != ["SYNCED"] * 4]
        return "; ".join(" ".join(row) for row in late) or ("" if wide[1:] else "any proxy")

    until(apart, 60, "every proxy to be in step with the new pilot")
