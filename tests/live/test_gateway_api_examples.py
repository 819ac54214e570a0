"""What the Gateway API's own examples show, one by one: it applies, says what it should, and works.

The manifests are ours, after those of the API's repository (examples/standard, experimental). One
Gateway, `edge`, has the proxies; the other Gateways of the examples name its Service and share
them. Behind it is one pod (`echo.py`) with a Service for each of its servers.
"""
# ruff: noqa: E501 (manifests)

import base64
import json
import socket
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from tests.live.cluster import LiveCluster, fetch, until
from tests.pilot.certificates import Pair, pair

pytestmark = [pytest.mark.live, pytest.mark.root]
NS, SITE = "examples", "examples-site"
API = "gateway.networking.k8s.io"
PROGRAM = Path(__file__).with_name("echo.py")
SERVICES = {"foo": (8081, "http"), "bar": (8082, "http"), "late": (8083, "http"),
            "safe": (8443, "https"), "calls": (9000, "kubernetes.io/h2c"),
            "foo-tcp": (7001, "tcp"), "bar-tcp": (7002, "tcp"), "bar-far": (8082, "http"),
            "sealed": (8443, "tls"), "system": (8443, "https")}  # fmt: skip


def edge() -> str:
    """The Gateway whose proxies serve them all."""
    secret = "tls: {certificateRefs: [{name: example-com}]}"
    anybody = "allowedRoutes: {namespaces: {from: All}}"
    return f"""
kind: Gateway
metadata: {{name: edge}}
spec:
  gatewayClassName: istio
  allowedListeners: {{namespaces: {{from: Same}}}}
  infrastructure:
    labels: {{team: edge}}
    annotations: {{example: "yes"}}
    parametersRef: {{group: "", kind: ConfigMap, name: parameters}}
  tls:
    frontend:
      perPort:
      - port: 9443
        tls: {{validation: {{caCertificateRefs: [{{group: "", kind: ConfigMap, name: authority}}]}}}}
  listeners:
  - {{name: http, port: 80, protocol: HTTP, {anybody}}}
  - {{name: https, port: 443, protocol: HTTPS, hostname: "*.example.com", {secret}}}
  - {{name: single, port: 443, protocol: HTTPS, hostname: one.wild.com, {secret}}}
  - name: other
    port: 443
    protocol: HTTPS
    hostname: far.example.org
    tls: {{certificateRefs: [{{name: far-cert, namespace: {SITE}}}]}}
  - {{name: passed, port: 8443, protocol: TLS, tls: {{mode: Passthrough}}}}
  - {{name: ended, port: 8444, protocol: TLS, {secret}}}
  - {{name: foo-tcp, port: 8080, protocol: TCP, allowedRoutes: {{kinds: [{{kind: TCPRoute}}]}}}}
  - {{name: bar-tcp, port: 8090, protocol: TCP, allowedRoutes: {{kinds: [{{kind: TCPRoute}}]}}}}
  - {{name: checked, port: 9443, protocol: HTTPS, {secret}}}
"""  # fmt: skip


def route(
    name: str, rules: str, *, kind: str = "HTTPRoute", more: str = "", parent: str = ""
) -> str:
    """For the host NAME.x, unless `more` says otherwise."""
    hosts = "" if "hostnames" in more or kind == "TCPRoute" else f", hostnames: [{name}.x]"
    parent = parent or "{name: edge, sectionName: http}"
    return (f"kind: {kind}\nmetadata: {{name: {name}}}\nspec: {{parentRefs: [{parent}], "
            f"rules: [{rules}]{hosts}{more}}}\n")  # fmt: skip


def to(*names: str) -> str:
    """`foo`, or with a weight `foo=90`."""
    refs = []
    for name, _, weight in (one.partition("=") for one in names):
        refs.append(f"{{name: {name}, port: 80{f', weight: {weight}' if weight else ''}}}")
    return f"backendRefs: [{', '.join(refs)}]"


def at(path: str, filters: str = "", backends: str = "") -> str:
    done = f", filters: [{filters}]" if filters else ""
    return f"{{matches: [{{path: {{value: {path}}}}}]{done}{', ' + backends if backends else ''}}}"


def redirect(more: str) -> str:
    return f"{{type: RequestRedirect, requestRedirect: {{{more}}}}}"


def rewrite(more: str) -> str:
    return f"{{type: URLRewrite, urlRewrite: {{{more}}}}}"


@dataclass
class Edge:
    cluster: LiveCluster
    address: str
    authority: Pair
    folder: Path

    @property
    def status(self) -> Any:
        """The Gateway's own."""
        return self.cluster.read("get", f"gateways.{API}", "edge", "-n", NS)["status"]

    def ask(self, host: str, path: str = "/", *more: str) -> tuple[int, Any]:
        """Status and what the server tells of the request."""
        code, body = fetch(f"http://{self.address}{path}", "-H", f"Host: {host}", *more)
        return code, json.loads(body) if body.startswith("{") else body

    def who(self, host: str, path: str = "/", *more: str) -> str:
        code, told = self.ask(host, path, *more)
        return str(told["name"]) if code == 200 else str(code)

    def head(self, host: str, path: str, *more: str) -> tuple[int, str]:
        """Status and where to."""
        code, body = fetch(f"http://{self.address}{path}", "-H", f"Host: {host}", "-D", "-", *more)
        found = [line.partition(": ")[2] for line in body.splitlines() if line.startswith("loc")]
        return code, found[0].strip() if found else ""

    def sealed(self, host: str, port: int, *more: str) -> tuple[int, Any]:
        to = f"{host}:{port}:{self.address}"
        code, body = fetch(f"https://{host}:{port}/", "--resolve", to, "-k", *more)
        return code, json.loads(body) if body.startswith("{") else body

    def greeting(self, port: int) -> str:
        with socket.create_connection((self.address, port), timeout=5) as one:
            return one.recv(100).decode()

    def call(self, host: str, method: str, **metadata: str) -> str:
        options = [("grpc.default_authority", host)]
        with grpc.insecure_channel(f"{self.address}:80", options) as channel:
            try:
                given = tuple((key.replace("_", "-"), one) for key, one in metadata.items())
                return channel.unary_unary(method)(b"", metadata=given, timeout=5).decode()
            except grpc.RpcError as error:
                return error.code().name

    def said(self, kind: str, name: str, listener: str = "", namespace: str = NS) -> dict[str, Any]:
        """Conditions: type to status and reason; of its first parent, a listener, or itself."""
        plural = f"{kind.lower()}s".replace("policys", "policies")
        found = self.cluster.read("get", f"{plural}.{API}", name, "-n", namespace)
        status = found["status"]
        part = (status.get("parents") or status.get("ancestors") or [status])[0]
        if listener:
            [part] = [one for one in status["listeners"] if one["name"] == listener]
        told = part["conditions"]
        assert {one["observedGeneration"] for one in told} == {found["metadata"]["generation"]}
        return {one["type"]: (one["status"], one["reason"]) for one in told}


@dataclass
class Example:
    name: str
    manifests: str
    check: Callable[[Edge], None]


EXAMPLES: list[Example] = []
GOOD = {"Accepted": ("True", "Accepted"), "ResolvedRefs": ("True", "ResolvedRefs")}


def example(name: str, *manifests: str):
    def take(check: Callable[[Edge], None]) -> Callable[[Edge], None]:
        EXAMPLES.append(Example(name, "---\n".join(manifests), check))
        return check

    return take


@example("simple-gateway", route("simple", f"{at('/login', backends=to('bar'))}, {{{to('foo')}}}"))
def simple(one: Edge) -> None:
    assert (one.who("simple.x"), one.who("simple.x", "/login")) == ("foo", "bar")
    assert one.who("nobody.x") == "404"
    assert one.said("HTTPRoute", "simple") == GOOD
    assert one.said("Gateway", "edge") == {
        "Accepted": ("True", "Accepted"), "Programmed": ("True", "Programmed")
    }  # fmt: skip
    assert one.said("Gateway", "edge", "http")["Conflicted"] == ("False", "NoConflicts")
    status = one.status
    # Its parameters make the Service a NodePort, which has no other address.
    assert status["addresses"] == [{"type": "IPAddress", "value": one.address}]
    counts = {each["name"]: each["attachedRoutes"] for each in status["listeners"]}
    assert (counts["https"], counts["single"], counts["foo-tcp"], counts["ended"]) == (1, 1, 1, 1)
    kinds = {each["name"]: [kind["kind"] for kind in each["supportedKinds"]]
             for each in status["listeners"]}  # fmt: skip
    assert (kinds["http"], kinds["passed"]) == (["HTTPRoute", "GRPCRoute"], ["TLSRoute"])
    for kind in ("deployment", "service", "serviceaccount"):
        meta = one.cluster.read("get", kind, "edge-istio", "-n", NS)["metadata"]
        assert (meta["labels"]["team"], meta["annotations"]["example"]) == ("edge", "yes")
    assert one.cluster.read("get", "service", "edge-istio", "-n", NS)["spec"]["type"] == "NodePort"
    made = one.cluster.read("get", "deployment", "edge-istio", "-n", NS)
    assert made["status"]["readyReplicas"] == 2


@example("basic-http and http-routing", route(
    "basic", f"{{{to('foo')}}}, {{matches: [{{path: {{value: /some/thing}}, method: GET, headers: "
    f"[{{name: magic, value: foo}}], queryParams: [{{name: great, value: example}}]}}], "
    f"{to('bar')}}}"))  # fmt: skip
def basic(one: Edge) -> None:
    magic = ("-H", "magic: foo")
    assert one.who("basic.x", "/some/thing?great=example", *magic) == "bar"
    assert one.who("basic.x", "/some/thing/more?great=example&a=b", *magic) == "bar"
    assert one.who("basic.x", "/some/thing?great=example") == "foo"
    assert one.who("basic.x", "/some/thing", *magic) == "foo"
    assert one.who("basic.x", "/some/thing?great=example", "-X", "POST", *magic) == "foo"


@example("default-match-http", route(
    "default", "{matches: [{headers: [{name: magic, value: default-match}]}], backendRefs: "
    "[{group: acme.io, kind: CustomBackend, name: mine, port: 8080}]}, {matches: [{path: {type: "
    f"Exact, value: /example/exact}}}}], {to('bar')}}}"))  # fmt: skip
def default_match(one: Edge) -> None:
    assert one.who("default.x", "/any", "-H", "magic: default-match") == "500"
    assert one.who("default.x", "/example/exact") == "bar"
    assert one.who("default.x", "/example/exact/") == "404"
    assert one.said("HTTPRoute", "default")["ResolvedRefs"] == ("False", "InvalidKind")
    spec = one.cluster.read("get", f"httproutes.{API}", "default", "-n", NS)["spec"]
    assert spec["rules"][0]["matches"][0]["path"] == {"type": "PathPrefix", "value": "/"}


@example("traffic-splitting", route("split", f"{{matches: [{{headers: [{{name: traffic, value: test}}]}}]"
                                    f", {to('bar')}}}, {{{to('foo=90', 'bar=10')}}}"))  # fmt: skip
def split(one: Edge) -> None:
    assert one.who("split.x", "/", "-H", "traffic: test") == "bar"
    found = Counter(one.who("split.x") for _ in range(200))
    assert set(found) == {"foo", "bar"}
    assert 2 < found["bar"] < 42, found  # 20 expected, more than four standard deviations around


@example("http-redirect-rewrite", route("moved", ", ".join((
    at("/https", redirect("scheme: https, statusCode: 301")), at("/303", redirect("hostname: n.x, statusCode: 303")),
    at("/307", redirect("hostname: n.x, statusCode: 307")), at("/308", redirect("hostname: n.x, statusCode: 308")),
    at("/cayenne", redirect("path: {type: ReplaceFullPath, replaceFullPath: /paprika}")),
    at("/old", redirect("path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}, port: 8083")),
    at("/host", rewrite("hostname: elsewhere.example"), to("foo")),
    at("/full", rewrite("path: {type: ReplaceFullPath, replaceFullPath: /all}"), to("foo")),
    at("/prefix", rewrite("path: {type: ReplacePrefixMatch, replacePrefixMatch: /in}"), to("foo")),
))))  # fmt: skip
def moved(one: Edge) -> None:
    for path, answer in (
        ("/https/a", (301, "https://moved.x/https/a")), ("/303", (303, "http://n.x/303")),
        ("/307", (307, "http://n.x/307")), ("/308", (308, "http://n.x/308")),
        ("/cayenne/x", (302, "http://moved.x/paprika")),
        ("/old/a?b=c", (302, "http://moved.x:8083/new/a?b=c")),
    ):  # fmt: skip
        assert one.head("moved.x", path) == answer, path
    told = one.ask("moved.x", "/host/a")[1]
    assert (told["headers"]["host"], told["path"]) == ("elsewhere.example", "/host/a")
    assert one.ask("moved.x", "/full/a")[1]["path"] == "/all"
    assert one.ask("moved.x", "/prefix/a")[1]["path"] == "/in/a"


EDITS = "{set: [{name: x-set, value: s}], add: [{name: my-header, value: foo}], remove: [x-gone]}"


@example("http-request-header-* and http-response-header", route(
    "headers", f"{{filters: [{{type: RequestHeaderModifier, requestHeaderModifier: {EDITS}}}, {{type: "
    f"ResponseHeaderModifier, responseHeaderModifier: {EDITS}}}], {to('foo')}}}"))  # fmt: skip
def headers(one: Edge) -> None:
    asked = one.ask("headers.x", "/", "-H", "x-gone: 1", "-H", "my-header: bar")[1]["headers"]
    assert (asked["x-set"], "x-gone" in asked) == ("s", False)
    assert "foo" in asked["my-header"]
    _, shown = fetch(f"http://{one.address}/", "-H", "Host: headers.x", "-D", "-", "-o", "/dev/null")
    assert {"x-set: s", "my-header: foo"} <= set(shown.splitlines())


@example("http-request-mirroring", route("mirror", "{filters: [{type: RequestMirror, requestMirror: {"
         f"backendRef: {{name: bar, port: 80}}}}}}], {to('foo')}}}"))  # fmt: skip
def mirror(one: Edge) -> None:
    assert one.who("mirror.x", "/copied") == "foo"
    seen = f"http://{one.cluster.service_address('bar', NS)}/seen"
    until(lambda: "" if "/copied" in fetch(seen)[1] else "no copy", 10, "the copy to arrive")


LATE = at("/slow", backends=to("late"))[:-1]


@example("http-route-timeouts and http-retries", f"apiVersion: {API}/v1beta1\n" + route(
    "patience", f"{LATE}, timeouts: {{request: 300ms, backendRequest: 200ms}}}}, "
    f"{at('/again', backends=to('late'))[:-1]}, retry: {{codes: [503], attempts: 2, backoff: 25ms}}}}"))
def patience(one: Edge) -> None:
    assert one.who("patience.x", "/slow") == "504"
    assert one.who("patience.x", "/again") == "late"


@example("http-route-rule-name and http-cors", route(
    "cors", "{name: shared, filters: [{type: CORS, cors: {allowOrigins: ['https://*.b.x'], allowMethods: "
    f"[GET], allowCredentials: true, maxAge: 60}}}}], {to('foo')}}}"))  # fmt: skip
def cors(one: Edge) -> None:
    ask = ("-X", "OPTIONS", "-H", "Access-Control-Request-Method: GET", "-D", "-", "-o", "/dev/null",
           "-H", "Host: cors.x")  # fmt: skip
    told = fetch(f"http://{one.address}/", *ask, "-H", "Origin: https://a.b.x")[1]
    assert "access-control-allow-origin: https://a.b.x" in told
    told = fetch(f"http://{one.address}/", *ask, "-H", "Origin: https://b.y")[1]
    assert "access-control-allow-origin" not in told


SHARED = """
kind: Gateway
metadata: {name: NAME}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: edge-istio}]
  listeners: [{name: web, port: 80, protocol: HTTP, hostname: "*.NAME.x", allowedRoutes: ALLOWED}]
"""


def in_site(name: str, parent: str, host: str) -> str:
    return (f"kind: HTTPRoute\nmetadata: {{name: {name}, namespace: {SITE}}}\nspec: {{parentRefs: "
            f"[{{name: {parent}, namespace: {NS}}}], hostnames: [{host}], rules: [{{{to('bar-far')}}}]}}\n"
            )  # fmt: skip


@example(
    "cross-namespace-routing and http-route-attachment",
    SHARED.replace("NAME", "open").replace(
        "ALLOWED", "{namespaces: {from: Selector, selector: {matchLabels: {shared: 'yes'}}}}"),
    SHARED.replace("NAME", "strict").replace(
        "ALLOWED", "{kinds: [{kind: HTTPRoute}], namespaces: {from: Selector, selector: {matchLabels: "
        f"{{kubernetes.io/metadata.name: {NS}}}}}}}}}"),
    in_site("site", "open", "site.open.x"), in_site("shut", "strict", "site.strict.x"),
    route("mine", f"{{{to('foo')}}}", more=", hostnames: [mine.strict.x]", parent="{name: strict}"),
)  # fmt: skip
def namespaces(one: Edge) -> None:
    assert one.who("site.open.x") == "bar"
    assert one.who("site.strict.x") == "404"
    assert one.who("mine.strict.x") == "foo"
    assert one.said("HTTPRoute", "site", namespace=SITE) == GOOD
    said = one.said("HTTPRoute", "shut", namespace=SITE)
    assert said["Accepted"] == ("False", "NotAllowedByListeners")
    assert one.said("Gateway", "strict")["Programmed"] == ("True", "Programmed")


@example(
    "reference-grant",
    f"kind: ReferenceGrant\nmetadata: {{name: to-bar, namespace: {SITE}}}\nspec: {{from: [{{group: {API}, "
    f"kind: HTTPRoute, namespace: {NS}}}], to: [{{group: '', kind: Service, name: bar-far}}]}}\n",
    route("granted", f"{{backendRefs: [{{name: bar-far, namespace: {SITE}, port: 80}}]}}"),
    route("ungranted", f"{{backendRefs: [{{name: foo-far, namespace: {SITE}, port: 80}}]}}"),
)  # fmt: skip
def grants(one: Edge) -> None:
    assert one.who("granted.x") == "bar"
    assert one.who("ungranted.x") == "500"
    assert one.said("HTTPRoute", "granted") == GOOD
    assert one.said("HTTPRoute", "ungranted")["ResolvedRefs"] == ("False", "RefNotPermitted")


@example("multiple gateways", route("both", f"{{{to('foo')}}}", more=", hostnames: [a.open.x, both.x]",
         parent="{name: edge, sectionName: http}, {name: open}"))  # fmt: skip
def both(one: Edge) -> None:
    assert one.who("both.x") == "foo"
    parents = one.cluster.read("get", f"httproutes.{API}", "both", "-n", NS)["status"]["parents"]
    said = {each["parentRef"]["name"]: each["conditions"][0]["reason"] for each in parents}
    assert said == {"edge": "Accepted", "open": "NotAllowedByListeners"}


@example(
    "simple-http-https, tls-basic, wildcard-tls-gateway, tls-cert-cross-namespace",
    route("tls", f"{{{to('foo')}}}", more=", hostnames: ['*.example.com']",
          parent="{name: edge, sectionName: https}"),
    route("one", f"{{{to('bar')}}}", more=", hostnames: [one.wild.com]",
          parent="{name: edge, sectionName: single}"),
    route("far-tls", f"{{{to('bar')}}}", more=", hostnames: [far.example.org]",
          parent="{name: edge, sectionName: other}"),
    f"kind: ReferenceGrant\nmetadata: {{name: to-cert, namespace: {SITE}}}\nspec: {{from: [{{group: {API}, "
    f"kind: Gateway, namespace: {NS}}}], to: [{{group: '', kind: Secret}}]}}\n",
)  # fmt: skip
def ended(one: Edge) -> None:
    assert one.sealed("a.example.com", 443)[1]["name"] == "foo"
    assert one.sealed("one.wild.com", 443)[1]["name"] == "bar"
    assert one.sealed("far.example.org", 443)[1]["name"] == "bar"
    assert one.sealed("other.wild.com", 443)[0] == 0
    for host, shown in (("a.example.com", "*.example.com"), ("far.example.org", "far.example.org")):
        assert f"DNS:{shown}" in names_of(one.address, 443, host)
    assert one.said("Gateway", "edge", "other")["ResolvedRefs"] == ("True", "ResolvedRefs")


def names_of(address: str, port: int, host: str) -> str:
    """Whose certificate is shown for a host."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((address, port), timeout=5) as raw,
        context.wrap_socket(raw, server_hostname=host) as sealed,
    ):
        pem = ssl.DER_cert_to_PEM_cert(sealed.getpeercert(binary_form=True) or b"")
    done = subprocess.run(["openssl", "x509", "-noout", "-ext", "subjectAltName"], input=pem,
                          capture_output=True, text=True, check=True)  # fmt: skip
    return done.stdout


@example(
    "tls-routing: passed through, and ended at the Gateway",
    f"apiVersion: {API}/v1alpha2\n" + route("passed", f"{{{to('sealed')}}}", kind="TLSRoute", more=", hostnames: [safe.example.com]",
          parent="{name: edge, sectionName: passed}"),
    route("ended", f"{{{to('bar')}}}", kind="TLSRoute", more=", hostnames: [bar.example.com]",
          parent="{name: edge, sectionName: ended}"),
)  # fmt: skip
def by_name(one: Edge) -> None:
    assert one.sealed("safe.example.com", 8443)[1]["name"] == "safe"
    assert "DNS:safe.example" in names_of(one.address, 8443, "safe.example.com")
    assert one.sealed("bar.example.com", 8444)[1]["name"] == "bar"
    assert one.sealed("other.example.com", 8444)[0] == 0
    assert one.said("TLSRoute", "passed") == one.said("TLSRoute", "ended") == GOOD


@example("basic-tcp and tcp-routing", *(
    route(name, f"{{{to(name)}}}", kind="TCPRoute", parent=f"{{name: edge, sectionName: {name}}}")
    for name in ("foo-tcp", "bar-tcp")
))  # fmt: skip
def tcp(one: Edge) -> None:
    assert (one.greeting(8080), one.greeting(8090)) == ("hello from foo\n", "hello from bar\n")
    assert one.said("TCPRoute", "foo-tcp") == GOOD


@example("basic-grpc, grpc-routing, grpc-filter", route(
    "calls", "{matches: [{method: {service: com.example.User, method: Login}}], filters: [{type: "
    "RequestHeaderModifier, requestHeaderModifier: {add: [{name: my-header, value: foo}]}}], "
    f"{to('calls')}}}, {{matches: [{{method: {{service: com.example.Things}}, headers: [{{name: magic, "
    f"value: foo}}]}}], {to('calls')}}}", kind="GRPCRoute"))  # fmt: skip
def calls(one: Edge) -> None:
    assert one.call("calls.x", "/com.example.User/Login") == "/com.example.User/Login foo"
    assert one.call("calls.x", "/com.example.User/Logout") == "UNIMPLEMENTED"
    assert one.call("calls.x", "/com.example.Things/Do", magic="foo") == "/com.example.Things/Do"
    assert one.said("GRPCRoute", "calls") == GOOD


@example(
    "backendtlspolicy",
    "kind: BackendTLSPolicy\nmetadata: {name: safe}\nspec: {targetRefs: [{group: '', kind: Service, name: "
    "safe}], validation: {hostname: safe.example, caCertificateRefs: [{group: '', kind: ConfigMap, name: "
    "authority}]}}\n",
    "kind: BackendTLSPolicy\nmetadata: {name: system}\nspec: {targetRefs: [{group: '', kind: Service, name: "
    "system}], validation: {hostname: safe.example, wellKnownCACertificates: System}}\n",
    route("behind", f"{{{to('safe')}}}"),
)  # fmt: skip
def behind(one: Edge) -> None:
    assert one.who("behind.x") == "safe"
    for name in ("safe", "system"):
        assert one.said("BackendTLSPolicy", name) == GOOD
    status = one.cluster.read("get", f"backendtlspolicies.{API}", "safe", "-n", NS)["status"]
    assert status["ancestors"][0]["ancestorRef"]["name"] == "edge"


@example("frontend-cert-validation", route(
    "checked", f"{{{to('foo')}}}", more=", hostnames: [shown.example.com]",
    parent="{name: edge, sectionName: checked}"))  # fmt: skip
def clients(one: Edge) -> None:
    file = one.folder / "client.pem"
    for signer, status in ((one.authority, 200), (None, 0)):
        own = pair("client", signer)
        file.write_bytes(own.chain + own.key)
        assert one.sealed("shown.example.com", 9443, "--cert", str(file))[0] == status
    assert one.sealed("shown.example.com", 9443)[0] == 0


@example(
    "listenerset",
    "kind: ListenerSet\nmetadata: {name: first}\nspec:\n  parentRef: {name: edge}\n  listeners: [{name: "
    "first, port: 443, protocol: HTTPS, hostname: first.foo.com, tls: {certificateRefs: [{name: "
    "example-com}]}}]\n",
    "kind: ListenerSet\nmetadata: {name: second}\nspec:\n  parentRef: {name: edge}\n  listeners: [{name: "
    "again, port: 443, protocol: HTTPS, hostname: one.wild.com, tls: {certificateRefs: [{name: "
    "example-com}]}}]\n",
    route("set", f"{{{to('bar')}}}", more=", hostnames: [first.foo.com]",
          parent="{kind: ListenerSet, name: first}"),
)  # fmt: skip
def listeners(one: Edge) -> None:
    assert one.sealed("first.foo.com", 443)[1]["name"] == "bar"
    assert one.said("ListenerSet", "first")["Programmed"] == ("True", "Programmed")
    assert one.said("ListenerSet", "second", "again")["Conflicted"] == ("True", "HostnameConflict")
    assert one.said("ListenerSet", "second")["Accepted"] == ("False", "ListenersNotValid")
    status = one.cluster.read("get", f"gateways.{API}", "edge", "-n", NS)["status"]
    assert status["attachedListenerSets"] == 1


@example(
    "clusterip-gateway and gateway-addresses",
    """kind: Gateway
metadata: {name: fixed, annotations: {networking.istio.io/service-type: ClusterIP}}
spec:
  gatewayClassName: istio
  addresses: [{value: 172.29.200.15}]
  listeners: [{name: web, port: 80, protocol: HTTP}]
""",
    SHARED.replace("NAME", "asks").replace("ALLOWED", "{}").replace(
        "addresses: [", "addresses: [{value: 1.2.3.4}, {value: '1234::'}, "),
    route("fixed", f"{{{to('foo')}}}", parent="{name: fixed}"),
)  # fmt: skip
def addresses(one: Edge) -> None:
    def missing() -> str:
        code, _ = fetch("http://172.29.200.15/", "-H", "Host: fixed.x")
        return "" if code == 200 else str(code)

    until(missing, 60, "the Gateway to answer at the address that it asked for")
    status = one.cluster.read("get", f"gateways.{API}", "fixed", "-n", NS)["status"]
    assert status["addresses"] == [{"type": "IPAddress", "value": "172.29.200.15"}]
    assert one.said("Gateway", "fixed")["Programmed"] == ("True", "Programmed")
    assert one.said("Gateway", "asks")["Programmed"] == ("False", "AddressNotUsable")


@example(
    "what is not served: ServiceImports, UDP, a client certificate towards backends",
    route("import", "{backendRefs: [{group: multicluster.x-k8s.io, kind: ServiceImport, name: s, port: 80}]}"),
    SHARED.replace("NAME", "odd").replace("ALLOWED", "{}") +
    "  tls: {backend: {clientCertificateRef: {name: example-com}}}\n",
    SHARED.replace("NAME", "udp").replace("ALLOWED", "{}").replace("HTTP, ", "UDP, ").replace(
        'hostname: "*.udp.x", ', ""),
    "kind: UDPRoute\nmetadata: {name: udp}\nspec: {parentRefs: [{name: udp}], rules: [{backendRefs: [{name: "
    "foo, port: 80}]}]}\n",
)  # fmt: skip
def not_served(one: Edge) -> None:
    assert one.who("import.x") == "500"
    assert one.said("HTTPRoute", "import")["ResolvedRefs"] == ("False", "InvalidKind")
    assert one.said("Gateway", "odd")["Accepted"] == ("False", "UnsupportedValue")
    assert one.said("Gateway", "udp", "web")["Accepted"] == ("False", "UnsupportedProtocol")
    assert one.said("UDPRoute", "udp")["Accepted"] == ("False", "UnsupportedValue")


def backends() -> list[dict[str, Any]]:
    """The pod and its Services; two of them in the other namespace, without a selector there."""
    command = [sys.executable, "/srv/echo.py", "/certificate"]
    mounts = [{"name": "program", "mountPath": "/srv"}, {"name": "own", "mountPath": "/certificate"}]
    container = {
        "name": "app", "image": "nginx", "command": command, "volumeMounts": mounts,
        "readinessProbe": {"tcpSocket": {"port": 9000}, "periodSeconds": 1},
    }  # fmt: skip
    volumes = [{"name": "program", "configMap": {"name": "echo"}},
               {"name": "own", "secret": {"secretName": "safe-cert"}}]  # fmt: skip
    template = {"metadata": {"labels": {"app": "echo"}},
                "spec": {"containers": [container], "volumes": volumes,
                         "terminationGracePeriodSeconds": 1}}  # fmt: skip
    found: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "echo"},
         "data": {"echo.py": PROGRAM.read_text()}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "echo"},
         "spec": {"selector": {"matchLabels": {"app": "echo"}}, "template": template}},
    ]  # fmt: skip
    for name, (port, protocol) in SERVICES.items():
        ports = [{"name": "p", "port": 80, "targetPort": port, "appProtocol": protocol}]
        found.append({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                      "spec": {"selector": {"app": "echo"}, "ports": ports}})  # fmt: skip
    return found


def secret(name: str, of: Pair, namespace: str = NS) -> dict[str, Any]:
    data = {key: base64.b64encode(one).decode()
            for key, one in (("tls.crt", of.chain), ("tls.key", of.key))}  # fmt: skip
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "data": data,
            "metadata": {"name": name, "namespace": namespace}}  # fmt: skip


def far(address: str) -> list[dict[str, Any]]:
    """Services of the other namespace, whose endpoint is the same pod."""
    found: list[dict[str, Any]] = []
    for name in ("bar-far", "foo-far"):
        meta = {"name": name, "namespace": SITE}
        found += [
            {"apiVersion": "v1", "kind": "Service", "metadata": meta,
             "spec": {"ports": [{"name": "http", "port": 80}]}},
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
             "metadata": {**meta, "labels": {"kubernetes.io/service-name": name}},
             "ports": [{"name": "http", "port": 8082}],
             "endpoints": [{"addresses": [address], "conditions": {"ready": True}}]},
        ]  # fmt: skip
    return found


@pytest.fixture(scope="module")
def one(cluster: LiveCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """All examples applied, everything judged, the proxies there."""
    folder, authority = tmp_path_factory.mktemp("examples"), pair("authority")
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NS}},
              {"apiVersion": "v1", "kind": "Namespace",
               "metadata": {"name": SITE, "labels": {"shared": "yes"}}}]  # fmt: skip
    held = [
        *spaces, secret("safe-cert", pair("safe.example", authority)),
        secret("example-com", pair("*.example.com")), secret("far-cert", pair("far.example.org"), SITE),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "authority"},
         "data": {"ca.crt": authority.chain.decode()}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "parameters"},
         "data": {"deployment": "spec: {replicas: 2}", "service": "spec: {type: NodePort}"}},
        *backends(),
    ]  # fmt: skip
    file = folder / "all.yaml"

    def apply(what: list[dict[str, Any]]) -> None:
        for each in what:
            if each["kind"] != "Namespace":
                each["metadata"].setdefault("namespace", NS)
        file.write_text(yaml.safe_dump_all(what))
        cluster.kubectl("apply", "-f", str(file))

    try:
        apply(held)
        texts = [edge(), *(each.manifests for each in EXAMPLES)]
        routes = [one for one in yaml.safe_load_all("---\n".join(texts)) if one]
        apply([{"apiVersion": f"{API}/v1", **each} for each in routes])
        cluster.kubectl("rollout", "status", "-n", NS, "deployment/echo", "--timeout=60s", limit_s=70)
        apply(far(cluster.pod_address("echo", NS)))
        until(lambda: unprogrammed(cluster), 60, "the Gateway to be programmed")
        cluster.kubectl("rollout", "status", "-n", NS, "deployment/edge-istio", "--timeout=60s",
                        limit_s=70)  # fmt: skip
        found = Edge(cluster, cluster.service_address("edge-istio", NS), authority, folder)
        until(lambda: "" if found.who("simple.x") == "foo" else "no answer", 30, "the first answer")
        until(lambda: "" if found.who("site.open.x") == "bar" else "no answer", 30, "the last one")
        yield found
    finally:
        cluster.kubectl("delete", "namespace", NS, SITE, "--timeout=90s", limit_s=100, check=False)


def unprogrammed(cluster: LiveCluster) -> str:
    found = cluster.read("get", f"gateways.{API}", "edge", "-n", NS).get("status", {})
    said = {each["type"]: each for each in found.get("conditions", [])}
    well = said.get("Programmed", {}).get("status") == "True"
    return "" if well else str(said.get("Programmed", "nothing is said"))


@pytest.mark.parametrize("shown", EXAMPLES, ids=[each.name for each in EXAMPLES])
def test_an_example_says_what_it_should_and_works(one: Edge, shown: Example) -> None:
    shown.check(one)
