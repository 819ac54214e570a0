"""What is done with a request that matches: sent on, redirected or answered at once. Pure.

Never: which requests, or retries. Hosts are full names; a port not said is found out here.
"""

from dataclasses import dataclass

from envoy.config.route.v3.route_components_pb2 import RedirectAction, Route, RouteAction

from telltale.model.route import (
    NOBODY,
    Destination,
    How,
    HttpRoute,
    Match,
    Redirect,
    Rewrite,
    Share,
)
from telltale.model.view import View
from telltale.pilot.envoy import names
from telltale.pilot.envoy.routing import edits, faults
from telltale.pilot.envoy.times import duration

_CODES = {
    301: RedirectAction.MOVED_PERMANENTLY, 302: RedirectAction.FOUND,
    303: RedirectAction.SEE_OTHER, 307: RedirectAction.TEMPORARY_REDIRECT,
    308: RedirectAction.PERMANENT_REDIRECT,
}  # fmt: skip


_USUAL = (80, 443)  # ports that a Location does not name


@dataclass(frozen=True, slots=True)
class Dialled:
    """What a client asked for: a host and port of the mesh, as this class of clients sees them.

    `explicit`: only rules that name the port hold for it.
    """

    view: View
    host: str
    port: int
    explicit: bool = False

    def on(self, port: int) -> bool:
        """Whether a match that asks for a port (0: says nothing of it) holds."""
        return port == self.port or (port == 0 and not self.explicit)


def apply(route: Route, http: HttpRoute, match: Match, dialled: Dialled) -> None:
    if http.redirect is not None:
        _redirect(route, http.redirect, dialled.port)
    elif http.direct is not None:
        route.direct_response.status = http.direct.status
        if http.direct.body:
            route.direct_response.body.inline_bytes = http.direct.body
    else:
        _forward(route, http, match, dialled)
    edits.apply(route, http.request, http.response)


def cluster(view: View, destination: Destination, port: int) -> str:
    """The cluster of a destination: its own port, else the service's only one, else as dialled."""
    if destination == NOBODY:
        return names.NOBODY
    service = view.service(destination.host)
    if service is not None and service.alias_of:  # another name: its clusters are the other's
        service = view.service(service.alias_of) or service
    host = service.host if service else destination.host
    number = destination.port
    if not number:
        number = service.ports[0].number if service and len(service.ports) == 1 else port
    return names.outbound(number, host, destination.subset)


def _redirect(route: Route, redirect: Redirect, port: int) -> None:
    action = route.redirect
    action.SetInParent()
    action.host_redirect = redirect.authority
    if redirect.prefix:
        action.prefix_rewrite = redirect.prefix
    elif redirect.path:
        action.path_redirect = redirect.path
    if redirect.scheme:
        action.scheme_redirect = redirect.scheme
    action.port_redirect = redirect.port or _redirect_port(redirect, port)
    action.response_code = _CODES[redirect.code]


def _redirect_port(redirect: Redirect, dialled: int) -> int:
    """0 leaves it as it stands in the request, or away with a new name."""
    return dialled if redirect.port_as_dialled and dialled not in _USUAL else 0


def _forward(route: Route, http: HttpRoute, match: Match, dialled: Dialled) -> None:
    action = route.route
    shares = [one for one in http.shares if one.weight] or [Share(NOBODY)]
    if len(shares) == 1 and not _edited(shares[0]):
        action.cluster = cluster(dialled.view, shares[0].destination, dialled.port)
    else:
        for share in shares:
            _share(action, share, cluster(dialled.view, share.destination, dialled.port))
    if any(one.destination == NOBODY for one in shares):
        action.cluster_not_found_response_code = RouteAction.INTERNAL_SERVER_ERROR
    action.timeout.SetInParent()  # 0: none, where Envoy would give up after 15 s
    if http.timeout_s:
        action.timeout.CopyFrom(duration(http.timeout_s))
    else:  # Envoy does not look at the timeout where this is set
        action.max_stream_duration.max_stream_duration.SetInParent()
    for mirror in http.mirrors:
        if mirror.share:
            copied = action.request_mirror_policies.add()
            copied.cluster = cluster(dialled.view, mirror.destination, dialled.port)
            copied.runtime_fraction.default_value.CopyFrom(faults.part(mirror.share))
    _rewrite(action, http.rewrite or Rewrite(), match)
    host = (http.rewrite.authority if http.rewrite else "") or edits.authority(http.request)
    if host:
        action.host_rewrite_literal = host


def _edited(share: Share) -> bool:
    return share != Share(share.destination, share.weight)


def _share(action: RouteAction, share: Share, name: str) -> None:
    added = action.weighted_clusters.clusters.add(name=name)
    added.weight.value = share.weight
    edits.apply(added, share.request, share.response)
    if host := edits.authority(share.request):
        added.host_rewrite_literal = host


def _rewrite(action: RouteAction, rewrite: Rewrite, match: Match) -> None:
    """A new path takes the place of the prefix or path that matched; of a pattern's, the whole."""
    if rewrite.pattern:
        action.regex_rewrite.pattern.regex = rewrite.pattern
        action.regex_rewrite.substitution = rewrite.substitution
    elif rewrite.path is not None and match.path is not None and match.path.how is How.REGEX:
        action.regex_rewrite.pattern.regex = "^.*$"
        action.regex_rewrite.substitution = rewrite.path.replace("\\", "\\\\")
    elif rewrite.path is not None:
        action.prefix_rewrite = rewrite.path
