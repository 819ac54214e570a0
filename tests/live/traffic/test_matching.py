"""Which rule a request meets: each of the things that a match can ask about, and delegates."""

import pytest

from tests.live.cluster import until
from tests.live.traffic.play import SPACE, Play, Spec, edge, gateway, outside, route, vs

pytestmark = [pytest.mark.live, pytest.mark.root]


def told(name: str, match: Spec | None, host: str = "web") -> Spec:
    """A rule that tells the server its name."""
    rule = {"headers": {"request": {"set": {"x-rule": name}}}, **route(host=host)}
    return {"name": name, **rule} | ({"match": [match]} if match is not None else {})


RULES = [
    told("elsewhere", {"sourceNamespace": "default"}),
    told("servers", {"sourceLabels": {"app": "web", "version": "v2"}}),
    told("method", {"method": {"exact": "PUT"}}),
    told("any-case", {"uri": {"prefix": "/Case"}, "ignoreUriCase": True}),
    told("this-case", {"uri": {"prefix": "/Strict"}}),
    told("regex", {"uri": {"regex": "/v[0-9]+/.*"}}),
    told("query", {"uri": {"prefix": "/q"}, "queryParams": {"a": {"exact": "1"}}}),
    told("query-regex", {"uri": {"prefix": "/q"}, "queryParams": {"b": {"regex": "x+"}}}),
    told("header", {"headers": {"x-who": {"exact": "ann"}}}),
    told("header-prefix", {"headers": {"x-who": {"prefix": "b"}}}),
    told("header-there", {"headers": {"x-any": {}}}),
    told("without", {"uri": {"prefix": "/free"}, "withoutHeaders": {"x-paid": {}}}),
    told("without-value", {"uri": {"prefix": "/tier"},
                           "withoutHeaders": {"x-tier": {"exact": "gold"}}}),
    told("authority", {"authority": {"prefix": "web.play.svc"}}),
    told("scheme", {"scheme": {"exact": "https"}}),
    told("port", {"port": 9999}),
    told("all-of", {"uri": {"prefix": "/all"}, "method": {"regex": "GET|PUT"},
                    "headers": {"x-all": {"regex": "[a-c]"}}}),
    told("rest", None),
]  # fmt: skip
EXPECTED = [
    ("/", {}, "rest"), ("/", {"method": "PUT"}, "method"),
    ("/cAsE/a", {}, "any-case"), ("/Strict", {}, "this-case"), ("/strict", {}, "rest"),
    ("/v12/a", {}, "regex"), ("/v/a", {}, "rest"), ("/x/v12/a", {}, "rest"),
    ("/q?a=1", {}, "query"), ("/q?a=12", {}, "rest"), ("/q?b=xx", {}, "query-regex"),
    ("/q?b=xxy", {}, "rest"), ("/q?c=0&a=1", {}, "query"), ("/q", {}, "rest"),
    ("/", {"x_who": "ann"}, "header"), ("/", {"x_who": "bob"}, "header-prefix"),
    ("/", {"x_who": "anna"}, "rest"), ("/", {"x_any": "thing"}, "header-there"),
    ("/free", {}, "without"), ("/free", {"x_paid": "1"}, "rest"),
    ("/tier", {"x_tier": "iron"}, "without-value"), ("/tier", {"x_tier": "gold"}, "rest"),
    ("/tier", {}, "without-value"), ("/", {"Host": "web.play:8080"}, "rest"),
    ("/", {"Host": "web.play.svc.cluster.local:8080"}, "authority"),
    ("/all", {"x_all": "b"}, "all-of"), ("/all", {"x_all": "d"}, "rest"),
    ("/all", {"x_all": "b", "method": "POST"}, "rest"),
]  # fmt: skip


def test_each_request_meets_its_rule(play: Play) -> None:
    play.apply(vs(*RULES))

    def late() -> str:
        return "" if play.ask().asked.get("x-rule") == "rest" else "the last rule"

    until(late, 20, "the rules to arrive")
    for path, more, rule in EXPECTED:
        met = play.ask(path, **more).asked.get("x-rule")
        assert (path, more, met) == (path, more, rule)
    assert play.ask(by="v2-0").asked["x-rule"] == "servers"
    assert play.ask(by="v3-0").asked["x-rule"] == "rest"
    code = f"import urllib.request as r; print(r.urlopen('http://web.{SPACE}:8080').read())"
    said = play.cluster.kubectl("exec", "deploy/productpage-v1", "-c", "productpage", "--",
                                "python3", "-c", code)  # fmt: skip
    assert '"x-rule": "elsewhere"' in said


def test_rules_are_handed_to_delegates(play: Play) -> None:
    """Matches are joined; what the root says of a request holds where the delegate is silent."""
    books = vs(
        told("one", {"uri": {"prefix": "/books/one"}}),
        {**told("put", {"method": {"exact": "PUT"}}), "timeout": "5s"},
        told("outside-of-it", {"uri": {"prefix": "/elsewhere"}}),
        told("books", None), name="books", hosts=[],
    )  # fmt: skip
    del books["spec"]["hosts"]
    root = [
        {"match": [{"uri": {"prefix": "/books"}}], "delegate": {"name": "books"},
         "timeout": "0.3s"},
        told("root", None),
    ]  # fmt: skip
    play.apply(books, gateway(), edge(*root), vs(*root))

    def late() -> str:
        got = play.ask("/books").asked.get("x-rule"), outside("/books").said.get("headers", {})
        return "" if got[0] == got[1].get("x-rule") == "books" else str(got)

    until(late, 20, "the rules to arrive at both")
    for path, more, rule in (
        ("/books/one/a", {}, "one"), ("/books", {"method": "PUT"}, "put"), ("/books", {}, "books"),
        ("/elsewhere", {}, "root"), ("/", {"method": "PUT"}, "root"),
    ):  # fmt: skip
        for answer in (play.ask(path, **more), outside(path, **more)):
            assert (path, answer.asked["x-rule"]) == (path, rule)
    assert play.ask("/books/one", x_first="9 200 0.7").status == 504
    assert play.ask("/books", method="PUT", x_first="1 200 0.7").status == 200
    assert play.ask("/", x_first="1 200 0.7").status == 200
    play.cluster.kubectl("delete", "virtualservice", "books", "-n", SPACE)

    def skipped() -> str:
        got = play.ask("/books").asked["x-rule"], outside("/books").asked["x-rule"]
        return "" if got == ("root", "root") else str(got)

    until(skipped, 20, "the root's next rule to hold")
    until(
        lambda: "" if "spec.http[0].delegate" in play.wrong("virtualservice", "web") else "a word",
        20, "its status to say so",
    )  # fmt: skip
