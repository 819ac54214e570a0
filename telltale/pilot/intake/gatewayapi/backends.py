"""Where the requests and connections of a rule go, and in which parts. Pure.

What goes to a backend that is not there, or must not be named, is answered with 500: a share of
its own, `NOBODY`.
"""

from collections.abc import Sequence

from telltale.kube.gatewayapi.message import BackendRef
from telltale.kube.gatewayapi.routes import GRPCBackendRef, HTTPBackendRef
from telltale.model.route import NOBODY, NONE, Share
from telltale.pilot.intake.gatewayapi import filters
from telltale.pilot.intake.gatewayapi.subject import Subject
from telltale.pilot.intake.gatewayapi.world import World


def shares(
    subject: Subject, world: World, rule: int, refs: Sequence[BackendRef]
) -> tuple[Share, ...]:
    """Those with a weight; empty when all that comes must be answered with 500."""
    found = []
    for index, ref in enumerate(refs):
        place = f"spec.rules[{rule}].backendRefs[{index}]"
        destination = world.backend(subject, ref, place) or NOBODY
        request = response = NONE
        if isinstance(ref, HTTPBackendRef | GRPCBackendRef):
            request, response = filters.edits(subject, rule, ref.filters, place)
        found.append(Share(destination, ref.weight, request, response))
    served = tuple(one for one in found if one.weight)
    return served if any(one.destination != NOBODY for one in served) else ()
