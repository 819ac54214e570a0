"""ListenerSets: listeners that others add to a Gateway, where it allows that. Pure.

What the Gateway has itself goes before them, and of two sets the older. Never: who serves them.
"""

from collections.abc import Iterable, Mapping

from telltale.kube.codec import Json, Object
from telltale.kube.gatewayapi import gateways as api
from telltale.kube.gatewayapi.kinds import LISTENER_SET
from telltale.kube.meta import Config
from telltale.pilot.intake.gatewayapi import listeners
from telltale.pilot.intake.gatewayapi.gateways import Added, Edge
from telltale.pilot.intake.gatewayapi.listeners import Asking
from telltale.pilot.intake.gatewayapi.subject import Subject, Wrong, read_all
from telltale.pilot.intake.gatewayapi.world import World, is_gateway
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.status import Condition, conditions

CLOSED = api.RouteNamespaces(from_="None")  # what a Gateway that says nothing allows


def read(given: Iterable[Config], world: World, edges: Iterable[Edge]) -> list[Problem]:
    """Each set of one of our Gateways, added to it; those of others are theirs to judge."""
    ours = {edge.key: edge for edge in edges}
    found: list[tuple[Subject, api.ListenerSet, Edge]] = []

    def judge(one: Subject, spec: api.ListenerSet) -> None:
        parent = spec.parent_ref
        place = "Gateway", parent.namespace or one.namespace, parent.name
        if is_gateway(parent.group, parent.kind) and place in ours:
            found.append((one, spec, ours[place]))

    problems = read_all(LISTENER_SET, api.ListenerSet, given, judge)
    for one, spec, edge in sorted(found, key=_order):
        edge.sets.append(_added(one, spec, edge, world))
        problems += one.problems
    return problems


def status(edge: Edge, added: Added, attached: Mapping[str, int]) -> Object:
    """`attached`: how many routes each listener has, by the gateway's name."""
    told: list[Json] = [
        listeners.status(added.subject, one, attached.get(edge.name_of(one, added), 0))
        for one in added.judged
    ]
    said = conditions([_accepted(added), _programmed(edge, added)])
    return {"conditions": said, "listeners": told}


def _order(found: tuple[Subject, api.ListenerSet, Edge]) -> tuple[str, str, str]:
    origin = found[0].origin
    return origin.created, origin.namespace, origin.name


def _added(one: Subject, spec: api.ListenerSet, edge: Edge, world: World) -> Added:
    allowed = edge.spec.allowed_listeners
    namespaces = (allowed.namespaces if allowed else None) or CLOSED
    wrong = None
    if not world.welcomes(namespaces, edge.subject.namespace, one.namespace):
        what = f"Gateway {edge.subject.namespace}/{edge.subject.origin.name} takes none from here"
        hint = f"allow the namespace {one.namespace} in its spec.allowedListeners"
        wrong = Wrong("NotAllowed", "spec.parentRef", what, hint)
    elif edge.refused:
        what = f"Gateway {edge.subject.origin.name} is not accepted"
        wrong = Wrong("ParentNotAccepted", "spec.parentRef", what, "see its conditions")
    if wrong:
        one.tell(wrong, "its listeners are not served")
        return Added(one, [], wrong)
    before = [judged for judged, _ in edge.everything]
    asking = Asking(one, edge.subject, world, edge.spec.tls)
    return Added(one, listeners.judge(asking, spec.listeners, before))


def _accepted(added: Added) -> Condition:
    one = added.subject
    if added.refused:
        return one.condition("Accepted", False, added.refused.reason, added.refused.message)
    return listeners.summary(one, added.judged)


def _programmed(edge: Edge, added: Added) -> Condition:
    one = added.subject
    if added.refused:
        return one.condition("Programmed", False, added.refused.reason, added.refused.message)
    if not any(judged.served for judged in added.judged):
        return one.condition("Programmed", False, "ListenersNotValid", "no listener can be served")
    if edge.placed.wrong:
        message = f"its Gateway: {edge.placed.wrong.message}"
        return one.condition("Programmed", False, "ParentNotProgrammed", message)
    return one.condition("Programmed", True, "Programmed", f"served by {edge.service}")
