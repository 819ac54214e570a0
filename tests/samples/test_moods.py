"""What misbehaves and what limits, as pure functions; and their programs where they matter."""

import json

import pytest
from bookshop import Bench, Echo
from limits import BadLimits, Limit, Windows, limit_of, read
from moods import Mood, mood

FILE = {
    "domain": "shop",
    "descriptors": [
        {"key": "PATH", "value": "/a", "rate_limit": {"unit": "minute", "requests_per_unit": 2}},
        {"key": "PATH", "rate_limit": {"unit": "HOUR", "requests_per_unit": 9}},
        {"key": "user", "descriptors": [
            {"key": "PATH", "rate_limit": {"unit": "second", "requests_per_unit": 1}}]},
    ],
}  # fmt: skip


def test_moods_by_version() -> None:
    assert mood("", 0, 0.0) == mood("v1", 1e6, 1.0) == Mood()
    assert [mood("v-faulty", 0, chance).available for chance in (0.4, 0.6)] == [False, True]
    assert [mood("v-delayed", 0, chance).late_s for chance in (0.4, 0.6)] == [7.0, 0.0]
    turns = [mood("v-unavailable", age, 0) for age in (59, 61, 121)]
    assert [one.available for one in turns] == [True, False, True]
    assert all(one.healthy for one in turns)
    ill = mood("v-unhealthy", 901, 0)
    assert (ill.healthy, ill.available) == (False, False)


def test_the_most_exact_limit_is_taken() -> None:
    domain, rules = read(FILE)
    assert domain == "shop"
    assert limit_of(rules, [("PATH", "/a")]) == Limit(2, "minute")
    assert limit_of(rules, [("PATH", "/b")]) == Limit(9, "hour")
    assert limit_of(rules, [("user", "jason"), ("PATH", "/b")]) == Limit(1, "second")
    for nothing in ([], [("user", "jason")], [("PATH", "/a"), ("more", "x")], [("x", "y")]):
        assert limit_of(rules, nothing) is None


def test_windows_are_counted_apart_and_end() -> None:
    windows, limit = Windows(), Limit(2, "minute")
    a, b = (("PATH", "/a"),), (("PATH", "/b"),)
    told = [windows.ask(a, limit, now) for now in (120, 121, 179.9)]
    assert [one.over for one in told] == [False, False, True]
    assert [one.remaining for one in told] == [1, 0, 0]
    assert told[0].reset_s == 60
    assert not windows.ask(b, limit, 179.9).over
    assert not windows.ask(a, limit, 180).over
    assert windows.ask(b, limit, 181, hits=3).over


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "domain"), ({"domain": "x", "descriptors": {"a": 1}}, "a list"),
        ({"domain": "x", "descriptors": [{"value": "a"}]}, r"descriptors\[0\]: `key`"),
        ({"domain": "x", "descriptors": [{"key": "a", "rate_limit": {"unit": "week"}}]}, "unit"),
        ({"domain": "x", "descriptors": [{"key": "a", "unlimited": True}]}, "unlimited"),
        ({"domain": "x", "descriptors": [{"key": "a"}, {"key": "a"}]}, "twice"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_followed_is_named(given: object, says: str) -> None:
    with pytest.raises(BadLimits, match=says):
        read(given)


@pytest.mark.live
def test_ratings_of_a_database_that_is_not_there(bench: Bench) -> None:
    away = {"REDIS_HOST": "127.0.0.1", "REDIS_SERVICE_PORT": "1"}
    ratings = bench.start("ratings.py", DB_TYPE="redis", **away)
    reply = ratings.ask("/ratings/0")
    assert reply.status == 500
    assert "could not connect to ratings database" in json.loads(reply.body)["error"]
    assert ratings.ask("/ratings/0", "POST", body="{}").status == 501
    assert ratings.ask("/health").status == 200


@pytest.mark.live
def test_ratings_are_read_as_redis_says_them(bench: Bench, echo: Echo) -> None:
    echo.answer = b"*2\r\n$1\r\n3\r\n$1\r\n2\r\n"
    there = {"REDIS_HOST": "127.0.0.1", "REDIS_SERVICE_PORT": str(echo.port)}
    ratings = bench.start("ratings.py", DB_TYPE="redis", **there)
    assert json.loads(ratings.ask("/ratings/0").body)["ratings"] == {
        "Reviewer1": 3, "Reviewer2": 2,
    }  # fmt: skip
    echo.answer = b"-ERR no\r\n"
    assert ratings.ask("/ratings/0").status == 500


@pytest.mark.live
def test_details_outside_that_answer_nonsense_are_an_error(bench: Bench, echo: Echo) -> None:
    plain = {"DO_NOT_ENCRYPT": "true", "BOOKS_HOSTNAME": "127.0.0.1"}
    details = bench.start("details.py", ENABLE_EXTERNAL_BOOK_SERVICE="true", **plain,
                          BOOKS_SERVICE_PORT=str(echo.port))  # fmt: skip
    for body in (b"{}", b"[]", b"no", b'{"items": []}'):
        echo.answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
        assert details.ask("/details/0").status == 500
    assert echo.requests[0].startswith("GET /books/v1/volumes?q=isbn:0486424618 HTTP/1.1")
