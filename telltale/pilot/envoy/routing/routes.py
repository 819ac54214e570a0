"""Route tables: which host and path goes to which cluster. Pure.

Never: a listener, or which hosts stand in which table (`outward`).
"""

from collections.abc import Iterable

from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.lib.memo import Memo
from telltale.model.route import Retries, Routing
from telltale.model.view import View
from telltale.model.workload import Target
from telltale.pilot.envoy import names
from telltale.pilot.envoy.resources import Table
from telltale.pilot.envoy.routing import egress, retries, rules as http_routes, strangers
from telltale.pilot.envoy.routing.actions import Dialled
from telltale.pilot.envoy.telling import announced


def forms(view: View, host: str) -> tuple[str, ...]:
    """How clients write a host that they see, and other names of it."""
    service = view.service(host)
    if service is None or not view.ports_of(service):
        return tuple(dict.fromkeys(strangers.domains(view, host)))
    found = [*strangers.forms(service, view.namespace)]
    for alias in view.aliases(host):
        found += strangers.forms(alias, view.namespace)
    return tuple(dict.fromkeys(found))


def table(view: View, memo: Memo, number: int, hosts: Iterable[VirtualHost]) -> Table:
    """The table of a port number; what is for nobody known comes last."""
    last = memo.by(
        (egress.nobody_known, view.egress, view.sidecar), lambda: egress.nobody_known(view)
    )
    return Table(memo.of(_empty, names.route(number)), (*hosts, last))


def alone(view: View, memo: Memo, host: str, number: int) -> Table:
    """Of one service, whatever host a request names: it is told by its address."""
    one = virtual_host(view, memo, host, number, ("*",))
    return Table(memo.of(_empty, names.sniffed_route(host, number)), (one,) if one else ())


def inbound(target: Target) -> RouteConfiguration:
    """All that comes in at a container port goes to it."""
    table = RouteConfiguration(name=names.inbound(target.service_port))
    table.validate_clusters.value = False
    host = table.virtual_hosts.add(name=names.inbound_host(target.service_port), domains=["*"])
    operation = f"{names.virtual_host(target.host, target.service_port)}/*"
    route = _default(names.inbound(target.port), operation)
    host.routes.extend(retries.by_method(route, retries.INBOUND))
    return table


def _empty(name: str) -> RouteConfiguration:
    table = RouteConfiguration(name=name, ignore_port_in_host_matching=True)
    table.validate_clusters.value = False
    table.max_direct_response_body_size_bytes.value = 1 << 20
    return table


def virtual_host(
    view: View, memo: Memo, host: str, number: int, domains: tuple[str, ...]
) -> VirtualHost | None:
    """A virtual host depends on its host's routes and where they lead, and on who asks.

    None when no route is for these clients. What is the same for others, or was there before, is
    the same message.
    """
    routings = view.routings_of(host)
    client = repr((view.namespace, view.labels, view.gateways)) if routings else ""
    hosts = [host, *(to for one in routings for to in memo.of(_destinations, one))]
    services = [view.service(one) for one in hosts]
    services += [view.service(one.alias_of) for one in services if one and one.alias_of]
    return memo.by(
        (virtual_host, host, number, "|".join(domains), client, view.mesh.options,
         *routings, *services),
        lambda: _virtual_host(view, host, number, domains, _wanted(view, host, number)),
    )  # fmt: skip


def _destinations(routing: Routing) -> tuple[str, ...]:
    """Every host that the rules of a routing lead requests to."""
    found = [one.destination.host for rule in routing.http for one in rule.shares]
    found += [one.destination.host for rule in routing.http for one in rule.mirrors]
    return tuple(dict.fromkeys(found))


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
    view: View, host: str, number: int, domains: Iterable[str], routes: list[Route]
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
