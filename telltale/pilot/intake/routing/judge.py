"""What is wrong with one VirtualService, whoever asks: intake or the webhook. Pure.

`problems_of` knows the object alone. Never: whether hosts and subsets exist (`lost`), delegates, or
what one rule takes away from another (`shadowed`).
"""

import ipaddress

from telltale.kube.istio.virtualservice import HttpRoute, VirtualService
from telltale.kube.meta import Ref
from telltale.model.route import MESH
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.routing import actions, connections, matches, resilience
from telltale.pilot.intake.routing.found import Found


def problems_of(spec: VirtualService, ref: Ref) -> tuple[Problem, ...]:
    """An ERROR among them refuses the object; warnings do not."""
    found = Found(ref)
    delegate = not spec.hosts
    if delegate:
        _delegate(found, spec)
    else:
        _hosts(found, spec)
    matches.gateway_names(found, "gateways", spec.gateways)
    if not (spec.http or spec.tls or spec.tcp):
        found.wrong("http", "there is no http, tls or tcp rule", "add a rule")
    for number, rule in enumerate(spec.http):
        _http(found, f"http[{number}]", rule, delegate=delegate)
    for number, tls in enumerate(spec.tls):
        connections.tls(found, f"tls[{number}]", tls, spec.hosts)
    for number, tcp in enumerate(spec.tcp):
        connections.tcp(found, f"tcp[{number}]", tcp)
    _export(found, spec.export_to)
    return tuple(found.problems)


def _delegate(found: Found, spec: VirtualService) -> None:
    """One without hosts holds rules that others hand over to it."""
    for name in ("gateways", "tls", "tcp"):
        if getattr(spec, name):
            found.wrong("hosts", f"is empty, and there is {name}",
                        f"name hosts, or take {name} out of what others delegate to")  # fmt: skip


def _hosts(found: Found, spec: VirtualService) -> None:
    seen: set[str] = set()
    for number, host in enumerate(spec.hosts):
        place, name = f"hosts[{number}]", host.lower().rstrip(".")
        if name in seen:
            found.wrong(place, f"{host!r} is there twice", "name it once")
        seen.add(name)
        if name == "*" and (not spec.gateways or MESH in spec.gateways):
            found.wrong(place, "'*' is every host of the mesh",
                        "name the hosts, or the gateways that the rules are for")  # fmt: skip
        elif not _address(host):
            found.host(place, host, wildcard=True)


def _address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _http(found: Found, path: str, rule: HttpRoute, *, delegate: bool) -> None:
    for number, match in enumerate(rule.match):
        matches.judge(found, f"{path}.match[{number}]", match)
    _deed(found, path, rule, delegate=delegate)
    actions.shares(found, f"{path}.route", rule.route)
    for number, one in enumerate(rule.route):
        actions.headers(found, f"{path}.route[{number}].headers", one.headers)
        actions.authorities(found, f"{path}.route[{number}]", None, one.headers)
    actions.headers(found, f"{path}.headers", rule.headers)
    actions.authorities(found, path, rule.rewrite, rule.headers)
    if rule.redirect is not None:
        actions.redirect(found, f"{path}.redirect", rule.redirect, rule.match)
    if rule.direct_response is not None:
        actions.direct(found, f"{path}.directResponse", rule.direct_response)
    if rule.rewrite is not None:
        actions.rewrite(found, f"{path}.rewrite", rule.rewrite)
    found.duration(f"{path}.timeout", rule.timeout)
    _resilience(found, path, rule)


def _resilience(found: Found, path: str, rule: HttpRoute) -> None:
    if rule.retries is not None:
        resilience.retries(found, f"{path}.retries", rule.retries)
    if rule.fault is not None:
        resilience.fault(found, f"{path}.fault", rule.fault)
    if rule.cors_policy is not None:
        resilience.cors(found, f"{path}.corsPolicy", rule.cors_policy)
    resilience.mirrors(found, path, rule)


def _deed(found: Found, path: str, rule: HttpRoute, *, delegate: bool) -> None:
    """Exactly one thing is done with a request."""
    said = [name for name, one in (
        ("route", rule.route), ("redirect", rule.redirect),
        ("directResponse", rule.direct_response), ("delegate", rule.delegate),
    ) if one or (one is not None and name != "route")]  # fmt: skip
    if len(said) > 1:
        found.wrong(path, f"{' and '.join(said)} are given", "give one of them")
    if not said:
        found.wrong(path, "there is no route, redirect, directResponse or delegate", "add one")
    if rule.delegate is not None:
        if delegate:
            found.wrong(f"{path}.delegate", "this object has no hosts, so others delegate to it",
                        "delegate from the one that has hosts: one level only")  # fmt: skip
        if not rule.delegate.name:
            found.wrong(f"{path}.delegate.name", "is empty", "name the VirtualService")
        found.namespace(f"{path}.delegate.namespace", rule.delegate.namespace)
    for deed, other in (("redirect", "fault"), ("redirect", "rewrite"),
                        ("direct_response", "rewrite")):  # fmt: skip
        if getattr(rule, deed) is not None and getattr(rule, other) is not None:
            named = "directResponse" if deed == "direct_response" else deed
            found.wrong(path, f"{named} and {other} are given", f"take {other} out")


def _export(found: Found, export_to: list[str]) -> None:
    seen: set[str] = set()
    for number, name in enumerate(export_to):
        place = f"exportTo[{number}]"
        if name in seen:
            found.wrong(place, f"{name!r} is there twice", "name it once")
        seen.add(name)
        if name == "~":
            found.wrong(place, "'~' is nobody", "name namespaces, '.' or '*'")
        elif name not in (".", "*"):
            found.namespace(place, name)
    if "*" in seen and len(seen) > 1:
        found.wrong("exportTo", "'*' stands beside others", "'*' is everybody: leave it alone")
    if "." in seen and found.ref.namespace in seen:
        found.wrong("exportTo", f"'.' and {found.ref.namespace!r} are the same", "name one")
