"""Who asks is told to services of the mesh, and to nobody outside."""

from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost

from telltale.model.mesh import Mesh
from telltale.model.metric import PEER_HEADER
from telltale.model.service import Service
from telltale.model.view import View
from telltale.pilot.envoy import names
from telltale.pilot.envoy.telling.announced import Way, announce

VIEW = View(
    Mesh(services={
        one.key: one for one in (
            Service("cart", "shop", "cart.shop"),
            Service("far", "shop", "far.example", declared=True, external=True),
        )
    }),
    "shop",
)  # fmt: skip
INSIDE, OUTSIDE = names.outbound(80, "cart.shop"), names.outbound(80, "far.example")


def told(*routes: Route) -> list[str]:
    """Of a host and each way out of it whether the header is added, removed or left as it is."""
    host = VirtualHost(name="any", domains=["*"], routes=routes)
    announce(host, VIEW)
    ways = [host]
    for route in host.routes:
        ways += [*route.route.weighted_clusters.clusters] or [route]
    return [sign(one) for one in ways]


def sign(way: Way | VirtualHost) -> str:
    if [*way.request_headers_to_add]:
        return "+"
    return "-" if PEER_HEADER in way.request_headers_to_remove else ""


def to(*clusters: str) -> Route:
    route = Route()
    if len(clusters) == 1:
        route.route.cluster = clusters[0]
    for one in clusters if len(clusters) > 1 else ():
        route.route.weighted_clusters.clusters.add(name=one)
    return route


def answered() -> Route:
    route = Route()
    route.direct_response.status = 404
    return route


def test_where_all_lead_to_one_side_it_is_said_once():
    assert told(to(INSIDE), to(INSIDE, INSIDE)) == ["+", "", "", ""]
    assert told(to(OUTSIDE), answered()) == ["-", "", ""]


def test_where_routes_part_each_way_says_it():
    assert told(to(INSIDE), to(OUTSIDE, INSIDE), answered()) == ["", "+", "-", "+", ""]


def test_what_leads_nowhere_or_to_nobody_known_is_as_before():
    assert told() == ["+"]
    assert told(to(names.PASSTHROUGH)) == ["+", ""]
