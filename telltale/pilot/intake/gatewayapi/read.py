"""The Gateway API's objects into routes, gateways and policies, and into what is said of each.

    HTTPRoute, GRPCRoute -> requests     TLSRoute, TCPRoute -> connections     Gateway -> gateways

Pure. Never: whether a class of clients sees it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from telltale.kube.codec import Object
from telltale.kube.gatewayapi import routes as api
from telltale.kube.gatewayapi.kinds import (
    BACKEND_TLS_POLICY,
    GATEWAY,
    GATEWAY_CLASS,
    GRPC_ROUTE,
    HTTP_ROUTE,
    LISTENER_SET,
    REFERENCE_GRANT,
    TCP_ROUTE,
    TLS_ROUTE,
    UDP_ROUTE,
)
from telltale.kube.kinds import NAMESPACE, Kind
from telltale.kube.meta import Config
from telltale.model.gateway import Gateway
from telltale.model.policy import Policy
from telltale.model.route import Routing
from telltale.pilot.intake.gatewayapi import (
    backends,
    classes,
    gateways,
    grants,
    listenersets,
    made,
    parents,
    rules,
    subject,
    tlspolicies,
)
from telltale.pilot.intake.gatewayapi.gathered import Gathered
from telltale.pilot.intake.gatewayapi.parents import Parent
from telltale.pilot.intake.gatewayapi.subject import Subject
from telltale.pilot.intake.gatewayapi.world import World
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.status import Statuses

NAMESPACES: Kind[Config] = NAMESPACE.of(Config)
Objects: TypeAlias = Callable[[Kind[Config]], Iterable[Config]]


@dataclass
class Found:
    """All that follows from the objects."""

    routings: list[Routing] = field(default_factory=list)
    gateways: list[Gateway] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    statuses: Statuses = field(default_factory=dict)
    made: tuple[Object, ...] = ()


def read(of: Objects, world: World) -> Found:
    """`of` gives the objects of a kind; `world` what else there is."""
    granted, problems = grants.read(of(REFERENCE_GRANT))
    labels = {one.metadata.name: one.metadata.labels for one in of(NAMESPACES)}
    world = replace(world, grants=granted, labels=labels)
    served, judged, wrong = classes.read(of(GATEWAY_CLASS))
    problems += wrong
    edges, wrong = gateways.read(of(GATEWAY), world, served)
    problems += wrong
    problems += listenersets.read(of(LISTENER_SET), world, edges)
    world = replace(world, doors={key: doors for one in edges for key, doors in one.doors.items()})
    table, attached = Gathered(), Counter[str]()
    statuses = dict(judged)
    routed, wrong = _routes(of, world, table)
    problems += wrong
    for one, parents_of, count in routed:
        if not parents.refused(one, count):
            attached.update(
                {place.gateway for parent in parents_of for place in parent.attachments}
            )
        statuses[one.about] = parents.status(one, parents_of, count)
    for edge in edges:
        statuses[edge.subject.about] = gateways.status(edge, attached)
        for added in edge.sets:
            statuses[added.subject.about] = listenersets.status(edge, added, attached)
    routings = table.routings()
    secured = tlspolicies.read(of(BACKEND_TLS_POLICY), world, routings)
    return Found(
        routings, [model for edge in edges for model in edge.gateways], secured.policies,
        problems + secured.problems, statuses | secured.statuses, made.objects(edges),
    )  # fmt: skip


Routed: TypeAlias = tuple[Subject, list[Parent], int]


def _routes(
    of: Objects, world: World, table: Gathered
) -> tuple[list[Routed], list[Problem]]:
    """Every route of every kind, entered into the table where it is attached."""
    found: list[Routed] = []

    def http(one: Subject, spec: api.HTTPRoute) -> None:
        enter(one, parents.of(one, world, spec.parent_refs, spec.hostnames),
              rules.http(one, world, spec), len(spec.rules))  # fmt: skip

    def grpc(one: Subject, spec: api.GRPCRoute) -> None:
        enter(one, parents.of(one, world, spec.parent_refs, spec.hostnames),
              rules.grpc(one, world, spec), len(spec.rules))  # fmt: skip

    def enter(one: Subject, above: list[Parent], ruled: list[rules.Ruled], count: int) -> None:
        found.append((one, above, count))
        if not parents.refused(one, count):
            for parent in above:
                table.requests(one.origin, parent.attachments, ruled)

    def tls(one: Subject, spec: api.TLSRoute) -> None:
        connect(one, spec, parents.of(one, world, spec.parent_refs, spec.hostnames))

    def tcp(one: Subject, spec: api.TCPRoute) -> None:
        connect(one, spec, parents.of(one, world, spec.parent_refs, ()))

    def connect(
        one: Subject, spec: api.TLSRoute | api.TCPRoute, above: list[Parent]
    ) -> None:
        found.append((one, above, len(spec.rules)))
        for index, rule in enumerate(spec.rules[:1]):
            shares = backends.shares(one, world, index, rule.backend_refs)
            for parent in above:
                names = tuple(spec.hostnames) if isinstance(spec, api.TLSRoute) else None
                table.connections(one.origin, parent.attachments, shares, names)

    def udp(one: Subject, spec: api.UDPRoute) -> None:
        found.append((one, parents.unserved(one, world, spec.parent_refs), len(spec.rules)))

    wrong = subject.read_all(HTTP_ROUTE, api.HTTPRoute, of(HTTP_ROUTE), http)
    wrong += subject.read_all(GRPC_ROUTE, api.GRPCRoute, of(GRPC_ROUTE), grpc)
    wrong += subject.read_all(TLS_ROUTE, api.TLSRoute, of(TLS_ROUTE), tls)
    wrong += subject.read_all(TCP_ROUTE, api.TCPRoute, of(TCP_ROUTE), tcp)
    wrong += subject.read_all(UDP_ROUTE, api.UDPRoute, of(UDP_ROUTE), udp)
    return found, wrong
