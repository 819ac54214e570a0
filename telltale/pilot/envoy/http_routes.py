"""One routing's rules into the routes of a virtual host. Pure.

Who asks, and on which port, is judged here for the class of clients at hand; Envoy sees only what
is left. Never: domains, or routes for hosts that nobody routes.
"""

from collections.abc import Iterator

from envoy.config.route.v3.route_components_pb2 import HeaderMatcher, Route, RouteMatch
from envoy.type.matcher.v3.string_pb2 import StringMatcher

from telltale.model.route import Destination, How, HttpRoute, Match, Named, Routing, Share, Text
from telltale.model.service import Port, Service
from telltale.model.view import View
from telltale.pilot.envoy import names, retries

ANYTHING = Match()


def of(view: View, routing: Routing, service: Service, port: Port) -> Iterator[Route]:
    """The routes of a routing for a service's port, in the order in which they are tried."""
    operation = f"{names.virtual_host(service.host, port.number)}/*"
    for http in routing.http:
        for match in http.matches or (ANYTHING,):
            if match.port in (0, port.number) and view.is_client(match.client):
                route = Route(name=_name(http, match), match=_match(match))
                route.decorator.operation = operation
                route.metadata.filter_metadata["istio"].update({"config": routing.origin.path})
                _forward(route, view, http, port)
                yield from retries.by_method(route, retries.OUTBOUND)


def _name(http: HttpRoute, match: Match) -> str:
    return ".".join(one for one in (http.name, match.name) if one) or names.DEFAULT_ROUTE


def _match(match: Match) -> RouteMatch:
    found = RouteMatch()
    path = match.path or Text(How.PREFIX, "/")
    match path.how:
        case How.EXACT:
            found.path = path.value
        case How.REGEX:
            found.safe_regex.regex = path.value
        case _:
            found.prefix = path.value
    if path.ignore_case:
        found.case_sensitive.value = False
    found.headers.extend(_header(one) for one in match.headers)
    if match.method:
        found.headers.append(_header(Named(":method", match.method)))
    return found


def _header(named: Named) -> HeaderMatcher:
    found = HeaderMatcher(name=named.name, invert_match=named.inverted)
    if named.text.how is How.PRESENT:
        found.present_match = True
    else:
        found.string_match.CopyFrom(_string(named.text))
    return found


def _string(text: Text) -> StringMatcher:
    match text.how:
        case How.EXACT:
            return StringMatcher(exact=text.value)
        case How.PREFIX:
            return StringMatcher(prefix=text.value)
        case _:
            found = StringMatcher()
            found.safe_regex.regex = text.value
            return found


def _forward(route: Route, view: View, http: HttpRoute, port: Port) -> None:
    action = route.route
    shares = [one for one in http.shares if one.weight]
    if len(shares) == 1:
        action.cluster = cluster(view, shares[0].destination, port)
    else:
        for share in shares:
            _share(route, share, cluster(view, share.destination, port))
    action.timeout.SetInParent()  # 0: none, where Envoy would give up after 15 s
    if http.timeout_s:
        action.timeout.FromNanoseconds(round(http.timeout_s * 1e9))
    action.max_stream_duration.max_stream_duration.SetInParent()


def _share(route: Route, share: Share, name: str) -> None:
    added = route.route.weighted_clusters.clusters.add(name=name)
    added.weight.value = share.weight


def cluster(view: View, destination: Destination, port: Port) -> str:
    """The cluster of a destination: its own port, else the service's only one, else as dialled."""
    number = destination.port
    service = view.mesh.services.get(destination.host)
    if not number:
        alone = service.ports[0].number if service and len(service.ports) == 1 else 0
        number = alone or port.number
    return names.outbound(number, destination.host, destination.subset)
