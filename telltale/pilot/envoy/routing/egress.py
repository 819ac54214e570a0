"""What becomes of traffic to nobody known: it passes, goes to an egress proxy, or is refused. Pure.

Never: who is known.
"""

from envoy.config.route.v3.route_components_pb2 import VirtualHost

from telltale.model.options import Egress
from telltale.model.view import View
from telltale.pilot.envoy import names

REFUSED = 502  # as users and dashboards of the field know a blocked request


def stranger(view: View) -> str:
    """The cluster for connections, and for requests that are let through."""
    if view.egress is Egress.KNOWN:
        return names.BLACK_HOLE
    proxy = view.sidecar.proxy if view.sidecar else None
    if proxy:
        host, port, subset = proxy
        return names.outbound(port, host, subset)
    return names.PASSTHROUGH


def nobody_known(view: View) -> VirtualHost:
    """The last of a table: any host that is left."""
    blocked = view.egress is Egress.KNOWN
    name = names.BLOCK_ALL if blocked else names.ALLOW_ANY
    host = VirtualHost(name=name, domains=["*"], include_request_attempt_count=True)
    route = host.routes.add(name=name)
    route.match.prefix = "/"
    if blocked:
        route.direct_response.status = REFUSED
    else:
        route.route.cluster = stranger(view)
        route.route.timeout.SetInParent()
    return host
