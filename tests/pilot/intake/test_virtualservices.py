"""VirtualServices: what is refused with which words, and what they are read as."""

import pytest
import yaml

from telltale.kube import codec
from telltale.kube.istio.message import Config
from telltale.kube.istio.virtualservice import VirtualService
from telltale.kube.meta import Ref
from telltale.model.route import (
    Abort,
    Client,
    Cors,
    Delay,
    Destination,
    Edits,
    How,
    Mirror,
    Named,
    Redirect,
    Retries,
    Rewrite,
    Text,
)
from telltale.pilot.intake.checks import check
from telltale.pilot.intake.problem import Level
from telltale.pilot.intake.routing import formats
from telltale.pilot.intake.routing.judge import problems_of
from telltale.pilot.intake.virtualservices import read

TO_A = "route: [{destination: {host: a}}]"
BIG = "x" * ((1 << 20) + 1)


def spec_of(rules: str, hosts: str = "[a]") -> dict:
    return {"hosts": yaml.safe_load(hosts), **yaml.safe_load(rules)}


def config(name: str, spec: dict, namespace: str = "shop", created: str = "2020") -> Config:
    meta = {"name": name, "namespace": namespace, "creationTimestamp": created}
    return codec.convert(Config, {"metadata": meta, "spec": spec})


def judged(spec: dict) -> dict[str, str]:
    """Field to what is wrong, of errors alone."""
    found = problems_of(codec.convert(VirtualService, spec), Ref("VirtualService", "shop", "x"))
    return {
        one.field.removeprefix("spec."): one.what for one in found if one.level is Level.ERROR
    }


def warned(spec: dict) -> dict[str, str]:
    found = problems_of(codec.convert(VirtualService, spec), Ref("VirtualService", "shop", "x"))
    return {
        one.field.removeprefix("spec."): one.what for one in found if one.level is Level.WARNING
    }


REFUSED = [
    ("{}", "http", "there is no http, tls or tcp rule"),
    ("{http: [{}]}", "http[0]", "no route, redirect, directResponse or delegate"),
    (f"{{http: [{{{TO_A}, redirect: {{uri: /x}}}}]}}", "http[0]", "route and redirect"),
    ("{http: [{redirect: {uri: /x}, directResponse: {status: 200}}]}", "http[0]",
     "redirect and directResponse"),
    (f"{{http: [{{{TO_A}, delegate: {{name: b}}}}]}}", "http[0]", "route and delegate"),
    ("{http: [{redirect: {uri: /x}, rewrite: {uri: /y}}]}", "http[0]", "redirect and rewrite"),
    ("{http: [{redirect: {}, fault: {abort: {httpStatus: 500}}}]}", "http[0]",
     "redirect and fault"),
    ("{http: [{route: [{destination: {host: a}, weight: 0}, {destination: {host: b}}]}]}",
     "http[0].route", "all weights are 0"),
    ("{http: [{route: [{destination: {host: ''}}]}]}", "http[0].route[0].destination.host",
     "is empty"),
    ("{http: [{route: [{destination: {host: '*'}}]}]}",
     "http[0].route[0].destination.host", "is not a host"),
    ("{http: [{route: [{destination: {host: a, port: {}}}]}]}",
     "http[0].route[0].destination.port", "has no number"),
    (f"{{http: [{{match: [{{uri: {{prefix: ''}}}}], {TO_A}}}]}}", "http[0].match[0].uri.prefix",
     "is empty"),
    (f"{{http: [{{match: [{{uri: {{}}}}], {TO_A}}}]}}", "http[0].match[0].uri", "says nothing"),
    (f"{{http: [{{match: [{{uri: {{exact: /a, prefix: /b}}}}], {TO_A}}}]}}",
     "http[0].match[0].uri", "exact and prefix"),
    (f"{{http: [{{match: [{{uri: {{regex: '(?=a)'}}}}], {TO_A}}}]}}",
     "http[0].match[0].uri.regex", "not RE2"),
    (f"{{http: [{{match: [{{headers: {{'a b': {{exact: x}}}}}}], {TO_A}}}]}}",
     "http[0].match[0].headers", "is not a header's name"),
    (f"{{http: [{{match: [{{headers: {{'@request.auth.claims.a': {{exact: x}}}}}}], {TO_A}}}]}}",
     "http[0].match[0].headers[@request.auth.claims.a]", "a claim of a token"),
    (f"{{http: [{{match: [{{queryParams: {{a: {{regex: '('}}}}}}], {TO_A}}}]}}",
     "http[0].match[0].queryParams[a].regex", "missing )"),
    (f"{{http: [{{match: [{{sourceNamespace: 'A_'}}], {TO_A}}}]}}",
     "http[0].match[0].sourceNamespace", "is not a namespace's name"),
    (f"{{http: [{{match: [{{sourceLabels: {{'a/b/c': x}}}}], {TO_A}}}]}}",
     "http[0].match[0].sourceLabels", "is not a label"),
    ("{http: [{redirect: {redirectCode: 304}}]}", "http[0].redirect.redirectCode", "304"),
    ("{http: [{redirect: {uri: /a, prefixRewrite: /b}, match: [{uri: {prefix: /x}}]}]}",
     "http[0].redirect", "uri and prefixRewrite"),
    ("{http: [{redirect: {prefixRewrite: /b}, match: [{uri: {exact: /x}}]}]}",
     "http[0].redirect.prefixRewrite", "no uri.prefix"),
    ("{http: [{redirect: {port: 80, derivePort: FROM_REQUEST_PORT}}]}", "http[0].redirect",
     "port and derivePort"),
    ("{http: [{redirect: {scheme: ftp}}]}", "http[0].redirect.scheme", "not a scheme"),
    ("{http: [{directResponse: {status: 200, body: {bytes: '?'}}}]}",
     "http[0].directResponse.body.bytes", "not base64"),
    (f"{{http: [{{directResponse: {{status: 200, body: {{string: {BIG}}}}}}}]}}",
     "http[0].directResponse.body", "bytes long"),
    (f"{{http: [{{{TO_A}, rewrite: {{}}}}]}}", "http[0].rewrite", "says nothing"),
    (f"{{http: [{{{TO_A}, rewrite: {{uriRegexRewrite: {{match: '(a)', rewrite: '\\2'}}}}}}]}}",
     "http[0].rewrite.uriRegexRewrite.rewrite", "the pattern has 1"),
    (f"{{http: [{{{TO_A}, rewrite: {{uri: /a, uriRegexRewrite: {{match: a}}}}}}]}}",
     "http[0].rewrite", "uri and uriRegexRewrite"),
    (f"{{http: [{{{TO_A}, retries: {{attempts: -1}}}}]}}", "http[0].retries.attempts", "-1"),
    (f"{{http: [{{{TO_A}, retries: {{attempts: 1, perTryTimeout: 100us}}}}]}}",
     "http[0].retries.perTryTimeout", "shorter than 1ms"),
    (f"{{http: [{{{TO_A}, retries: {{attempts: 1, retryOn: 'reset,sometimes'}}}}]}}",
     "http[0].retries.retryOn", "'sometimes'"),
    (f"{{http: [{{{TO_A}, timeout: 0s}}]}}", "http[0].timeout", "shorter than 1ms"),
    (f"{{http: [{{{TO_A}, fault: {{}}}}]}}", "http[0].fault", "neither delay nor abort"),
    (f"{{http: [{{{TO_A}, fault: {{delay: {{exponentialDelay: 1s}}}}}}]}}",
     "http[0].fault.delay.exponentialDelay", "not implemented"),
    (f"{{http: [{{{TO_A}, fault: {{abort: {{http2Error: X}}}}}}]}}",
     "http[0].fault.abort.http2Error", "not implemented"),
    (f"{{http: [{{{TO_A}, fault: {{abort: {{httpStatus: 99}}}}}}]}}",
     "http[0].fault.abort.httpStatus", "is 99"),
    (f"{{http: [{{{TO_A}, fault: {{abort: {{grpcStatus: BAD}}}}}}]}}",
     "http[0].fault.abort.grpcStatus", "'BAD'"),
    (f"{{http: [{{{TO_A}, fault: {{abort: {{}}}}}}]}}", "http[0].fault.abort", "has no status"),
    (f"{{http: [{{{TO_A}, mirror: {{host: b}}, mirrors: [{{destination: {{host: c}}}}]}}]}}",
     "http[0]", "mirror and mirrors"),
    (f"{{http: [{{{TO_A}, corsPolicy: {{allowOrigins: [{{}}]}}}}]}}",
     "http[0].corsPolicy.allowOrigins[0]", "says nothing"),
    (f"{{http: [{{{TO_A}, headers: {{request: {{set: {{x: '100%'}}}}}}}}]}}",
     "http[0].headers.request.set[x]", "a single %"),
    (f"{{http: [{{{TO_A}, headers: {{request: {{set: {{x: '%NONE%'}}}}}}}}]}}",
     "http[0].headers.request.set[x]", "not a command"),
    (f"{{http: [{{{TO_A}, headers: {{request: {{set: {{':path': /}}}}}}}}]}}",
     "http[0].headers.request.set[:path]", "cannot be changed"),
    (f"{{http: [{{{TO_A}, headers: {{response: {{remove: [host]}}}}}}]}}",
     "http[0].headers.response.remove[host]", "cannot be changed"),
    (f"{{http: [{{{TO_A}, rewrite: {{authority: b}},"
     " headers: {request: {set: {host: c}}}}]}",
     "http[0]", "the authority is set by"),
    ("{tls: [{route: [{destination: {host: a}}]}]}", "tls[0].match", "is empty"),
    (f"{{tls: [{{match: [{{sniHosts: []}}], {TO_A}}}]}}", "tls[0].match[0].sniHosts", "is empty"),
    (f"{{tls: [{{match: [{{sniHosts: [b]}}], {TO_A}}}]}}", "tls[0].match[0].sniHosts",
     "none of the hosts"),
    (f"{{tcp: [{{match: [{{destinationSubnets: [10.0.0.0/33]}}], {TO_A}}}]}}",
     "tcp[0].match[0].destinationSubnets[0]", "not a subnet"),
    ("{tcp: [{}]}", "tcp[0].route", "is empty"),
    (f"{{http: [{{{TO_A}}}], exportTo: ['*', b]}}", "exportTo", "'*' stands beside others"),
    (f"{{http: [{{{TO_A}}}], exportTo: ['~']}}", "exportTo[0]", "nobody"),
    (f"{{http: [{{{TO_A}}}], exportTo: [., shop]}}", "exportTo", "are the same"),
    (f"{{http: [{{{TO_A}}}], gateways: ['a/b/c']}}", "gateways[0]", "is not a gateway"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "field", "what"), REFUSED, ids=[one[1] for one in REFUSED])
def test_refused(rules, field, what):
    found = judged(spec_of(rules))
    assert what in found.get(field, ""), found
    assert len(found) == 1


@pytest.mark.parametrize(("hosts", "field", "what"), [
    ("['*']", "hosts[0]", "every host of the mesh"),
    ("[a, A.]", "hosts[1]", "twice"),
    ("['a.*.b']", "hosts[0]", "is not a host"),
    ("['a b']", "hosts[0]", "is not a host"),
])  # fmt: skip
def test_hosts_that_are_refused(hosts, field, what):
    found = judged(spec_of(f"{{http: [{{{TO_A}}}]}}", hosts))
    assert what in found.get(field, ""), found


@pytest.mark.parametrize(("rules", "what"), [
    ("{tcp: [{route: [{destination: {host: a}}]}], http: [{redirect: {}}]}", "there is tcp"),
    (f"{{gateways: [mesh], http: [{{{TO_A}}}]}}", "there is gateways"),
])  # fmt: skip
def test_one_without_hosts_is_for_others_to_delegate_to(rules, what):
    assert what in judged(spec_of(rules, "[]"))["hosts"]


def test_delegates_do_not_delegate():
    found = judged(spec_of("{http: [{delegate: {name: b}}]}", "[]"))
    assert "this object has no hosts" in found["http[0].delegate"]


@pytest.mark.parametrize(("rules", "field"), [
    (f"{{http: [{{{TO_A}, mirror: {{host: b}}, mirrorPercent: 5}}]}}", "http[0].mirrorPercent"),
    (f"{{http: [{{{TO_A}, fault: {{abort: {{httpStatus: 500}}}}}}]}}",
     "http[0].fault.abort.percentage"),
    (f"{{http: [{{{TO_A}, corsPolicy: {{allowOrigin: [a]}}}}]}}", "http[0].corsPolicy.allowOrigin"),
    (f"{{http: [{{{TO_A}, match: [{{ignoreUriCase: true}}]}}]}}", "http[0].match[0].ignoreUriCase"),
    (f"{{http: [{{{TO_A}, retries: {{retryOn: reset}}}}]}}", "http[0].retries.attempts"),
])  # fmt: skip
def test_what_is_only_told(rules, field):
    spec = spec_of(rules)
    assert judged(spec) == {}
    assert field in warned(spec)


def one(rules: str):
    """The first rule of an object as read."""
    [routing], problems = read([config("x", spec_of(rules))], "cluster.local")
    assert [str(each) for each in problems if each.level is Level.ERROR] == []
    return (routing.http or routing.tls or routing.tcp)[0]


def test_every_part_of_a_match():
    [match] = one(f"""{{http: [{{{TO_A}, match: [{{
        name: m, uri: {{prefix: /a}}, scheme: {{exact: https}}, method: {{regex: G.*}},
        authority: {{prefix: b}}, headers: {{X: {{exact: v}}, Y: {{}}, Z: {{regex: '*'}}}},
        withoutHeaders: {{W: {{prefix: p}}}}, queryParams: {{q: {{exact: ''}}, r: {{regex: .+}}}},
        port: 80, sourceLabels: {{app: c}}, sourceNamespace: d, gateways: [mesh, e, f/g],
        ignoreUriCase: true, statPrefix: s}}]}}]}}""").matches
    assert (match.name, match.port, match.stat_prefix) == ("m", 80, "s")
    assert match.path == Text(How.PREFIX, "/a", ignore_case=True)
    assert match.scheme == Text(How.EXACT, "https")
    assert match.method == Text(How.REGEX, "G.*")
    assert match.authority == Text(How.PREFIX, "b")
    assert match.headers == (
        Named("x", Text(How.EXACT, "v")), Named("y", Text(How.PRESENT)),
        Named("z", Text(How.PRESENT)), Named("w", Text(How.PREFIX, "p"), inverted=True),
    )  # fmt: skip
    assert match.query == (Named("q", Text(How.PRESENT)), Named("r", Text(How.REGEX, ".+")))
    assert match.client == Client((("app", "c"),), "d", ("mesh", "shop/e", "f/g"))


def test_every_part_of_a_route():
    rule = one("""{http: [{name: r, timeout: 1.5s,
        route: [
          {destination: {host: a, subset: v1, port: {number: 81}}, weight: 3,
           headers: {request: {set: {A: b}}, response: {remove: [C]}}},
          {destination: {host: b.other}}],
        headers: {request: {add: {D: e}}, response: {set: {F: g}}},
        rewrite: {uri: /new, authority: h},
        retries: {attempts: 4, perTryTimeout: 250ms, retryOn: 'reset, 503,5xx', backoff: 1s,
                  retryRemoteLocalities: true, retryIgnorePreviousHosts: false},
        fault: {delay: {percentage: {value: 10}, fixedDelay: 2s},
                abort: {percentage: {value: 0.1}, grpcStatus: UNAVAILABLE}},
        mirrors: [{destination: {host: m}, percentage: {value: 25}}, {destination: {host: n}}],
        corsPolicy: {allowOrigins: [{exact: 'https://a'}], allowMethods: [GET], maxAge: 1h,
                     allowHeaders: [X], exposeHeaders: [Y], allowCredentials: true,
                     unmatchedPreflights: IGNORE}}]}""")
    first, second = rule.shares
    host = "a.shop.svc.cluster.local"
    assert first.destination == Destination(host, 81, "v1")
    assert (first.weight, first.request, first.response) == (
        3, Edits(set=(("A", "b"),)), Edits(remove=("C",)))  # fmt: skip
    assert second.destination == Destination("b.other")
    assert second.weight == 0
    assert (rule.name, rule.timeout_s) == ("r", 1.5)
    assert rule.request == Edits(add=(("D", "e"),))
    assert rule.response == Edits(set=(("F", "g"),))
    assert rule.rewrite == Rewrite("/new", "h")
    assert rule.retries == Retries(4, 0.25, ("reset", "5xx"), (503,), 1.0, False, True)
    assert rule.delay == Delay(0.1, 2.0)
    assert rule.abort == Abort(pytest.approx(0.001), 0, 14)
    assert rule.mirrors == (
        Mirror(Destination("m.shop.svc.cluster.local"), 0.25),
        Mirror(Destination("n.shop.svc.cluster.local")),
    )
    assert rule.cors == Cors(
        (Text(How.EXACT, "https://a"),), ("GET",), ("X",), ("Y",), 3600.0, True, False)  # fmt: skip


def test_redirects_and_answers():
    assert one("""{http: [{redirect: {uri: /x, authority: b, scheme: https, redirectCode: 308,
        derivePort: FROM_REQUEST_PORT}}]}""").redirect == Redirect(
        path="/x", authority="b", scheme="https", port_as_dialled=True, code=308)  # fmt: skip
    assert one("{http: [{redirect: {port: 8443}}]}").redirect == Redirect(port=8443)
    direct = one("{http: [{directResponse: {status: 418, body: {bytes: aGk=}}}]}").direct
    assert (direct.status, direct.body) == (418, b"hi")


def test_old_spellings():
    rule = one(f"""{{http: [{{{TO_A}, mirror: {{host: m}}, mirrorPercent: 7,
        fault: {{delay: {{percent: 30, fixedDelay: 1s}}}},
        corsPolicy: {{allowOrigin: ['*', b]}}}}]}}""")
    assert rule.mirrors == (Mirror(Destination("m.shop.svc.cluster.local"), 0.07),)
    assert rule.delay == Delay(0.3, 1.0)
    assert rule.cors.origins == (Text(How.REGEX, ".*"), Text(How.EXACT, "b"))


def test_connections():
    rule = one(f"""{{tls: [{{{TO_A}, match: [{{sniHosts: [A], port: 443,
        destinationSubnets: [10.0.0.0/8], sourceNamespace: d}}]}}]}}""")
    [match] = rule.matches
    assert (match.sni, match.subnets, match.port) == (("a",), ("10.0.0.0/8",), 443)
    assert match.client == Client((), "d")
    [match] = one(f"{{tcp: [{{{TO_A}, match: [{{sourceSubnet: 10.1.0.0/16}}]}}]}}").matches
    assert match.source == "10.1.0.0/16"


@pytest.mark.parametrize("rules", [
    "{http: [null]}", "{http: 1}", "{http: [{route: [{weight: -1}]}]}", "{http: [{timeout: soon}]}",
    "{http: [{match: [{port: 0}]}]}", "{http: [{directResponse: {status: 99}}]}",
])  # fmt: skip
def test_what_has_no_shape_is_told_and_spoils_nothing(rules):
    good = config("good", spec_of(f"{{http: [{{{TO_A}}}]}}", "[b]"))
    routings, problems = read([config("bad", spec_of(rules)), good], "cluster.local")
    assert [one.origin.name for one in routings] == ["good"]
    assert [one.object.name for one in problems] == ["bad"]


def delegating(root: str, *delegates: tuple[str, str]):
    given = [config("root", spec_of(root))]
    given += [config(name, spec_of(rules, "[]"), created="2021") for name, rules in delegates]
    routings, problems = read(given, "cluster.local")
    return routings[0].http, [(one.object.name, one.field, one.what) for one in problems]


def test_a_delegates_rules_stand_in_the_place_of_the_handed_over_one():
    rules, problems = delegating(
        f"""{{http: [
          {{name: r, match: [{{name: m, uri: {{prefix: /a}}, headers: {{x: {{exact: y}}}}}}],
            delegate: {{name: d}}, timeout: 3s, headers: {{request: {{set: {{k: v}}}}}}}},
          {{{TO_A}}}]}}""",
        ("d", """{http: [
          {name: one, match: [{name: n, uri: {exact: /a/b}}], route: [{destination: {host: b}}]},
          {timeout: 1s, route: [{destination: {host: c}}]}]}"""),
    )  # fmt: skip
    assert problems == []
    first, second, last = rules
    assert (first.name, first.timeout_s, first.request.set) == ("r-one", 3.0, (("k", "v"),))
    [match] = first.matches
    assert (match.name, match.path) == ("m-n", Text(How.EXACT, "/a/b"))
    assert match.headers == (Named("x", Text(How.EXACT, "y")),)
    assert (second.name, second.timeout_s) == ("r", 1.0)
    assert second.matches[0].path == Text(How.PREFIX, "/a")
    assert last.shares[0].destination.host == "a.shop.svc.cluster.local"


@pytest.mark.parametrize("inner", [
    "uri: {prefix: /}", "uri: {regex: /a/.*}", "uri: {prefix: /a/c}, port: 81",
    "uri: {prefix: /a}, headers: {x: {exact: z}}", "uri: {prefix: /a}, sourceNamespace: e",
    "uri: {prefix: /a}, sourceLabels: {app: other}",
])  # fmt: skip
def test_a_delegate_cannot_match_more(inner):
    rules, problems = delegating(
        """{http: [{match: [{uri: {prefix: /a}, port: 80, headers: {x: {exact: y}},
            sourceLabels: {app: one}, sourceNamespace: d}], delegate: {name: d}}]}""",
        ("d", f"{{http: [{{match: [{{{inner}}}], {TO_A}}}]}}"),
    )  # fmt: skip
    assert rules == ()
    [(name, field, what)] = problems
    assert (name, field) == ("d", "spec.http[0].match")
    assert "asks for more than http[0] of VirtualService shop/root" in what


@pytest.mark.parametrize(("root", "what"), [
    ("name: nobody", "VirtualService shop/nobody is not there"),
    ("name: root", "is this object itself"),
    ("{name: d, namespace: far}", "VirtualService far/d is not there"),
])  # fmt: skip
def test_delegates_that_are_not_there(root, what):
    root = root if root.startswith("{") else f"{{{root}}}"
    rules, problems = delegating(f"{{http: [{{delegate: {root}}}, {{{TO_A}}}]}}")
    assert len(rules) == 1
    [(_, field, told)] = problems
    assert field == "spec.http[0].delegate"
    assert what in told


def test_delegates_that_are_not_shown_or_not_used():
    root = config("root", spec_of("{http: [{delegate: {name: d, namespace: far}}]}"))
    hidden = spec_of(f"{{http: [{{{TO_A}}}], exportTo: [.]}}", "[]")
    alone = config("alone", spec_of(f"{{http: [{{{TO_A}}}]}}", "[]"))
    _, problems = read([root, config("d", hidden, "far"), alone], "cluster.local")
    told = {one.object.name: one.what for one in problems}
    assert "is not exported to shop" in told["root"]
    assert "no VirtualService delegates to this one" in told["alone"]


@pytest.mark.parametrize(("rules", "where", "what"), [
    (f"{{http: [{{{TO_A}}}, {{name: b, {TO_A}}}]}}", "http[1]", "http[0] takes every request"),
    (f"{{http: [{{match: [{{uri: {{prefix: /}}}}], {TO_A}}}, {{{TO_A}}}]}}", "http[1]",
     "http[0] takes every request"),
    (f"{{http: [{{match: [{{name: x, uri: {{prefix: /a}}}}], {TO_A}}},"
     f" {{match: [{{port: 1}}, {{uri: {{prefix: /a}}}}], {TO_A}}}]}}", "http[1].match[1]",
     "http[0].match[0] matches the same"),
    (f"{{tcp: [{{{TO_A}}}, {{match: [{{port: 1}}], {TO_A}}}]}}", "tcp[1]",
     "takes every connection"),
])  # fmt: skip
def test_rules_that_are_never_reached(rules, where, what):
    _, problems = read([config("x", spec_of(rules))], "cluster.local")
    [problem] = problems
    assert (problem.field, problem.level) == (f"spec.{where}", Level.WARNING)
    assert what in problem.what


@pytest.mark.parametrize(("value", "reason"), [
    ("plain", ""), ("100%%", ""), ("%REQ(x?y):3% of %PROTOCOL%", ""),
    ("%START_TIME(%s.%3f)%", ""), ("%FILTER_STATE(a:PLAIN)%", ""), ("a%", "a single %"),
    ("%REQ(a?b?c)%", "other arguments"), ("%FILTER_STATE(a:X)%", "other arguments"),
    ("%REQ%", "not a command"), ("%CEL(a)%", "not a command"), ("%protocol%", "a single %"),
])  # fmt: skip
def test_what_envoy_fills_in(value, reason):
    found = formats.unusable(value)
    assert reason in found
    assert bool(found) is bool(reason)


def test_what_others_hand_over_is_not_asked_for_in_one_object_alone():
    spec = spec_of("{http: [{delegate: {name: nobody}}]}")
    object = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
              "metadata": {"name": "x", "namespace": "shop"}, "spec": spec}  # fmt: skip
    assert check(object) == ()
