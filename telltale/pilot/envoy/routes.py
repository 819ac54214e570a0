"""Route tables: which host and path goes to which cluster. Pure. Never: a listener."""

from collections.abc import Iterable

from envoy.config.route.v3.route_components_pb2 import RetryPolicy, Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.model.service import Discovery, Port, Service
from telltale.model.view import View
from telltale.model.workload import Target
from telltale.pilot.envoy import http_routes, names, retries


def outbound(view: View) -> tuple[RouteConfiguration, ...]:
    """One table a port number on which any service speaks HTTP, as these clients see it."""
    by_port: dict[int, list[tuple[Service, Port]]] = {}
    for service, port in view.ports():
        if port.protocol.http:
            by_port.setdefault(port.number, []).append((service, port))
    return tuple(_table(view, number, by_port[number]) for number in sorted(by_port))


def inbound(target: Target) -> RouteConfiguration:
    """All that comes in at a container port goes to it."""
    table = RouteConfiguration(name=names.inbound(target.service_port))
    table.validate_clusters.value = False
    host = table.virtual_hosts.add(name=names.inbound_host(target.service_port), domains=["*"])
    operation = f"{names.virtual_host(target.host, target.service_port)}/*"
    host.routes.extend(_routes(names.inbound(target.port), operation, retries.INBOUND))
    return table


def domains(service: Service, namespace: str) -> Iterable[str]:
    """Every form in which a client in `namespace` may write a service's name."""
    short = [f"{service.name}.{service.namespace}", f"{service.name}.{service.namespace}.svc"]
    if service.namespace == namespace:
        short.insert(0, service.name)
    forms = [service.host, f"{service.host}.", *short]
    yield from forms
    yield from (f"[{one}]" if ":" in one else one for one in service.addresses)
    if service.discovery is Discovery.HEADLESS:
        yield from (f"*.{form}" for form in forms)


def _table(
    view: View, number: int, served: list[tuple[Service, Port]]
) -> RouteConfiguration:
    table = RouteConfiguration(name=names.route(number), ignore_port_in_host_matching=True)
    table.validate_clusters.value = False
    table.max_direct_response_body_size_bytes.value = 1 << 20
    taken: set[str] = set()
    aliases = view.mesh.aliases()
    for service, port in served:
        wanted = [*domains(service, view.namespace)]
        for alias in aliases.get(service.host, ()):
            wanted += domains(alias, view.namespace)
        # A domain twice in a table makes Envoy reject all of it: the first, the elder, has it.
        free = [form for form in dict.fromkeys(wanted) if form not in taken]
        taken.update(free)
        if free:
            table.virtual_hosts.append(_virtual_host(view, service, port, free))
    table.virtual_hosts.append(_allow_any())
    return table


def _virtual_host(view: View, service: Service, port: Port, domains: list[str]) -> VirtualHost:
    name = names.virtual_host(service.host, port.number)
    host = VirtualHost(name=name, domains=domains, include_request_attempt_count=True)
    routings = view.routings_of(service.host)
    for routing in routings:
        host.routes.extend(http_routes.of(view, routing, service, port))
    if not routings:
        cluster = names.outbound(port.number, service.host)
        host.routes.extend(_routes(cluster, f"{name}/*", retries.OUTBOUND))
    return host


def _allow_any() -> VirtualHost:
    host = VirtualHost(name=names.ALLOW_ANY, domains=["*"], include_request_attempt_count=True)
    route = host.routes.add(name=names.ALLOW_ANY)
    route.match.prefix = "/"
    route.route.cluster = names.PASSTHROUGH
    route.route.timeout.SetInParent()
    return host


def _routes(
    cluster: str, operation: str, policies: tuple[RetryPolicy, RetryPolicy]
) -> Iterable[Route]:
    route = Route(name=names.DEFAULT_ROUTE)
    route.match.prefix = "/"
    route.decorator.operation = operation
    route.route.cluster = cluster
    route.route.timeout.SetInParent()  # 0: none, where Envoy would give up after 15 s
    route.route.max_stream_duration.max_stream_duration.SetInParent()
    return retries.by_method(route, policies)
