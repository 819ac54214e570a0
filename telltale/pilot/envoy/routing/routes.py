"""Route tables: which host and path goes to which cluster. Pure. Never: a listener."""

from collections.abc import Iterable

from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.lib.memo import Memo
from telltale.model.route import Retries, Routing
from telltale.model.service import Protocol, Service
from telltale.model.view import View
from telltale.model.workload import Target
from telltale.pilot.envoy import names
from telltale.pilot.envoy.listening import outlets
from telltale.pilot.envoy.routing import egress, retries, rules as http_routes, strangers
from telltale.pilot.envoy.routing.actions import Dialled
from telltale.pilot.envoy.telling import announced


def outbound(view: View, memo: Memo) -> tuple[RouteConfiguration, ...]:
    """One table a port number on which HTTP is spoken, as these clients see it.

    And one a port of a service at its own address that does not say what it speaks. What is the
    same for other clients, or as it was before, is the same message.
    """
    by_port: dict[int, list[Service]] = {}
    alone: dict[str, RouteConfiguration] = {}
    for service, port, _ in view.served:
        if outlets.by_host(service, port):
            by_port.setdefault(port.number, []).append(service)
        elif port.protocol is Protocol.AUTO:
            name = names.sniffed_route(service.host, port.number)
            alone[name] = _alone(name, view, service.host, port.number)
    more = strangers.of(view)
    shared = (
        _table(view, memo, number, _hosts(view, by_port.get(number, []), more.get(number, ())))
        for number in sorted({*by_port, *more})
    )
    return *shared, *(alone[name] for name in sorted(alone))


def inbound(target: Target) -> RouteConfiguration:
    """All that comes in at a container port goes to it."""
    table = RouteConfiguration(name=names.inbound(target.service_port))
    table.validate_clusters.value = False
    host = table.virtual_hosts.add(name=names.inbound_host(target.service_port), domains=["*"])
    operation = f"{names.virtual_host(target.host, target.service_port)}/*"
    route = _default(names.inbound(target.port), operation)
    host.routes.extend(retries.by_method(route, retries.INBOUND))
    return table


def _alone(name: str, view: View, host: str, number: int) -> RouteConfiguration:
    """Of one service, whatever host a request names: it is told by its address."""
    table = _empty(name)
    if one := _virtual_host(view, host, number, ["*"], _wanted(view, host, number)):
        table.virtual_hosts.append(one)
    return table


def _empty(name: str) -> RouteConfiguration:
    table = RouteConfiguration(name=name, ignore_port_in_host_matching=True)
    table.validate_clusters.value = False
    table.max_direct_response_body_size_bytes.value = 1 << 20
    return table


def _table(
    view: View, memo: Memo, number: int, hosts: Iterable[tuple[str, list[str]]]
) -> RouteConfiguration:
    taken: set[str] = set()
    found: list[VirtualHost] = []
    for host, wanted in hosts:
        # A domain twice in a table makes Envoy reject all of it: the first, the elder, has it.
        free = [form for form in dict.fromkeys(wanted) if form not in taken]
        taken.update(free)
        if free and (one := _known(view, memo, host, number, free)):
            found.append(one)
    last = (view.egress, view.sidecar)
    return memo.by((_table, number, *last, *found), lambda: _whole(view, number, found))


def _whole(view: View, number: int, hosts: list[VirtualHost]) -> RouteConfiguration:
    table = _empty(names.route(number))
    table.virtual_hosts.extend(hosts)
    table.virtual_hosts.append(egress.nobody_known(view))
    return table


def _known(
    view: View, memo: Memo, host: str, number: int, free: list[str]
) -> VirtualHost | None:
    """A virtual host depends on its host's routes and where they lead, and on who asks.

    None when no route is for these clients.
    """
    routings = view.routings_of(host)
    client = repr((view.namespace, view.labels, view.gateways)) if routings else ""
    hosts = [host, *(to for one in routings for to in memo.of(_destinations, one))]
    services = [view.service(one) for one in hosts]
    services += [view.service(one.alias_of) for one in services if one and one.alias_of]
    return memo.by(
        (_known, host, number, "|".join(free), client, view.mesh.options, *routings, *services),
        lambda: _virtual_host(view, host, number, free, _wanted(view, host, number)),
    )


def _destinations(routing: Routing) -> tuple[str, ...]:
    """Every host that the rules of a routing lead requests to."""
    found = [one.destination.host for rule in routing.http for one in rule.shares]
    found += [one.destination.host for rule in routing.http for one in rule.mirrors]
    return tuple(dict.fromkeys(found))


def _hosts(
    view: View, served: list[Service], others: tuple[str, ...]
) -> Iterable[tuple[str, list[str]]]:
    """Hosts with the forms in which they are written, in the order in which they claim them."""
    aliases = view.aliases
    for host in others:  # another name with routes of its own is not one of those below
        if strangers.target(view, host):
            yield host, [*strangers.domains(view, host)]
    for service in served:
        forms = [*strangers.forms(service, view.namespace)]
        for alias in aliases.get(service.host, ()):
            forms += strangers.forms(alias, view.namespace)
        yield service.host, forms
    for host in others:
        if not strangers.target(view, host):
            yield host, [*strangers.domains(view, host)]


def _wanted(view: View, host: str, number: int) -> list[Route]:
    """The routes that users gave a host on a port, or a service's own where they gave none."""
    service = view.service(host)
    target = strangers.target(view, host) or service
    strange = target is None
    dialled = Dialled(view, host, number, explicit=strange and number != strangers.DEFAULT_PORT)
    routes = http_routes.merged(view.routings_of(host), dialled)
    if routes or target is None:
        return routes
    operation = f"{names.virtual_host(host, number)}/*"
    return [*_routes(names.outbound(number, target.host), operation, view.mesh.options.retries)]


def _virtual_host(
    view: View, host: str, number: int, domains: list[str], routes: list[Route]
) -> VirtualHost | None:
    if not routes:
        return None
    name = names.virtual_host(host, number)
    found = VirtualHost(
        name=name, domains=domains, include_request_attempt_count=True, routes=routes
    )
    announced.announce(found, view)
    return found


def _routes(cluster: str, operation: str, wanted: Retries | None) -> Iterable[Route]:
    return retries.tried_again(_default(cluster, operation), wanted)


def _default(cluster: str, operation: str) -> Route:
    route = Route(name=names.DEFAULT_ROUTE)
    route.match.prefix = "/"
    route.decorator.operation = operation
    route.route.cluster = cluster
    route.route.timeout.SetInParent()  # 0: none, where Envoy would give up after 15 s
    route.route.max_stream_duration.max_stream_duration.SetInParent()
    return route
