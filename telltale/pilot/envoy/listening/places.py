"""The listeners of a class's way out, place by place; what stayed as it was is the same listener.

Pure. A listener is remembered with what it was made of: who claims its place, and which hosts were
looked up for it. Never: what is in a listener (`listeners`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from envoy.config.listener.v3.listener_pb2 import Listener

from telltale.model.view import View
from telltale.pilot.envoy import names
from telltale.pilot.envoy.listening import listeners, outlets
from telltale.pilot.envoy.listening.outlets import Outlet
from telltale.pilot.envoy.part import Part
from telltale.pilot.envoy.telling.finish import Finish


@dataclass(frozen=True, slots=True)
class Heard:
    """All that decides which listeners a class has."""

    view: View
    parts: Mapping[str, Part]
    routed: Collection[int]  # numbers on which hosts are routed that are no service's
    finish: Finish


@dataclass(frozen=True, slots=True)
class Made:
    claims: object
    reads: frozenset[str]
    listener: Listener


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """`made`: by the listener's name, in their order. `reads`: of all of them."""

    made: Mapping[str, Made] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
    listeners: tuple[Listener, ...] = ()


def after(
    old: Places, heard: Heard, own: frozenset[str], touched: frozenset[str], *, redirected: bool
) -> Places:
    """`own`: addresses of those who hear. `touched`: hosts that are not as they were for `old`."""
    view = heard.view
    served = (one for found in heard.parts.values() for one in found.served)
    made: dict[str, Made] = {}
    for place in outlets.of(view.mesh, served, heard.routed, own, redirected=redirected):
        claims = _claims(place, heard.parts)
        name = names.listener(place.host, place.number)
        known = old.made.get(name)
        if known is None or known.claims != claims or not known.reads.isdisjoint(touched):
            view.looked.clear()
            listener = listeners.outbound(view, place, redirected=redirected)
            known = Made(claims, frozenset(view.looked), heard.finish.tell(listener))
        made[name] = known
    if redirected:
        known = old.made.get(names.VIRTUAL_OUTBOUND)
        made[names.VIRTUAL_OUTBOUND] = known or Made(
            None, frozenset(), heard.finish.tell(listeners.virtual_outbound(view))
        )
    return Places(
        made, frozenset().union(*(one.reads for one in made.values())),
        tuple(one.listener for one in made.values()),
    )  # fmt: skip


def _claims(place: Outlet, parts: Mapping[str, Part]) -> object:
    """Of those who speak HTTP only how: a thousand of them are one chain."""
    requests = frozenset(one.port.protocol for one in place.claims if one.port.protocol.http)
    others = tuple(
        (parts[one.service.host], one.port, one.networks)
        for one in place.claims if not one.port.protocol.http
    )  # fmt: skip
    first = place.claims[0].port.protocol.http if place.claims else None
    return place.led, place.routed, requests, others, first
