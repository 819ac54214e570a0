"""Bookinfo's networking examples, each with what it is meant to show, seen through the gateway.

What test_routing.py proves between sidecars with objects of its own is here seen by visitors, with
the manifests of samples/bookinfo.
"""

import math
import time
from collections.abc import Iterator

import pytest

from tests.live.cluster import LiveCluster, until
from tests.live.shop import Browser, applied, file, shows

pytestmark = [pytest.mark.live, pytest.mark.root]
REVIEWS = "networking/virtual-service-reviews-"


@pytest.fixture(scope="module")
def shop(cluster: LiveCluster) -> Iterator[LiveCluster]:
    """The shop behind the gateway, a subset for each version."""
    cluster.wait_ready()
    with applied(cluster, "networking/bookinfo-gateway", "networking/destination-rule-all"):
        until(answers, 30, "the product page through the gateway")
        yield cluster


def answers() -> str:
    status, body = Browser().get()
    return "" if status == 200 and "Comedy of Errors" in body else f"answered {status}"


def test_the_gateway_lets_in_what_it_names_and_nothing_else(shop: LiveCluster) -> None:
    visitor = Browser()
    visitor.sign_in("jason")
    assert "jason" in visitor.page()
    for path, wanted in {"/logout": 302, "/api/v1/products": 200, "/static/x": 404,
                         "/productpage/x": 404, "/health": 404, "/": 404}.items():  # fmt: skip
        assert visitor.get(path)[0] == wanted, path


def test_all_v1_then_jason_tests_v2(shop: LiveCluster) -> None:
    with applied(shop, "networking/virtual-service-all-v1"):
        shows("none")
        shows("none", "jason")
        with applied(shop, f"{REVIEWS}test-v2"):
            shows("black", "jason")
            shows("none")
            shows("none", "anne")


def test_jason_stays_at_v2_where_others_have_v3(shop: LiveCluster) -> None:
    with applied(shop, f"{REVIEWS}jason-v2-v3"):
        shows("red")
        shows("black", "jason")


@pytest.mark.parametrize(
    ("example", "shares"),
    [
        ("50-v3", {"v1": 50, "v3": 50}), ("80-20", {"v1": 80, "v2": 20}),
        ("90-10", {"v1": 90, "v2": 10}), ("v2-v3", {"v2": 50, "v3": 50}), ("v3", {"v3": 100}),
    ],
)  # fmt: skip
def test_a_migration_by_weight(shop: LiveCluster, example: str, shares: dict[str, int]) -> None:
    with applied(shop, REVIEWS + example):
        split(shares)


@pytest.mark.parametrize(
    ("example", "shares"),
    [("v1", {"v1": 100}), ("50-v3", {"v1": 50, "v3": 50}), ("90-10", {"v1": 90, "v2": 10}),
     ("v3", {"v3": 100})],
)  # fmt: skip
def test_the_same_by_the_gateway_api(
    shop: LiveCluster, example: str, shares: dict[str, int]
) -> None:
    with applied(shop, "platform/bookinfo-versions",
                 f"networking/gateway-api/route-reviews-{example}"):  # fmt: skip
        split(shares)


def split(shares: dict[str, int]) -> None:
    """Until only these versions answer; then each has its share, within four deviations."""
    visitor, count = Browser(), 250

    def others() -> str:
        found = visitor.versions(12)
        return "" if found.keys() <= shares.keys() else str(found)

    until(others, 30, "the routes to arrive")
    found = visitor.versions(count)
    assert sum(found.values()) == count
    for version, share in shares.items():
        spread = 4 * math.sqrt(count * share / 100 * (1 - share / 100))
        assert abs(found[version] - count * share / 100) <= spread, found


def test_reviews_are_spread_at_random(shop: LiveCluster) -> None:
    with applied(shop, "networking/destination-rule-reviews"):
        found = Browser().versions(90)
    assert found.keys() == {"v1", "v2", "v3"}
    shop.kubectl("apply", "-f", file("networking/destination-rule-all"))


def test_a_late_rating_costs_jason_the_reviews(shop: LiveCluster) -> None:
    """v2 would wait 10 s for the 7 s; the page gives up after 3 s, twice. Others see nothing."""
    with applied(shop, f"{REVIEWS}test-v2", "networking/virtual-service-ratings-test-delay"):
        shows("none")
        jason = Browser()
        jason.sign_in("jason")
        until(lambda: "" if jason.stars() == "no reviews" else "the delay", 60,
              "jason to miss the reviews")  # fmt: skip
        began = time.monotonic()
        page = jason.page()
        assert time.monotonic() - began >= 6
        assert "Error fetching product reviews!" in page
        assert "Sorry, product reviews are currently unavailable for this book." in page
        assert "Asked 2 times" in page
        assert Browser().stars() == "none"


def test_a_failing_rating_costs_jason_the_stars_alone(shop: LiveCluster) -> None:
    with applied(shop, f"{REVIEWS}test-v2", "networking/virtual-service-ratings-test-abort"):
        shows("none")
        jason = Browser()
        jason.sign_in("jason")
        said = "Ratings service is currently unavailable"
        until(lambda: "" if said in jason.page() else "the fault", 30, "jason to miss the stars")
        assert said not in Browser().page()


def test_failing_details_leave_the_page_standing(shop: LiveCluster) -> None:
    with applied(shop, "networking/fault-injection-details-v1"):
        until(lambda: "" if Browser().get("/api/v1/products/0")[0] == 555 else "the fault", 30,
              "details to fail")  # fmt: skip
        page = Browser().page()
        assert "Error fetching product details!" in page
        assert "Reviews served by" in page
    shop.kubectl("apply", "-f", file("networking/destination-rule-all"))
