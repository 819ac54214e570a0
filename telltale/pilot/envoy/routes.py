"""Route tables: which host and path goes to which cluster. Pure.

Retries. A request is tried again (twice, on another host) when it certainly was not served:
connect-failure, refused-stream, unavailable, cancelled, reset-before-request. A safe request (GET,
HEAD, OPTIONS, TRACE: RFC 9110, 9.2.1) also when its connection broke before any answer came: the
race between a keep-alive connection being closed and being used, which a rolling restart brings.
"""

from collections.abc import Iterable

from envoy.config.route.v3.route_components_pb2 import RetryPolicy, Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.retry.host.previous_hosts.v3.previous_hosts_pb2 import PreviousHostsPredicate

from telltale.model.mesh import Mesh
from telltale.model.service import Discovery, Port, Service
from telltale.model.workload import Target
from telltale.pilot.envoy import names
from telltale.pilot.envoy.resources import pack

RETRIES = 2
# How often to draw again when the drawn host was tried before. One that fails fast has the fewest
# requests, so LEAST_REQUEST draws it three times of four when there are two. With five draws
# (Istio's number) both retries may hit it: seen as 503s within 400 requests of
# test_safe_requests_survive_a_backend_that_vanishes.
RESELECTIONS = 32
_NOT_SERVED = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
_UNSAFE = f"{_NOT_SERVED},reset-before-request"
_SAFE = f"{_NOT_SERVED},reset"
_SAFE_METHODS = "GET|HEAD|OPTIONS|TRACE"


def outbound(mesh: Mesh, namespace: str) -> tuple[RouteConfiguration, ...]:
    """One table a port number on which any service speaks HTTP, as seen from a namespace."""
    by_port: dict[int, list[tuple[Service, Port]]] = {}
    for service in mesh.services.values():
        for port in service.ports:
            if port.protocol.http and service.discovery is not Discovery.ALIAS:
                by_port.setdefault(port.number, []).append((service, port))
    return tuple(_table(mesh, number, by_port[number], namespace) for number in sorted(by_port))


def inbound(target: Target) -> RouteConfiguration:
    """All that comes in at a container port goes to it."""
    table = RouteConfiguration(name=names.inbound(target.service_port))
    table.validate_clusters.value = False
    host = table.virtual_hosts.add(name=names.inbound_host(target.service_port), domains=["*"])
    operation = f"{names.virtual_host(target.host, target.service_port)}/*"
    host.routes.extend(_routes(names.inbound(target.port), operation, _INBOUND))
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
    mesh: Mesh, number: int, served: list[tuple[Service, Port]], namespace: str
) -> RouteConfiguration:
    table = RouteConfiguration(name=names.route(number), ignore_port_in_host_matching=True)
    table.validate_clusters.value = False
    table.max_direct_response_body_size_bytes.value = 1 << 20
    taken: set[str] = set()
    aliases = mesh.aliases()
    for service, port in served:
        wanted = [*domains(service, namespace)]
        for alias in aliases.get(service.host, ()):
            wanted += domains(alias, namespace)
        # A domain twice in a table makes Envoy reject all of it: the first, the elder, has it.
        free = [form for form in dict.fromkeys(wanted) if form not in taken]
        taken.update(free)
        if free:
            table.virtual_hosts.append(_virtual_host(service, port, free))
    table.virtual_hosts.append(_allow_any())
    return table


def _virtual_host(service: Service, port: Port, domains: list[str]) -> VirtualHost:
    name = names.virtual_host(service.host, port.number)
    host = VirtualHost(name=name, domains=domains, include_request_attempt_count=True)
    host.routes.extend(_routes(names.outbound(port.number, service.host), f"{name}/*", _OUTBOUND))
    return host


def _allow_any() -> VirtualHost:
    host = VirtualHost(name=names.ALLOW_ANY, domains=["*"], include_request_attempt_count=True)
    route = host.routes.add(name=names.ALLOW_ANY)
    route.match.prefix = "/"
    route.route.cluster = names.PASSTHROUGH
    route.route.timeout.SetInParent()
    return host


def _routes(
    cluster: str, operation: str, retries: tuple[RetryPolicy, RetryPolicy]
) -> tuple[Route, Route]:
    """The same way twice: safe requests first, for they may be retried more boldly."""
    safe, rest = (_route(cluster, operation, policy) for policy in retries)
    method = safe.match.headers.add(name=":method")
    method.string_match.safe_regex.regex = _SAFE_METHODS
    return safe, rest


def _route(cluster: str, operation: str, retries: RetryPolicy) -> Route:
    route = Route(name=names.DEFAULT_ROUTE)
    route.match.prefix = "/"
    route.decorator.operation = operation
    route.route.cluster = cluster
    route.route.timeout.SetInParent()  # 0: none, where Envoy would give up after 15 s
    route.route.max_stream_duration.max_stream_duration.SetInParent()
    route.route.retry_policy.CopyFrom(retries)
    return route


def _retries(on: str, *, elsewhere: bool) -> RetryPolicy:
    policy = RetryPolicy(retry_on=on)
    policy.num_retries.value = RETRIES
    if elsewhere:
        policy.retry_host_predicate.add(
            name="envoy.retry_host_predicates.previous_hosts",
            typed_config=pack(PreviousHostsPredicate()),
        )
        policy.host_selection_retry_max_attempts = RESELECTIONS
    return policy


_OUTBOUND = _retries(_SAFE, elsewhere=True), _retries(_UNSAFE, elsewhere=True)
_INBOUND = _retries("reset", elsewhere=False), _retries("reset-before-request", elsewhere=False)
