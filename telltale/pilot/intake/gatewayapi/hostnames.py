"""Which hostnames a listener and a route have in common. Pure.

Source: apis/v1, `HTTPRouteSpec.Hostnames`. A wildcard stands for one label and more.
"""

from collections.abc import Sequence

ANY = "*"


def shared(listener: str, route: Sequence[str]) -> tuple[str, ...]:
    """The names under which a route is served by a listener; empty when there are none."""
    listener = listener.lower()
    if not route:
        return (listener or ANY,)
    found = (_narrower(listener, one.lower()) for one in route)
    return tuple(dict.fromkeys(one for one in found if one))


def _narrower(listener: str, route: str) -> str:
    if not listener or _covers(listener, route):
        return route
    return listener if _covers(route, listener) else ""


def _covers(wide: str, narrow: str) -> bool:
    if wide == narrow:
        return True
    return wide.startswith("*.") and narrow.removeprefix("*").endswith(wide[1:])
