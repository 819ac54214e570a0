"""The features of the Gateway API at a Gateway, each carried out by a real Envoy on loopback.

What GatewayClasses say that we support is what is checked here and in test_gatewayapi_mesh: a
feature that has no check may not be claimed, and a check that has no claim is not one.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from telltale.pilot.intake.gatewayapi.classes import FEATURES
from tests.pilot.certificates import pair
from tests.pilot.conftest import until
from tests.pilot.gatewayapi_ground import Edge, edge

pytestmark = pytest.mark.live

PORTS = (80, 8080, 8081, 8090, 443, 8443, 9443, 9444, 9000, 10443, 11443)
GATEWAY = """
kind: Gateway
metadata: {name: gw}
spec:
  gatewayClassName: istio
  allowedListeners: {namespaces: {from: Same}}
  tls:
    frontend:
      perPort:
      - {port: 10443, tls: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}}}
      - port: 11443
        tls:
          validation:
            mode: AllowInsecureFallback
            caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]
  listeners:
  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - {name: other, port: 8080, protocol: HTTP}
  - {name: any, port: 8081, protocol: HTTP}
  - {name: wide, port: 8081, protocol: HTTP, hostname: "*.example.com"}
  - {name: closer, port: 8081, protocol: HTTP, hostname: "*.foo.example.com"}
  - {name: exact, port: 8081, protocol: HTTP, hostname: abc.foo.example.com}
  - {name: sealed, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}
  - {name: second, port: 443, protocol: HTTPS, hostname: second.example, tls: {certificateRefs: [{name: cert}]}}
  - {name: passed, port: 8443, protocol: TLS, tls: {mode: Passthrough}}
  - {name: ended, port: 9443, protocol: TLS, tls: {certificateRefs: [{name: cert}]}}
  - {name: mixed-passed, port: 9444, protocol: TLS, hostname: passed.example, tls: {mode: Passthrough}}
  - {name: mixed-ended, port: 9444, protocol: TLS, hostname: ended.example, tls: {certificateRefs: [{name: cert}]}}
  - {name: tcp, port: 9000, protocol: TCP}
  - {name: shown, port: 10443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}
  - {name: shy, port: 11443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}
---
kind: ListenerSet
metadata: {name: more}
spec:
  parentRef: {name: gw}
  listeners: [{name: added, port: 8090, protocol: HTTP}]
---
kind: ReferenceGrant
metadata: {name: g, namespace: shop}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: edge}], to: [{group: "", kind: Service, name: far-one}]}
---
kind: BackendTLSPolicy
metadata: {name: tls}
spec:
  targetRefs: [{group: "", kind: Service, name: tls}]
  validation: {hostname: tls.example, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}
---
kind: BackendTLSPolicy
metadata: {name: wrong}
spec:
  targetRefs: [{group: "", kind: Service, name: wrong}]
  validation:
    hostname: tls.example
    caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]
    subjectAltNames: [{type: Hostname, hostname: other.example}]
"""  # noqa: E501
RULES: list[tuple[str, str]] = []  # by host: the rules of its HTTPRoute
CHECKS: dict[str, Callable[[Edge], Awaitable[None]]] = {}


def feature(*names: str, host: str = "", rules: str = ""):
    """What shows that these features work: at a host with these rules."""

    def take(check: Callable[[Edge], Awaitable[None]]):
        CHECKS.update(dict.fromkeys(names, check))
        if rules:
            RULES.append((host, rules))
        return check

    return take


def route(host: str, rules: str) -> str:
    name = host.partition(".")[0]
    return (f"---\nkind: HTTPRoute\nmetadata: {{name: {name}}}\nspec: {{parentRefs: [{{name: gw, "
            f"sectionName: http}}], hostnames: [{host}], rules: [{rules}]}}\n")  # fmt: skip


def attached(kind: str, name: str, section: str, backend: str, more: str = "") -> str:
    return (f"---\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{parentRefs: [{section}], "
            f"rules: [{{backendRefs: [{{name: {backend}, port: 80}}]}}]{more}}}\n")  # fmt: skip


def on(section: str) -> str:
    return f"{{name: gw, sectionName: {section}}}"


TO_ONE = "backendRefs: [{name: one, port: 80}]"
TO_TWO = "backendRefs: [{name: two, port: 80}]"


@feature("Gateway", "HTTPRoute", host="plain.x",
         rules=f"{{{TO_ONE}}}, {{matches: [{{path: {{value: /two}}}}], {TO_TWO}}}, "
               "{matches: [{path: {value: /none}}], backendRefs: [{name: none, port: 80}]}")
async def plain(at: Edge) -> None:
    assert (await at.ask("plain.x"))[:2] == (200, "one /")
    assert (await at.ask("plain.x", "/two/a"))[1] == "two /two/a"
    assert (await at.ask("plain.x", "/twofold"))[1] == "one /twofold"
    assert (await at.ask("plain.x", "/none"))[0] == 500
    assert (await at.ask("nobody.x"))[0] == 404
    said = at.said("HTTPRoute", "plain")
    assert said == {"Accepted": ("True", "Accepted"), "ResolvedRefs": ("False", "BackendNotFound")}
    assert at.said("Gateway", "gw")["Programmed"] == ("True", "Programmed")
    assert at.said("Gateway", "gw", listener="http")["ResolvedRefs"][0] == "True"


@feature("HTTPRouteQueryParamMatching", "HTTPRouteMethodMatching", host="match.x",
         rules=f"{{{TO_ONE}}}, {{matches: [{{queryParams: [{{name: a, value: b}}]}}, "
               f"{{method: PUT}}], {TO_TWO}}}")
async def matching(at: Edge) -> None:
    assert (await at.ask("match.x", "/?a=b"))[1] == "two /?a=b"
    assert (await at.ask("match.x", "/?a=c"))[1] == "one /?a=c"
    assert (await at.ask("match.x", method="PUT"))[1] == "two /"
    assert (await at.ask("match.x", method="POST"))[1] == "one /"


def modified(kind: str) -> str:
    field = kind[0].lower() + kind[1:]
    return (f"{{type: {kind}, {field}: {{set: [{{name: x-set, value: s}}], "
            "add: [{name: x-add, value: a}], remove: [x-gone]}}")  # fmt: skip


@feature("HTTPRouteResponseHeaderModification", "HTTPRouteBackendRequestHeaderModification",
         host="headers.x",
         rules=f"{{filters: [{modified('ResponseHeaderModifier')}], backendRefs: [{{name: one, "
               f"port: 80, filters: [{modified('RequestHeaderModifier')}]}}]}}")
async def headers(at: Edge) -> None:
    _, _, answered = await at.ask("headers.x", x_gone="1", x_add="0")
    asked = at.one.asked[-1].headers
    assert (asked["x-set"], "x-gone" in asked) == ("s", False)
    assert ",".join(asked.getall("x-add")) == "0,a"
    assert (answered["x-set"], answered["x-add"]) == ("s", "a")


def redirected(path: str, more: str) -> str:
    return (f"{{matches: [{{path: {{value: {path}}}}}], filters: [{{type: RequestRedirect, "
            f"requestRedirect: {{{more}}}}}]}}")  # fmt: skip


@feature(
    "HTTPRoutePortRedirect", "HTTPRouteSchemeRedirect", "HTTPRoutePathRedirect",
    "HTTPRoute303RedirectStatusCode", "HTTPRoute307RedirectStatusCode",
    "HTTPRoute308RedirectStatusCode", host="moved.x",
    rules=", ".join((
        redirected("/port", "port: 8083"), redirected("/scheme", "scheme: https"),
        redirected("/both", "scheme: https, port: 444"),
        redirected("/full", "path: {type: ReplaceFullPath, replaceFullPath: /new}"),
        redirected("/cut", "path: {type: ReplacePrefixMatch, replacePrefixMatch: /}"),
        redirected("/c303", "hostname: h.x, statusCode: 303"),
        redirected("/c307", "hostname: h.x, statusCode: 307"),
        redirected("/c308", "hostname: h.x, statusCode: 308"),
    )),
)  # fmt: skip
async def moved(at: Edge) -> None:
    for path, code, to in (
        ("/port", 302, "http://moved.x:8083/port"), ("/scheme", 302, "https://moved.x/scheme"),
        ("/both", 302, "https://moved.x:444/both"), ("/full/a", 302, "http://moved.x/new"),
        ("/cut/a", 302, "http://moved.x/a"), ("/c303", 303, "http://h.x/c303"),
        ("/c307", 307, "http://h.x/c307"), ("/c308", 308, "http://h.x/c308"),
    ):  # fmt: skip
        status, _, answered = await at.ask("moved.x", path)
        assert (status, answered["location"]) == (code, to), path


@feature("HTTPRouteHostRewrite", "HTTPRoutePathRewrite", host="new.x",
         rules="{filters: [{type: URLRewrite, urlRewrite: {hostname: one.example, path: {type: "
               f"ReplacePrefixMatch, replacePrefixMatch: /in}}}}}}], {TO_ONE}}}")
async def rewritten(at: Edge) -> None:
    assert (await at.ask("new.x", "/a"))[1] == "one /in/a"
    assert at.one.asked[-1].headers["host"] == "one.example"


def mirrored(path: str, *copies: str) -> str:
    filters = ", ".join(f"{{type: RequestMirror, requestMirror: {{{one}}}}}" for one in copies)
    return f"{{matches: [{{path: {{value: {path}}}}}], filters: [{filters}], {TO_ONE}}}"


COPY = "backendRef: {name: two, port: 80}"


@feature("HTTPRouteRequestMirror", "HTTPRouteRequestMultipleMirrors",
         "HTTPRouteRequestPercentageMirror", host="copied.x",
         rules=", ".join((
             mirrored("/all", COPY), mirrored("/both", COPY, COPY.replace("two", "one")),
             mirrored("/half", f"{COPY}, percent: 50"), mirrored("/never", f"{COPY}, percent: 0"),
             mirrored("/tenth", f"{COPY}, fraction: {{numerator: 100, denominator: 1000}}"),
         )))  # fmt: skip
async def copied(at: Edge) -> None:
    for _ in range(200):
        for path in ("/half", "/tenth", "/never"):
            assert (await at.ask("copied.x", path))[1] == f"one {path}"
    assert (await at.ask("copied.x", "/both"))[1] == "one /both"
    assert (await at.ask("copied.x", "/all"))[1] == "one /all"
    await _until(lambda: "/all" in at.two.paths())
    await _until(lambda: at.one.paths().count("/both") == 2 and "/both" in at.two.paths())
    found = Counter(at.two.paths())
    assert 60 < found["/half"] < 140  # more than five standard deviations either way
    assert 1 < found["/tenth"] < 45
    assert found["/never"] == 0


SLOW = f"{{matches: [{{path: {{value: /slow}}}}], timeouts: {{TIMES}}, {TO_ONE}}}"


@feature("HTTPRouteRequestTimeout", host="late.x", rules=SLOW.replace("TIMES", "request: 100ms"))
async def late(at: Edge) -> None:
    assert (await at.ask("late.x", "/slow"))[0] == 504


@feature("HTTPRouteBackendTimeout", host="lazy.x",
         rules=SLOW.replace("TIMES", "backendRequest: 100ms"))
async def lazy(at: Edge) -> None:
    assert (await at.ask("lazy.x", "/slow"))[0] == 504


@feature("HTTPRouteParentRefPort", "HTTPRouteDestinationPortMatching", "GatewayPort8080")
async def by_port(at: Edge) -> None:
    assert (await at.ask("any.x", "/at8080", at=8080))[1] == "two /at8080"
    assert (await at.ask("any.x", "/at8080"))[0] == 404


@feature("HTTPRouteBackendProtocolH2C", host="h2c.x",
         rules="{backendRefs: [{name: grpc, port: 80}]}")
async def spoken_to_in_http2(at: Edge) -> None:
    """A server of HTTP/2 alone understands what comes in as HTTP/1.1."""
    status, _, answered = await at.ask("h2c.x", "/a.B/C", method="POST",
                                       content_type="application/grpc")  # fmt: skip
    assert (status, answered["content-type"]) == (200, "application/grpc")


@feature("HTTPRouteBackendProtocolWebSocket", host="ws.x", rules=f"{{{TO_ONE}}}")
async def upgraded(at: Edge) -> None:
    url = f"http://127.0.0.1:{at.ports[80]}/socket"
    async with at.session.ws_connect(url, headers={"Host": "ws.x"}) as socket:
        await socket.send_str("hello")
        assert await socket.receive_str(timeout=5) == "one heard hello"


@feature("HTTPRouteNamedRouteRule", "GRPCRouteNamedRouteRule")
async def named(at: Edge) -> None:
    tables = at.pilot.push.mesh.routings
    names = {rule.name for one in tables for rule in one.http}
    assert {"edge.named.first", "edge.calls.told"} <= names
    assert (await at.ask("named.x"))[1] == "one /"


RULES.append(("named.x", f"{{name: first, {TO_ONE}}}"))
CORS = ("allowOrigins: ['https://a.x', 'https://*.b.x'], allowMethods: [GET, PUT], allowHeaders: "
        "[x-a], exposeHeaders: [x-b], allowCredentials: true, maxAge: 60")  # fmt: skip


@feature("HTTPRouteCORS", host="cors.x",
         rules=f"{{filters: [{{type: CORS, cors: {{{CORS}}}}}], {TO_ONE}}}")
async def other_origins(at: Edge) -> None:
    ask = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a"}
    for origin, may in (("https://a.x", True), ("https://c.b.x", True), ("https://c.x", False)):
        _, _, told = await at.ask("cors.x", method="OPTIONS", Origin=origin, **ask)
        assert told.get("access-control-allow-origin") == (origin if may else None)
        if may:
            assert told["access-control-allow-credentials"] == "true"
            assert told["access-control-max-age"] == "60"
            assert "PUT" in told["access-control-allow-methods"]
            assert told["access-control-allow-headers"] == "x-a"
        _, _, told = await at.ask("cors.x", Origin=origin)
        assert told.get("access-control-expose-headers") == ("x-b" if may else None)


RETRY = f"{{matches: [{{path: {{value: PATH}}}}], retry: {{MORE}}, {TO_ONE}}}"


@feature("HTTPRouteRetry", "HTTPRouteRetryBackendTimeout", host="again.x",
         rules=", ".join((
             RETRY.replace("PATH", "/coded").replace("MORE", "codes: [503], attempts: 2, "
                                                     "backoff: 25ms"),
             RETRY.replace("PATH", "/slow").replace(
                 "MORE}", "attempts: 1, backoff: 25ms}, timeouts: {backendRequest: 100ms}"),
         )))  # fmt: skip
async def tried_again(at: Edge) -> None:
    assert (await at.ask("again.x", "/coded", x_fail="2", x_id="a"))[0] == 200
    assert (await at.ask("again.x", "/coded", x_fail="9", x_id="b"))[0] == 503
    assert sum(one.headers.get("x-id") == "b" for one in at.one.asked) == 3
    assert (await at.ask("again.x", "/slow", x_id="c"))[0] == 504
    assert sum(one.headers.get("x-id") == "c" for one in at.one.asked) == 2


@feature("HTTPRouteRetryConnectionError", host="refused.x",
         rules="{retry: {attempts: 3, backoff: 25ms}, backendRefs: [{name: moody, port: 80}]}")
async def hung_up_upon(at: Edge) -> None:
    at.moods.extend([False, False, True])
    assert (await at.ask("refused.x"))[:2] == (200, "at last")
    at.moods.extend([False] * 4)
    assert (await at.ask("refused.x"))[0] == 503
    assert not at.moods


@feature("GatewayHTTPListenerIsolation")
async def isolated(at: Edge) -> None:
    mine = {"any": "bar.com", "wide": "bar.example.com", "closer": "bar.foo.example.com",
            "exact": "abc.foo.example.com"}  # fmt: skip
    for listener, host in mine.items():
        for path in mine:
            status = (await at.ask(host, f"/{path}", at=8081))[0]
            assert status == (200 if path == listener else 404), (host, path)


@feature("GatewayHTTPSListenerDetectMisdirectedRequests")
async def misdirected(at: Edge) -> None:
    for sni, host, status in (
        ("first.example", "first.example", 200), ("first.example", "second.example", 421),
        ("first.example", "unknown.example", 404), ("second.example", "second.example", 200),
        ("second.example", "first.example", 421), ("second.example", "unknown.example", 421),
    ):  # fmt: skip
        assert (await at.sealed(host, at=443, sni=sni))[0] == status, (sni, host)


@feature("GatewayListenerSet")
async def added(at: Edge) -> None:
    assert (await at.ask("set.x", at=8090))[1] == "two /"
    assert at.said("ListenerSet", "more")["Programmed"] == ("True", "Programmed")


@feature("GatewayFrontendClientCertificateValidation",
         "GatewayFrontendClientCertificateValidationInsecureFallback")
async def clients(at: Edge) -> None:
    good, bad = pair("client", at.authority), pair("stranger")
    assert (await at.sealed("c.x", at=10443, own=good))[0] == 200
    assert (await at.sealed("c.x", at=10443, own=bad))[0] == 0
    assert (await at.sealed("c.x", at=10443))[0] == 0
    for own in (good, bad, None):
        assert (await at.sealed("c.x", at=11443, own=own))[0] == 200
    assert at.said("Gateway", "gw")["InsecureFrontendValidationMode"][0] == "True"


@feature("ReferenceGrant", host="far.x",
         rules="{backendRefs: [{name: far-one, namespace: shop, port: 80}]}, {matches: [{path: "
               "{value: /two}}], backendRefs: [{name: far-two, namespace: shop, port: 80}]}")
async def granted(at: Edge) -> None:
    assert (await at.ask("far.x"))[1] == "one /"
    assert (await at.ask("far.x", "/two"))[0] == 500
    assert at.said("HTTPRoute", "far")["ResolvedRefs"] == ("False", "RefNotPermitted")


CALLS = """
---
kind: GRPCRoute
metadata: {name: calls}
spec:
  parentRefs: [{name: gw, sectionName: http}]
  hostnames: [calls.x]
  rules:
  - name: told
    matches: [{method: {service: a.B, method: C}}]
    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, value: s}]}}]
    backendRefs: [{name: grpc, port: 80}]
  - matches: [{method: {service: d.E}, headers: [{name: x-who, value: me}]}]
    backendRefs: [{name: grpc, port: 80}]
  - matches: [{method: {type: RegularExpression, service: "f\\\\..*", method: "[GH]"}}]
    backendRefs: [{name: grpc, port: 80}]
"""  # noqa: E501


@feature("GRPCRoute")
async def calls(at: Edge) -> None:
    assert await at.call("calls.x", "/a.B/C") == ("OK", "/a.B/C s")
    assert (await at.call("calls.x", "/a.B/D"))[0] == "UNIMPLEMENTED"
    assert (await at.call("calls.x", "/d.E/F"))[0] == "UNIMPLEMENTED"
    assert await at.call("calls.x", "/d.E/F", **{"x-who": "me"}) == ("OK", "/d.E/F")
    assert await at.call("calls.x", "/f.X/H") == ("OK", "/f.X/H")
    assert (await at.call("calls.x", "/f.X/I"))[0] == "UNIMPLEMENTED"


@feature("TLSRoute", "TLSRouteModeTerminate", "TLSRouteModeMixed")
async def by_name(at: Edge) -> None:
    assert await at.sealed("passed.example", at=8443) == (200, "tls /")
    assert (await at.sealed("other.example", at=8443))[0] == 0
    assert await at.sealed("ended.example", at=9443) == (200, "one /")
    assert await at.sealed("too.example", at=9443) == (200, "two /")
    assert (await at.sealed("other.example", at=9443))[0] == 0
    assert await at.sealed("passed.example", at=9444) == (200, "tls /")
    assert await at.sealed("ended.example", at=9444) == (200, "one /")


@feature("TCPRoute")
async def bytes_alone(at: Edge) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", at.ports[9000])
    assert await asyncio.wait_for(reader.readline(), 5) == b"hello from tcp\n"
    writer.close()


@feature("BackendTLSPolicy", "BackendTLSPolicySANValidation", host="behind.x",
         rules="{backendRefs: [{name: tls, port: 80}]}, {matches: [{path: {value: /wrong}}], "
               "backendRefs: [{name: wrong, port: 80}]}")
async def behind(at: Edge) -> None:
    assert (await at.ask("behind.x"))[:2] == (200, "tls /")
    assert (await at.ask("behind.x", "/wrong"))[0] == 503
    assert at.said("BackendTLSPolicy", "tls")["Accepted"] == ("True", "Accepted")


@feature("GatewayAddressEmpty", "GatewayStaticAddresses", "GatewayInfrastructurePropagation")
async def placed(at: Edge) -> None:
    """A Gateway beside the first: what it asks of its Service, and when it is programmed."""
    at.apply("""
kind: Gateway
metadata: {name: fixed, annotations: {networking.istio.io/service-type: ClusterIP}}
spec:
  gatewayClassName: istio
  addresses: [{value: 127.9.0.2}]
  infrastructure: {labels: {team: a}, annotations: {note: b}}
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
kind: Gateway
metadata: {name: empty}
spec:
  gatewayClassName: istio
  addresses: [{type: IPAddress}]
  listeners: [{name: http, port: 80, protocol: HTTP}]
""")
    await _until(lambda: any(one["metadata"]["name"] == "empty-istio" for one in _made(at)))
    [account, deployment, service] = [
        one for one in _made(at) if one["metadata"]["name"] == "fixed-istio"
    ]
    for one in (account, deployment, service):
        assert (one["metadata"]["labels"]["team"], one["metadata"]["annotations"]["note"]) == (
            "a", "b")  # fmt: skip
    assert (service["spec"]["clusterIP"], service["spec"]["type"]) == ("127.9.0.2", "ClusterIP")
    assert at.said("Gateway", "fixed")["Programmed"] == ("False", "AddressNotAssigned")
    for address, programmed in (("127.9.0.3", "AddressNotUsable"), ("127.9.0.2", "Programmed")):
        at.apply(f"kind: Service\nmetadata: {{name: fixed-istio}}\n"
                 f"spec: {{clusterIP: {address}, ports: [{{name: p, port: 80}}]}}")  # fmt: skip
        await _until(
            lambda: at.said("Gateway", "fixed")["Programmed"][1] == programmed  # noqa: B023
        )
    at.apply("kind: Service\nmetadata: {name: empty-istio}\n"
             "spec: {clusterIP: 127.9.0.4, ports: [{name: p, port: 80}]}")  # fmt: skip
    await _until(lambda: at.said("Gateway", "empty")["Programmed"][0] == "True")


def _made(at: Edge) -> tuple:
    return at.pilot.push.made.value


async def _until(check: Callable[[], bool]) -> None:
    async def checked() -> bool:
        return check()

    await until("what was asked for", checked)


def objects() -> str:
    text = GATEWAY + "".join(route(host, rules) for host, rules in RULES) + CALLS
    for name in ("any", "wide", "closer", "exact"):
        path = f"matches: [{{path: {{value: /{name}}}}}]"
        text += (f"---\nkind: HTTPRoute\nmetadata: {{name: iso-{name}}}\nspec: {{parentRefs: ["
                 f"{on(name)}], rules: [{{{path}, {TO_ONE}}}]}}\n")  # fmt: skip
    text += attached("HTTPRoute", "at8080", "{name: gw, port: 8080}", "two")
    text += attached("HTTPRoute", "first", on("sealed"), "one", ", hostnames: [first.example]")
    text += attached("HTTPRoute", "second", on("second"), "two")
    text += attached("HTTPRoute", "added", "{kind: ListenerSet, name: more}", "two")
    text += attached("HTTPRoute", "shown", f"{on('shown')}, {on('shy')}", "one")
    text += attached("TLSRoute", "passed", f"{on('passed')}, {on('mixed-passed')}", "passed",
                     ", hostnames: [passed.example]")  # fmt: skip
    text += attached("TLSRoute", "ended", f"{on('ended')}, {on('mixed-ended')}", "one",
                     ", hostnames: [ended.example]")  # fmt: skip
    text += attached("TLSRoute", "too", on("ended"), "two", ", hostnames: [too.example]")
    text += attached("TCPRoute", "tcp", on("tcp"), "tcp")
    return text


def test_every_feature_that_is_claimed_works_at_a_gateway(envoy, free_ports, tmp_path):
    async def story() -> None:
        async with edge(free_ports, envoy, tmp_path, PORTS, objects()) as at:
            text = at.authority.chain.decode().replace("\n", "\n    ")
            at.apply(f"kind: ConfigMap\nmetadata: {{name: ca}}\ndata:\n  ca.crt: |\n    {text}")
            at.secret("cert", pair("gateway.example"))

            async def sealed() -> bool:
                return (await at.sealed("first.example", at=443))[0] == 200

            await until("the certificate", sealed)
            failed = {}
            for check in dict.fromkeys(CHECKS.values()):
                try:
                    await check(at)
                except Exception as error:  # all of them are told at once
                    failed[check.__name__] = repr(error)[:600]
            assert not failed, "\n".join(f"{name}: {why}" for name, why in failed.items())

    asyncio.run(story())


def test_nothing_is_claimed_without_a_check():
    claimed = {one for one in FEATURES if not one.startswith("Mesh")}
    assert claimed == set(CHECKS)
    assert list(FEATURES) == sorted(FEATURES)
