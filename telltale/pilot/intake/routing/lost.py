"""Destinations that are not there: hosts that no service has, subsets and ports that it lacks.

Requests for them are answered 503 (NC: no such cluster). Pure. Never: a routing left out; the
missing part may come.
"""

from collections.abc import Iterator, Mapping

from telltale.kube.meta import Ref
from telltale.model.index import forms
from telltale.model.mesh import Mesh
from telltale.model.policy import Policy
from telltale.model.route import NOBODY, Destination, Routing
from telltale.model.scope import Scope
from telltale.model.service import Discovery, Service
from telltale.model.view import View
from telltale.pilot.intake.problem import Level, Problem

_WHY = "what is sent there is answered 503 (NC, no such cluster)"
_CREATE = "correct the name, or create the service"


def problems(mesh: Mesh) -> Iterator[Problem]:
    """Of all routings, as their own namespaces see the mesh."""
    alone = _alone(mesh)
    views: dict[str, View] = {}
    for routing in mesh.routings:
        namespace = routing.origin.namespace
        if namespace not in views:
            views[namespace] = View(mesh, namespace)
        yield from _of(views[namespace], routing, alone)


def _alone(mesh: Mesh) -> Mapping[str, Policy]:
    """Policies that hold for their host whoever asks, as nothing else could: most are such."""
    found: dict[str, Policy] = {}
    several: set[str] = set()
    for one in mesh.policies:
        if one.host.startswith("*"):
            return {}
        if one.host in found or one.scope != Scope():
            several.add(one.host)
        found[one.host] = one
    return {
        host: one for host, one in found.items()
        if host not in several and (service := mesh.services.get(host))
        and service.namespace == one.origin.namespace
    }  # fmt: skip


def _of(view: View, routing: Routing, alone: Mapping[str, Policy]) -> Iterator[Problem]:
    ref = Ref(routing.origin.kind, routing.origin.namespace, routing.origin.name)
    told: set[Destination] = set()
    for number, host in enumerate(routing.hosts):
        if hint := _meant(view, host):
            yield Problem(ref, f"spec.hosts[{number}]", f"{host} is no service's full name",
                          "its rules do not hold for the service", hint,
                          code="host-not-in-full")  # fmt: skip
    for where, destination in _destinations(routing):
        if destination == NOBODY or destination in told:
            continue
        policy = alone.get(destination.host)
        if policy and not destination.port and policy.subset(destination.subset):
            continue
        if problem := _lost(view, ref, where, destination):
            told.add(destination)
            yield problem


def _destinations(routing: Routing) -> Iterator[tuple[str, Destination]]:
    for number, rule in enumerate(routing.http):
        for at, share in enumerate(rule.shares):
            yield f"http[{number}].route[{at}].destination", share.destination
        for at, mirror in enumerate(rule.mirrors):
            yield f"http[{number}].mirrors[{at}].destination", mirror.destination
    for kind, rules in (("tls", routing.tls), ("tcp", routing.tcp)):
        for number, connection in enumerate(rules):
            for at, share in enumerate(connection.shares):
                yield f"{kind}[{number}].route[{at}].destination", share.destination


def _lost(view: View, ref: Ref, where: str, wanted: Destination) -> Problem | None:
    service = view.mesh.services.get(wanted.host)
    if service is not None and service.alias_of:
        service = view.mesh.services.get(service.alias_of)
    if service is None:
        hint = _meant(view, wanted.host) or _wider(view, wanted.host) or _CREATE
        return Problem(ref, f"spec.{where}.host", f"no service is called {wanted.host}", _WHY,
                       hint, code="host-not-found", host=wanted.host)  # fmt: skip
    if wanted.port and service.port(wanted.port) is None:
        ports = ", ".join(str(port.number) for port in service.ports)
        return Problem(ref, f"spec.{where}.port", f"{service.name} has no port {wanted.port}", _WHY,
                       f"use one of its ports ({ports})", code="port-not-found",
                       host=wanted.host)  # fmt: skip
    if service.discovery is Discovery.ASKED and where.startswith("tcp"):
        return Problem(ref, f"spec.{where}.host", f"{wanted.host} is looked up as clients name it",
                       "plain TCP names nobody: it goes on only where a gateway opened TLS",
                       "route by tls and sniHosts, or lead to a host with addresses",
                       Level.WARNING)  # fmt: skip
    return _subset(view, ref, where, wanted, service)


def _wider(view: View, host: str) -> str:
    """The wildcard that stands for a name which no service has for itself."""
    for form in forms(host):
        known = view.mesh.services.get(form)
        if known is not None and known.discovery is Discovery.ASKED:
            return f"write {form}: names of it are looked up as clients ask for them"
    return ""


def _meant(view: View, host: str) -> str:
    """What to write instead of a name with a dot, which is taken as it stands."""
    name, _, namespace = host.removesuffix(".svc").partition(".")
    full = f"{name}.{namespace}.svc.{view.mesh.options.domain}"
    return f"a name with a dot is in full: write {full}" if full in view.mesh.services else ""


def _subset(
    view: View, ref: Ref, where: str, wanted: Destination, service: Service
) -> Problem | None:
    if not wanted.subset:
        return None
    policy = view.policy(service)
    known = [one.name for one in policy.subsets] if policy else []
    if wanted.subset in known:
        return None
    hint = f"use one of its subsets ({', '.join(known)})" if known else (
        f"add a DestinationRule for {service.host} with that subset"
    )  # fmt: skip
    what = f'"{wanted.subset}" is not a subset of {service.name}'
    return Problem(ref, f"spec.{where}.subset", what, _WHY, hint, code="subset-not-found",
                   host=wanted.host)  # fmt: skip
