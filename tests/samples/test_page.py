"""The product page as a value: what is shown for which answers, and that nothing breaks it."""

from dataclasses import replace
from html.parser import HTMLParser

import page
import pytest
from page import Call, View

DETAILS = Call("details", True, 0.2, 3.1, answered="200", pod="details-v1-x", body={"pages": 200})
REVIEW = {"reviewer": "Reviewer1", "text": "Good."}
RED = {"stars": 4, "color": "red"}
REVIEWS = Call(
    "reviews", True, 0.3, 8.4, answered="200", pod="reviews-v3-y", via="istio-envoy",
    timing='ratings;dur=3.5;desc="200 ratings-v1-z"',
    body={"podname": "reviews-v3-y", "reviews": [{**REVIEW, "rating": RED}]},
)  # fmt: skip
VIEW = View("productpage-v1-w", "jason", 9.0, DETAILS, REVIEWS)


class _Tags(HTMLParser):
    """Counts that every tag that is opened is closed."""

    VOID = frozenset({"meta", "link", "input", "br", "path", "rect", "circle", "stop"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag, f"</{tag}> closes another tag"


@pytest.mark.parametrize(
    "html",
    [
        page.product(VIEW),
        page.product(
            replace(VIEW, user="", details=Call("details", False, 0, 1, problem="refused"))
        ),
        page.landing("", {"details": "d", "reviews": "r", "ratings": "s"}),
        page.missing("<b>", "/<script>"),
    ],
)
def test_every_page_is_well_formed(html: str) -> None:
    tags = _Tags()
    tags.feed(html)
    assert tags.open == []
    assert "<script" not in html


def test_the_journey_names_every_pod_and_time() -> None:
    html = page.product(VIEW)
    for shown in (
        "productpage-v1-w", "details-v1-x", "reviews-v3-y", "ratings-v1-z", "istio-envoy",
        "3.1 ms", "8.4 ms", "3.5 ms", "by 4 services",
    ):  # fmt: skip
        assert shown in html


def test_a_failed_rating_shows_in_the_card_and_in_the_journey() -> None:
    failed = {**REVIEW, "rating": {"error": "Ratings service is currently unavailable"}}
    reviews = replace(
        REVIEWS,
        timing='ratings;dur=2500.0;desc="no answer in 2.5 s"',
        body={"podname": "reviews-v3-y", "reviews": [failed]},
    )
    html = page.product(replace(VIEW, took_ms=2510.0, reviews=replace(reviews, took_ms=2505.0)))
    assert "Ratings service is currently unavailable" in html
    assert "no answer in 2.5 s" in html
    assert 'aria-current="true"><b>v3' in html  # the pod's name tells, the stars cannot


@pytest.mark.parametrize(
    "body",
    [
        {}, {"reviews": None}, {"reviews": "many"}, {"reviews": [None, 3, "x", {}]},
        {"reviews": [{"rating": {"stars": "five"}}, {"rating": {"stars": 99}}, {"rating": []}]},
        {"podname": None, "reviews": [{"rating": {"stars": 3, "color": "<b>"}}]},
    ],
)  # fmt: skip
def test_odd_answers_do_not_break_the_page(body: dict[str, object]) -> None:
    odd = replace(REVIEWS, body=body, timing='ratings;dur=1.2.3;desc="x", a;dur=9;desc="<i>"')
    html = page.product(replace(VIEW, reviews=odd))
    assert "Book reviews" in html
    assert "<i>" not in html.split("</style>")[1]
