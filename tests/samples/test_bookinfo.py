"""The four services for real: what they answer, what they pass on, how they fail."""

import json
import re

import pytest
from bookshop import Bench, Echo, Program, at, free_port, launch

pytestmark = pytest.mark.live


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("details.py", '{"status": "Details is healthy"}'),
        ("ratings.py", '{"status": "Ratings is healthy"}'),
        ("reviews.py", '{"status": "Reviews is healthy"}'),
        ("productpage.py", "Product page is healthy"),
    ],
)
def test_health(bench: Bench, program: str, said: str) -> None:
    reply = bench.start(program).ask("/health")
    assert (reply.status, reply.body) == (200, said)


def test_details_tells_the_book_and_refuses_what_is_no_number(bench: Bench) -> None:
    details = bench.start("details.py")
    book = json.loads(details.ask("/details/7").body)
    assert book["id"] == 7
    assert book["author"] == "William Shakespeare"
    assert {"year", "type", "pages", "publisher", "language", "ISBN-10", "ISBN-13"} <= set(book)
    assert details.ask("/details/seven").status == 400
    assert details.ask("/elsewhere").status == 404
    assert details.ask("/details/7", "DELETE").status == 405


def test_ratings_keeps_what_is_posted(bench: Bench) -> None:
    ratings = bench.start("ratings.py")
    assert json.loads(ratings.ask("/ratings/3").body) == {
        "id": 3,
        "ratings": {"Reviewer1": 5, "Reviewer2": 4},
    }
    assert ratings.ask("/ratings/3", "POST", body='{"Reviewer1": 1}').status == 200
    assert json.loads(ratings.ask("/ratings/3").body)["ratings"] == {"Reviewer1": 1}
    assert json.loads(ratings.ask("/ratings/4").body)["ratings"]["Reviewer1"] == 5
    for bad in ("{", "[]", ""):
        assert ratings.ask("/ratings/3", "POST", body=bad).status == 400
    assert ratings.ask("/ratings/x").status == 400
    assert json.loads(ratings.ask("/ratings/3").body)["ratings"] == {"Reviewer1": 1}


@pytest.mark.parametrize("color", ["", "black", "red"])
def test_reviews_by_version(bench: Bench, color: str) -> None:
    ratings = bench.start("ratings.py")
    env = {"ENABLE_RATINGS": "true", "STAR_COLOR": color} if color else {}
    reviews = bench.start("reviews.py", **env, **at("ratings", ratings.port))
    told = json.loads(reviews.ask("/reviews/0").body)
    assert (told["id"], told["clustername"]) == ("0", "null")
    assert told["podname"]
    assert [one["reviewer"] for one in told["reviews"]] == ["Reviewer1", "Reviewer2"]
    stars = [one.get("rating") for one in told["reviews"]]
    expected = [{"stars": 5, "color": color}, {"stars": 4, "color": color}]
    assert stars == (expected if color else [None, None])
    assert reviews.ask("/reviews/zero").status == 400


def test_reviews_say_that_ratings_are_missing(bench: Bench) -> None:
    env = {"ENABLE_RATINGS": "true", "STAR_COLOR": "red"}
    reviews = bench.start("reviews.py", **env, **at("ratings", free_port()))
    reply = reviews.ask("/reviews/0")
    assert reply.status == 200
    ratings = [one["rating"] for one in json.loads(reply.body)["reviews"]]
    assert ratings == [{"error": "Ratings service is currently unavailable"}] * 2


@pytest.mark.parametrize(("color", "version"), [("", "v1"), ("black", "v2"), ("red", "v3")])
def test_the_page_shows_the_version_that_answered(bench: Bench, color: str, version: str) -> None:
    reply = bench.shop(color).ask("/productpage")
    assert reply.status == 200
    assert "<title>The Comedy of Errors · Bookinfo</title>" in reply.body
    assert "William Shakespeare" in reply.body
    assert "Reviewer2" in reply.body
    assert re.findall(r'aria-current="true"><b>(v\d)', reply.body) == [version]
    drawn = reply.body.split("</style>")[1]
    assert drawn.count('glyphicon-star"') == (9 if color else 0)
    assert (f"text-{color}-500" in drawn) is bool(color)
    assert set(re.findall(r"([a-z]+);dur", reply.headers["server-timing"])) == {
        "details",
        "reviews",
    }


def test_the_page_fetches_nothing_from_elsewhere(bench: Bench) -> None:
    html = bench.shop("red").ask("/productpage").body
    assert "<script" not in html
    assert not re.findall(r"(?:src|href|url\()\W*(?:https?:)?//", html)


def test_the_page_stays_up_when_its_services_are_down(bench: Bench) -> None:
    shop = bench.start("productpage.py", **at("details", free_port()), **at("reviews", free_port()))
    reply = shop.ask("/productpage")
    assert reply.status == 200
    assert "Error fetching product details!" in reply.body
    assert "Error fetching product reviews!" in reply.body
    assert "Sorry, product details are currently unavailable for this book." in reply.body
    one = shop.ask("/api/v1/products/0/reviews")
    assert one.status == 500
    assert json.loads(one.body) == {
        "error": "Sorry, product reviews are currently unavailable for this book."
    }
    metrics = shop.ask("/metrics").body
    assert 'request_result_total{destination_app="reviews",response_code="500"} 2' in metrics


def test_what_a_failing_service_said_is_shown_harmlessly(bench: Bench, echo: Echo) -> None:
    said = b"no healthy upstream <script>alert(1)</script>"
    echo.answer = b"HTTP/1.1 503 Nope\r\ncontent-length: %d\r\n\r\n%s" % (len(said), said)
    shop = bench.start("productpage.py", **at("details", echo.port), **at("reviews", free_port()))
    html = shop.ask("/productpage").body
    assert "details: answered 503: no healthy upstream &lt;script&gt;" in html
    assert shop.ask("/api/v1/products/0").status == 503


def test_a_service_that_answers_nonsense_is_an_error_not_a_crash(bench: Bench, echo: Echo) -> None:
    shop = bench.start("productpage.py", **at("details", echo.port), **at("reviews", free_port()))
    for nonsense in (
        b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", b"HTTP/1.1 200 OK\r\n\r\nnot json",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}",
    ):  # fmt: skip
        echo.answer = nonsense
        assert shop.ask("/productpage").status == 200
        reply = shop.ask("/api/v1/products/0")
        assert (reply.status, list(json.loads(reply.body))) == (500, ["error"])


def test_products_as_json(bench: Bench) -> None:
    shop = bench.shop("black")
    [product] = json.loads(shop.ask("/api/v1/products").body)
    assert (product["id"], product["title"]) == (0, "The Comedy of Errors")
    assert json.loads(shop.ask("/api/v1/products/0").body)["pages"] == 200
    assert json.loads(shop.ask("/api/v1/products/0/ratings").body)["id"] == 0
    assert len(json.loads(shop.ask("/api/v1/products/0/reviews").body)["reviews"]) == 2
    assert shop.ask("/api/v1/products/zero").status == 400
    assert shop.ask("/api/v1/products/0/prices").status == 404
    assert "/api/v1/products/0/ratings" in shop.ask("/").body


def test_headers_travel_the_whole_way(bench: Bench, echo: Echo) -> None:
    echo.answer = b'HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"ratings":{}}'
    env = {"ENABLE_RATINGS": "true", **at("ratings", echo.port)}
    reviews = bench.start("reviews.py", **env)
    shop = bench.start(
        "productpage.py", **at("reviews", reviews.port), **at("details", free_port())
    )
    sent = {
        "x-request-id": "r-1", "traceparent": "00-a-b-01", "x-b3-traceid": "t-1", "b3": "x",
        "user-agent": "curl/9", "authorization": "Bearer z", "cookie": "session=jason; theme=1",
        "x-secret": "not forwarded",
    }  # fmt: skip
    shop.ask("/productpage", headers=sent)
    [request] = echo.requests
    told = dict(line.split(": ", 1) for line in request.split("\r\n")[1:] if ": " in line)
    assert {name: told.get(name) for name in sent} == {**sent, "x-secret": None}
    assert told["end-user"] == "jason"


def _session(shop: Program, form: str, referer: str = "") -> tuple[int, str, str]:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    headers = {**kind, "referer": referer} if referer else kind
    reply = shop.ask("/login", "POST", headers, form)
    return reply.status, reply.headers.get("location", ""), reply.headers.get("set-cookie", "")


def test_signing_in_and_out(bench: Bench) -> None:
    shop = bench.start("productpage.py", **at("details", 1), **at("reviews", 1))
    status, where, cookie = _session(shop, "username=jason+b", "http://shop.example/index.html")
    assert (status, where) == (302, "/index.html")
    assert cookie.startswith("session=jason%20b; ")
    signed = shop.ask("/", headers={"cookie": cookie.split(";")[0]}).body
    assert "jason b" in signed
    assert "Sign out" in signed
    out = shop.ask("/logout")
    assert (out.status, out.headers["location"]) == (302, "/productpage")
    assert "Max-Age=0" in out.headers["set-cookie"]


def test_a_user_name_cannot_smuggle_a_header_or_a_site(bench: Bench) -> None:
    shop = bench.start("productpage.py", **at("details", 1), **at("reviews", 1))
    assert _session(shop, "username=a%0d%0ax-evil:%201")[0] == 400
    assert _session(shop, "username=")[0] == 400
    for referer in ("https://evil.example//evil.example/x", "//evil.example", "\\\\evil"):
        where = _session(shop, "username=a", referer)[1]
        assert where.startswith("/")
        assert not where.startswith(("//", "/\\"))
    smuggled = {"cookie": "session=a%0d%0ax-evil:%201"}
    assert "Sign out" not in shop.ask("/", headers=smuggled).body


def test_the_link_variables_of_kubernetes_do_no_harm(bench: Bench) -> None:
    details = bench.start("details.py")
    linked = {
        "DETAILS_PORT": "tcp://172.19.3.4:9080",
        "DETAILS_SERVICE_HOST": "172.19.3.4",
        "DETAILS_SERVICE_PORT": str(details.port),
        "DETAILS_HOSTNAME": "localhost",
    }
    shop = bench.start("productpage.py", **linked)
    assert shop.ask("/api/v1/products/0").status == 200


@pytest.mark.parametrize(
    ("arguments", "env", "says"),
    [
        ([], {}, "usage: productpage.py PORT"),
        (["abc"], {}, "got: abc"),
        (["70000"], {}, "1 to 65535"),
        (["9080"], {"DETAILS_SERVICE_PORT": "tcp://1"}, "DETAILS_SERVICE_PORT: a port"),
    ],
)
def test_wrong_settings_end_in_one_clear_line(
    arguments: list[str], env: dict[str, str], says: str
) -> None:
    with launch("productpage.py", *arguments, **env) as process:
        wrote, _ = process.communicate(timeout=10)
    assert process.returncode == 1
    assert says in wrote
    assert wrote.count("\n") == 1


def test_a_taken_port_is_named(bench: Bench) -> None:
    taken = bench.start("details.py").port
    with launch("details.py", str(taken)) as process:
        wrote, _ = process.communicate(timeout=10)
    assert process.returncode == 1
    assert f"details: cannot listen on 0.0.0.0:{taken}: " in wrote
    assert wrote.count("\n") == 1
