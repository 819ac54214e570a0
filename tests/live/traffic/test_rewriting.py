"""What becomes of a request and its answer on the way: paths, hosts, headers, redirects, answers
without a server, CORS; in the mesh and at the gateway.
"""

import pytest

from tests.live.cluster import INGRESS, until
from tests.live.traffic.play import Answer, Play, asked, edge, gateway, outside, route, rule, to, vs

pytestmark = [pytest.mark.live, pytest.mark.root]


def at(path: str, kind: str = "prefix") -> dict:
    return {"match": [{"uri": {kind: path}}]}


REWRITES = [
    {**at("/old/"), **route(), "rewrite": {"uri": "/new/", "authority": "books.example"}},
    {**at("/exact", "exact"), **route(), "rewrite": {"uri": "/instead"}},
    {**at("/books"), **route(), "rewrite": {
        "uriRegexRewrite": {"match": "^/books/([0-9]+)(.*)$", "rewrite": r"/items/\1/book\2"}}},
]  # fmt: skip
REDIRECTS = [
    {**at("/away", "exact"), "redirect": {"uri": "/now", "authority": "a.example"}},
    {**at("/below"), "redirect": {"prefixRewrite": "/above", "redirectCode": 307}},
    {**at("/safe", "exact"), "redirect": {"scheme": "https"}},
    {**at("/port", "exact"), "redirect": {"port": 8443, "redirectCode": 302}},
]
TEA = {**at("/tea"), "directResponse": {"status": 418, "body": {"string": "short and stout"}},
       "headers": {"response": {"set": {"content-type": "text/teapot"}}}}  # fmt: skip


def test_paths_and_hosts_are_rewritten_and_requests_redirected(play: Play) -> None:
    play.apply(
        vs(*REWRITES, *REDIRECTS, TEA, route()),
        gateway(), edge(*REWRITES, *REDIRECTS, TEA, route()),
    )  # fmt: skip

    def missing() -> str:
        got = play.ask("/tea").status, outside("/tea").status
        return "" if got == (418, 418) else str(got)

    until(missing, 20, "the routes to arrive at both")

    def inside(path: str) -> Answer:
        return play.ask(path)

    for of, host in ((inside, "web:8080"), (outside, "play.example")):
        for path, seen in {
            "/old/a?q=1": "/new/a?q=1", "/exact?q=1": "/instead?q=1", "/exactly": "/exactly",
            "/books/7/x?q=1": "/items/7/book/x?q=1", "/books/x": "/books/x",
        }.items():  # fmt: skip
            assert of(path).said["path"] == seen
        assert of("/old/a").asked["host"] == "books.example"
        assert of("/other").asked["host"] == host
        name = host.partition(":")[0]
        for path, status, location in (
            ("/away", 301, "http://a.example/now"),
            ("/below/x?q=1", 307, f"http://{host}/above/x?q=1"),
            ("/safe", 301, f"https://{host}/safe"),
            ("/port", 302, f"http://{name}:8443/port"),
        ):
            answer = of(path)
            assert (path, answer.status, answer.headers["location"]) == (path, status, location)
        tea = of("/tea/pot")
        assert (tea.status, tea.text) == (418, "short and stout")
        assert tea.headers["content-type"] == "text/teapot"


def test_a_server_of_a_gateway_sends_everybody_to_https(play: Play) -> None:
    play.apply(gateway(tls={"httpsRedirect": True}), edge(route()))
    until(lambda: "" if outside("/").status == 301 else "301", 20, "the redirect")
    assert outside("/a?b=c").headers["location"] == "https://play.example/a?b=c"
    assert INGRESS != 443, "the port that was dialled is not kept"


def test_headers_are_set_added_and_removed(play: Play) -> None:
    """Of the rule, and of each destination beside it, by weight."""
    changes = {
        "request": {"set": {"x-set": "new"}, "add": {"x-add": "more"}, "remove": ["x-remove"]},
        "response": {"set": {"x-inner": "set"}, "add": {"x-add": "b"}, "remove": ["x-pod"]},
    }
    split = [
        to("v2", weight=1, headers={"request": {"set": {"x-way": "v2", "host": "v2.example"}}}),
        to("v3", weight=1, headers={"request": {"set": {"x-way": "v3"}},
                                    "response": {"add": {"x-by": "v3"}}}),
    ]  # fmt: skip
    play.apply(rule(), vs({**at("/split"), "route": split}, {"headers": changes, **route()}))
    play.settled(lambda found: found.keys() <= {"v2-0", "v3-0"}, path="/split")
    answer = play.ask(x_set="old", x_add="one", x_remove="gone")
    assert answer.asked["x-set"] == "new"
    assert answer.asked["x-add"] == "one,more"
    assert "x-remove" not in answer.asked
    assert (answer.headers["x-inner"], answer.headers["x-add"]) == ("set", "b")
    assert "x-pod" not in answer.headers
    ways = {"v2-0": 0, "v3-0": 0}
    for answer in play.asks([asked("/split")] * 60):
        ways[answer.pod] += 1
        assert answer.asked["x-way"] == answer.pod[:2]
        assert (answer.asked["host"] == "v2.example") is (answer.pod == "v2-0")
        assert (answer.headers.get("x-by") == "v3") is (answer.pod == "v3-0")
    assert min(ways.values()) > 10, ways


def test_a_browser_is_told_who_may_ask(play: Play) -> None:
    """A preflight is answered by the proxy, of the gateway as of a sidecar."""
    policy = {
        "allowOrigins": [{"exact": "https://shop.example"}, {"regex": "https://.*[.]good"}],
        "allowMethods": ["GET", "PUT"], "allowHeaders": ["x-one"], "exposeHeaders": ["x-two"],
        "maxAge": "10m", "allowCredentials": True,
    }  # fmt: skip
    play.apply(
        gateway(), edge({"corsPolicy": policy, **route("v2")}), rule(),
        vs({"corsPolicy": policy, **route("v2")}),
    )  # fmt: skip
    asks = {"Origin": "https://shop.example", "Access_Control_Request_Method": "PUT"}

    def inside(path: str, method: str = "GET", **headers: str) -> Answer:
        return play.ask(path, method=method, **headers)

    for of in (outside, inside):
        told = "access-control-allow-origin"
        until(
            lambda: "" if told in of("/", "OPTIONS", **asks).headers else "an answer",  # noqa: B023
            20, "preflights to be answered",
        )  # fmt: skip
        play.be("v2-0")
        answer = of("/", "OPTIONS", **asks)
        assert answer.status == 200 and not answer.said
        assert {name.removeprefix("access-control-"): value for name, value in
                answer.headers.items() if name.startswith("access-control-")} == {
            "allow-origin": "https://shop.example", "allow-methods": "GET,PUT",
            "allow-headers": "x-one", "max-age": "600", "allow-credentials": "true",
            "expose-headers": "x-two",
        }  # fmt: skip
        assert play.told("v2-0")["ids"] == {}
        simple = of("/", Origin="https://a.good")
        assert (simple.status, simple.headers[told]) == (200, "https://a.good")
        assert simple.headers["access-control-expose-headers"] == "x-two"
        assert told not in of("/", Origin="https://a.evil").headers
        assert told not in of("/").headers
