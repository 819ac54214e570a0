"""The rules of all routings for one host, merged into the routes of its virtual host. Pure.

Who asks, and on which port, is judged here for the class of clients at hand; Envoy sees only what
is left. Never: domains, or routes for hosts that nobody routes.
"""

from collections.abc import Iterable, Iterator

from envoy.config.route.v3.route_components_pb2 import Route

from telltale.model.route import HttpRoute, Match, Routing
from telltale.pilot.envoy import names
from telltale.pilot.envoy.routing import actions, cors, faults, matching, retries
from telltale.pilot.envoy.routing.actions import Dialled

ANYTHING = Match()


def merged(routings: Iterable[Routing], dialled: Dialled) -> list[Route]:
    """In the order in which they are tried: routing by routing, what takes everything at the end.

    Each routing keeps the order of its own rules; what stands behind one that takes everything is
    never reached, so only the first such rule of all is there.
    """
    found: list[Route] = []
    last: list[Route] = []
    for routing in routings:
        for routes in _of(routing, dialled):
            if matching.every(routes[-1]):
                last = last or routes
                break
            found += routes
    return found + last


def _of(routing: Routing, dialled: Dialled) -> Iterator[list[Route]]:
    """The routes of each match of each rule that can hold for these clients and this port."""
    for http in routing.http:
        for match in http.matches or (ANYTHING,):
            if dialled.on(match.port) and dialled.view.is_client(match.client):
                yield _routes(routing, http, match, dialled)


def _routes(routing: Routing, http: HttpRoute, match: Match, dialled: Dialled) -> list[Route]:
    route = Route(name=_name(http, match), match=matching.request(match))
    route.metadata.filter_metadata["istio"].update({"config": (http.origin or routing.origin).path})
    route.stat_prefix = match.stat_prefix
    actions.apply(route, http, match, dialled)
    faults.apply(route, http.delay, http.abort)
    cors.apply(route, http.cors)
    route.decorator.operation = _operation(route, dialled)
    if not route.HasField("route"):
        return [route]
    return retries.tried_again(route, http.retries or dialled.view.mesh.options.retries)


def _name(http: HttpRoute, match: Match) -> str:
    return ".".join(one for one in (http.name, match.name) if one) or names.DEFAULT_ROUTE


def _operation(route: Route, dialled: Dialled) -> str:
    """What tracing calls it: where it goes and which paths."""
    match = route.match
    path = match.path or match.safe_regex.regex
    path = path or f"{match.prefix or f'{match.path_separated_prefix}/'}*"
    return f"{names.virtual_host(dialled.host, dialled.port)}{path}"
