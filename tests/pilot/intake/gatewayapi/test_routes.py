"""Routes of the Gateway API into routings, and what their status says."""

import yaml

from telltale.kube import codec
from telltale.kube.gatewayapi.kinds import DEFINITIONS
from telltale.kube.meta import Config
from telltale.model.route import MESH, NOBODY, Direct, How, Redirect, Rewrite, Routing
from telltale.model.service import Port, Protocol, Service
from telltale.pilot.intake.gatewayapi.read import NAMESPACES, Found, read
from telltale.pilot.intake.gatewayapi.world import World
from telltale.pilot.intake.status import About

KINDS = {one.kind.kind: one.kind for one in DEFINITIONS} | {"Namespace": NAMESPACES}


def service(name: str, namespace: str = "shop", port: int = 80) -> Service:
    host = f"{name}.{namespace}.svc.cluster.local"
    return Service(name, namespace, host, (Port(port, Protocol.HTTP),), ("10.0.0.9",))


SERVICES = [service("cart"), service("cart-v2"), service("pay", "bank"), service("gw-istio")]
KNOWN = {one.host: one for one in SERVICES}


def found(text: str) -> Found:
    objects = [one for one in yaml.safe_load_all(text) if one]

    def of(kind):
        return [codec.convert(Config, one) for one in objects if KINDS[one["kind"]] == kind]

    return read(of, World("cluster.local", KNOWN))


def route(spec: str, name: str = "a", namespace: str = "shop", kind: str = "HTTPRoute") -> str:
    meta = f"{{name: {name}, namespace: {namespace}, generation: 3}}"
    return f"---\nkind: {kind}\nmetadata: {meta}\nspec: {spec}\n"


def said(of: Found, name: str = "a", namespace: str = "shop", kind: str = "HTTPRoute") -> dict:
    """Of the first parent: type to status and reason."""
    parents = of.statuses[About(KINDS[kind], namespace, name)]["parents"]
    return {
        one["type"]: (one["status"], one["reason"]) for one in parents[0]["conditions"]
    } if parents else {}  # fmt: skip


def only(of: Found) -> Routing:
    [one] = of.routings
    return one


MESH_PARENT = "parentRefs: [{kind: Service, group: '', name: cart}]"
GOOD = {"Accepted": ("True", "Accepted"), "ResolvedRefs": ("True", "ResolvedRefs")}


def test_a_route_of_a_service_is_for_everybody_who_calls_it():
    given = found(route(f"{{{MESH_PARENT}, rules: [{{backendRefs: [{{name: cart, port: 80, "
                        "weight: 9}, {name: cart-v2, port: 80}]}]}"))  # fmt: skip
    one = only(given)
    assert (one.hosts, one.gateways, one.alone) == (
        ("cart.shop.svc.cluster.local",), (MESH,), True)  # fmt: skip
    assert one.scope.namespaces == ("*",)
    assert [share.weight for share in one.http[0].shares] == [9, 1]
    assert said(given) == GOOD
    parent = given.statuses[About(KINDS["HTTPRoute"], "shop", "a")]["parents"][0]
    assert parent["parentRef"] == {"group": "", "kind": "Service", "name": "cart"}
    assert {one["observedGeneration"] for one in parent["conditions"]} == {3}


def test_a_route_in_the_clients_namespace_is_for_them_alone():
    parent = "parentRefs: [{kind: Service, group: '', name: pay, namespace: bank}]"
    one = only(found(route(f"{{{parent}, rules: [{{backendRefs: [{{name: cart, port: 80}}]}}]}}")))
    assert one.scope.namespaces == ("shop",)
    assert one.hosts == ("pay.bank.svc.cluster.local",)


def test_rules_of_several_routes_are_one_table_the_most_specific_first():
    old = route(f"{{{MESH_PARENT}, rules: [{{backendRefs: [{{name: cart, port: 80}}]}}]}}", "b")
    new = route(f"{{{MESH_PARENT}, rules: [{{matches: [{{path: {{value: /x}}}}, "
                "{path: {type: Exact, value: /y}}], backendRefs: [{name: cart-v2, port: 80}]}]}",
                "a")  # fmt: skip
    one = only(found(old + new))
    assert [(http.origin.name, http.matches[0].path.value) for http in one.http] == [
        ("a", "/y"), ("a", "/x"), ("b", "/"),
    ]  # fmt: skip


def test_a_port_of_the_parent_is_a_condition_of_the_match():
    parent = "parentRefs: [{kind: Service, group: '', name: cart, port: 80}]"
    rules = "rules: [{backendRefs: [{name: cart, port: 80}]}]"
    assert only(found(route(f"{{{parent}, {rules}}}"))).http[0].matches[0].port == 80
    given = found(route(f"{{{parent.replace('80', '81')}, {rules}}}"))
    assert said(given)["Accepted"] == ("False", "NoMatchingParent")
    assert given.routings == []


def test_a_backend_that_is_not_there_has_its_share_of_500():
    rules = "rules: [{backendRefs: [{name: cart, port: 80}, {name: none, port: 80}]}]"
    given = found(route(f"{{{MESH_PARENT}, {rules}}}"))
    assert [one.destination == NOBODY for one in only(given).http[0].shares] == [False, True]
    assert said(given)["ResolvedRefs"] == ("False", "BackendNotFound")
    assert said(given)["Accepted"] == ("True", "Accepted")


def test_without_any_backend_everything_is_500():
    for refs in ("[{name: none, port: 80}]", "[{name: cart, port: 80, weight: 0}]", "[]"):
        one = only(found(route(f"{{{MESH_PARENT}, rules: [{{backendRefs: {refs}}}]}}")))
        assert one.http[0].direct == Direct(500)
        assert one.http[0].shares == ()


def test_another_namespace_must_grant_its_backend():
    rules = "rules: [{backendRefs: [{name: pay, namespace: bank, port: 80}]}]"
    text = route(f"{{{MESH_PARENT}, {rules}}}")
    assert said(found(text))["ResolvedRefs"] == ("False", "RefNotPermitted")
    grant = route("{from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}],"
                  " to: [{group: '', kind: Service, name: NAME}]}", "g", "bank", "ReferenceGrant")
    assert said(found(text + grant.replace("NAME", "pay"))) == GOOD
    assert said(found(text + grant.replace("NAME", "other")))["ResolvedRefs"][0] == "False"


def test_kinds_and_ports_of_backends_are_judged():
    def reason(ref: str) -> str:
        given = found(route(f"{{{MESH_PARENT}, rules: [{{backendRefs: [{ref}]}}]}}"))
        return said(given)["ResolvedRefs"][1]

    assert reason("{kind: Bucket, group: example.com, name: b}") == "InvalidKind"
    assert reason("{name: cart, port: 81}") == "BackendNotFound"
    assert reason("{name: cart}") == "UnsupportedValue"
    hostname = "{kind: Hostname, group: networking.istio.io, name: cart.shop.svc.cluster.local, "
    assert reason(f"{hostname}port: 80}}") == "ResolvedRefs"


def test_filters_and_their_backends():
    text = route(f"""{{{MESH_PARENT}, rules: [{{filters: [
      {{type: RequestHeaderModifier, requestHeaderModifier: {{set: [{{name: X, value: '1'}}],
        add: [{{name: Y, value: '2'}}], remove: [Z]}}}},
      {{type: ResponseHeaderModifier, responseHeaderModifier: {{remove: [W]}}}},
      {{type: RequestMirror, requestMirror: {{backendRef: {{name: cart-v2, port: 80}},
        fraction: {{numerator: 1, denominator: 4}}}}}},
      {{type: CORS, cors: {{allowOrigins: ['https://*.example.com'], maxAge: 7}}}}],
      backendRefs: [{{name: cart, port: 80, filters: [{{type: RequestHeaderModifier,
        requestHeaderModifier: {{set: [{{name: V, value: '3'}}]}}}}]}}],
      timeouts: {{request: 3s, backendRequest: 1s}},
      retry: {{codes: [503], attempts: 4, backoff: 100ms}}}}]}}""")
    http = only(found(text)).http[0]
    assert http.request.set == (("x", "1"),)
    assert http.request.add == (("y", "2"),)
    assert http.request.remove == ("z",)
    assert http.response.remove == ("w",)
    assert (http.mirrors[0].destination.host[:7], http.mirrors[0].share) == ("cart-v2", 0.25)
    assert http.cors.origins[0].how is How.REGEX
    assert http.cors.max_age_s == 7
    assert http.shares[0].request.set == (("v", "3"),)
    assert http.timeout_s == 3
    assert (http.retries.attempts, http.retries.per_try_s, http.retries.codes) == (4, 1, (503,))


def changed(filter: str, path: str) -> list:
    text = route(f"{{{MESH_PARENT}, rules: [{{matches: [{{path: {path}}}], filters: [{filter}], "
                 "backendRefs: [{name: cart, port: 80}]}]}")  # fmt: skip
    return [
        (one.matches[0].path.how, one.matches[0].path.value, one.rewrite or one.redirect)
        for one in only(found(text)).http
    ]


def test_a_prefix_is_replaced_by_whole_segments():
    def rewrite(to: str, path: str) -> list:
        filter = f"{{type: URLRewrite, urlRewrite: {{path: {{type: ReplacePrefixMatch, " \
                 f"replacePrefixMatch: {to}}}}}}}"  # fmt: skip
        return changed(filter, f"{{value: {path}}}")

    assert rewrite("/b", "/a") == [(How.PATH, "/a", Rewrite("/b"))]
    assert rewrite("/b/", "/a/") == [(How.PATH, "/a", Rewrite("/b"))]
    assert rewrite("/b", "/") == [(How.PREFIX, "/", Rewrite("/b/"))]
    assert rewrite("/", "/a") == [
        (How.EXACT, "/a", Rewrite(None, "", "^/.*$", "/")), (How.PREFIX, "/a/", Rewrite("/")),
    ]  # fmt: skip


def test_a_whole_path_is_replaced_whatever_was_matched():
    filter = "{type: URLRewrite, urlRewrite: {hostname: b.c, path: {type: ReplaceFullPath, " \
             "replaceFullPath: /n}}}"  # fmt: skip
    assert changed(filter, "{value: /a}") == [
        (How.PATH, "/a", Rewrite(None, "b.c", "^/.*$", "/n"))
    ]  # fmt: skip


def test_redirects():
    filter = "{type: RequestRedirect, requestRedirect: {scheme: https, hostname: b.c, " \
             "statusCode: 301, path: {type: ReplaceFullPath, replaceFullPath: /n}}}"  # fmt: skip
    [(_, _, redirect)] = changed(filter, "{value: /a}")
    assert redirect == Redirect(path="/n", authority="b.c", scheme="https", port=0, code=301)


def test_what_is_not_supported_is_said_and_answered_with_500():
    odd = "{filters: [{type: ExtensionRef, extensionRef: {group: x, kind: Y, name: z}}]," \
          " backendRefs: [{name: cart, port: 80}]}"  # fmt: skip
    sticky = "{matches: [{path: {value: /s}}], sessionPersistence: {sessionName: s}, " \
             "backendRefs: [{name: cart, port: 80}]}"  # fmt: skip
    good = "{matches: [{path: {value: /g}}], backendRefs: [{name: cart, port: 80}]}"
    given = found(route(f"{{{MESH_PARENT}, rules: [{odd}, {sticky}, {good}]}}"))
    assert said(given) == {**GOOD, "PartiallyInvalid": ("True", "UnsupportedValue")}
    assert {one.matches[0].path.value: one.direct for one in only(given).http} == {
        "/": Direct(500), "/s": Direct(500), "/g": None,
    }  # fmt: skip
    assert {problem.field for problem in given.problems} == {
        "spec.rules[0].filters[0]", "spec.rules[1].sessionPersistence"}  # fmt: skip
    given = found(route(f"{{{MESH_PARENT}, rules: [{odd}, {sticky}]}}"))
    assert said(given)["Accepted"] == ("False", "UnsupportedValue")
    assert given.routings == []


def test_a_malformed_route_spoils_no_other():
    good = route(f"{{{MESH_PARENT}, rules: [{{backendRefs: [{{name: cart, port: 80}}]}}]}}", "b")
    given = found(route("{rules: 7}") + good)
    assert len(given.routings) == 1
    assert [problem.object.name for problem in given.problems] == ["a"]


def test_others_parents_are_left_to_others():
    given = found(route("{parentRefs: [{name: elsewhere}], rules: [{}]}"))
    assert given.statuses[About(KINDS["HTTPRoute"], "shop", "a")] == {"parents": []}


def test_grpc_tcp_and_tls_routes_of_a_service():
    text = route(f"{{{MESH_PARENT}, rules: [{{matches: [{{method: {{service: s, method: m}}}}], "
                 "backendRefs: [{name: cart, port: 80}]}]}", kind="GRPCRoute")  # fmt: skip
    assert only(found(text)).http[0].matches[0].path.value == "/s/m"
    text = route(f"{{{MESH_PARENT}, rules: [{{backendRefs: [{{name: cart, port: 80}}]}}]}}",
                 kind="TCPRoute")  # fmt: skip
    assert only(found(text)).tcp[0].shares[0].destination.port == 80
    named = text.replace("TCPRoute", "TLSRoute").replace("rules", "hostnames: [a.b], rules")
    assert only(found(named)).tls[0].matches[0].sni == ("a.b",)


def test_what_envoy_would_refuse_is_refused_before():
    good = "{matches: [{path: {value: /g}}], backendRefs: [{name: cart, port: 80}]}"
    for match, field in (
        ("{path: {type: RegularExpression, value: '(?=x)'}}", "path"),
        ("{path: {value: a}}", "path"), ("{path: {type: Exact, value: '/a?b'}}", "path"),
        ("{headers: [{name: x, type: RegularExpression, value: '('}]}", "headers"),
    ):  # fmt: skip
        bad = f"{{matches: [{match}], backendRefs: [{{name: cart, port: 80}}]}}"
        given = found(route(f"{{{MESH_PARENT}, rules: [{bad}, {good}]}}"))
        assert [one.matches[0].path.value for one in only(given).http] == ["/g"]
        assert [one.field for one in given.problems] == [f"spec.rules[0].matches[0].{field}"]
        assert said(given)["PartiallyInvalid"] == ("True", "UnsupportedValue")
    odd = "{filters: [{type: RequestRedirect, requestRedirect: {statusCode: 999}}]}"
    given = found(route(f"{{{MESH_PARENT}, rules: [{odd}]}}"))
    assert said(given)["Accepted"] == ("False", "UnsupportedValue")


def test_a_duration_that_is_none_is_a_problem_not_an_error():
    given = found(route(f"{{{MESH_PARENT}, rules: [{{timeouts: {{request: soon}}}}]}}"))
    assert len(given.problems) == 1
    assert given.routings == []
