"""What a route is attached to: listeners of Gateways, or Services (and hosts of ServiceEntries) for
clients in the mesh. Pure.

A route in a Service's own namespace holds for all its clients; one in another namespace for the
clients of that namespace only (GEP-1426: producer and consumer routes). Never: what a route says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telltale.kube.codec import Json, Object
from telltale.kube.gatewayapi.message import ParentRef
from telltale.model.route import MESH
from telltale.model.scope import Scope
from telltale.pilot.intake.gatewayapi import hostnames
from telltale.pilot.intake.gatewayapi.grants import Named
from telltale.pilot.intake.gatewayapi.subject import UNSUPPORTED, Subject, Wrong
from telltale.pilot.intake.gatewayapi.world import Door, World, is_called, is_gateway, lacking
from telltale.pilot.intake.status import CONTROLLER, Condition, conditions

EVERYBODY = Scope()


@dataclass(frozen=True, slots=True)
class Attachment:
    """`gateway` is a listener's, or `MESH`; `port` 0 means every port of the Service."""

    gateway: str
    hosts: tuple[str, ...]
    scope: Scope = EVERYBODY
    port: int = 0


@dataclass(frozen=True, slots=True)
class Parent:
    """One reference that is for us to judge."""

    ref: ParentRef
    attachments: tuple[Attachment, ...] = ()
    wrong: Wrong | None = None


def of(
    subject: Subject, world: World, refs: Iterable[ParentRef], names: Sequence[str]
) -> list[Parent]:
    """Those references that lead to something that we serve; others judge the rest."""
    found: list[Parent] = []
    for index, ref in enumerate(refs):
        place = f"spec.parentRefs[{index}]"
        namespace = ref.namespace or subject.namespace
        result: list[Attachment] | Wrong
        if is_called(ref.group, ref.kind):
            result = _called(subject, world, (ref, place))
        elif is_gateway(ref.group, ref.kind) and (ref.kind, namespace, ref.name) in world.doors:
            result = _gateway(subject, world, (ref, place), names)
        else:
            continue
        if isinstance(result, Wrong):
            subject.tell(result, "the route does not hold there")
            found.append(Parent(ref, wrong=result))
        else:
            found.append(Parent(ref, tuple(result)))
    return found


def unserved(subject: Subject, world: World, refs: Sequence[ParentRef]) -> list[Parent]:
    """Of a kind that nobody here serves: said to each parent that would be ours to serve."""
    what, hint = f"{subject.kind.kind} is not supported", "the proxies carry TCP: use a TCPRoute"
    wrong = Wrong(UNSUPPORTED, "kind", what, hint)
    found = [
        Parent(ref, wrong=wrong) for ref in refs
        if is_called(ref.group, ref.kind)
        or (ref.kind, ref.namespace or subject.namespace, ref.name) in world.doors
    ]  # fmt: skip
    if found:
        subject.tell(wrong, "the route does not hold anywhere")
    return found


def status(subject: Subject, parents: Iterable[Parent], rules: int) -> Object:
    """What is said to each parent of a route with so many rules."""
    told: list[Json] = []
    for one in parents:
        ref = one.ref
        named: Object = {"group": ref.group, "kind": ref.kind, "name": ref.name}
        more: Object = {
            "namespace": ref.namespace, "sectionName": ref.section_name, "port": ref.port,
        }  # fmt: skip
        named |= {key: value for key, value in more.items() if value is not None}
        said = [_accepted(subject, one, rules), subject.resolved()]
        if subject.refused and not refused(subject, rules):
            reason, message = _dropped(subject)
            said.append(subject.condition("PartiallyInvalid", True, reason, message))
        told.append(
            {"parentRef": named, "controllerName": CONTROLLER, "conditions": conditions(said)}
        )
    return {"parents": told}


def refused(subject: Subject, rules: int) -> bool:
    """Whether nothing of a route can be served."""
    return rules > 0 and len(subject.refused) == rules


def _accepted(subject: Subject, parent: Parent, rules: int) -> Condition:
    if parent.wrong:
        return subject.condition("Accepted", False, parent.wrong.reason, parent.wrong.message)
    if refused(subject, rules):
        first = subject.refused[min(subject.refused)]
        return subject.condition("Accepted", False, first.reason, first.message)
    return subject.condition("Accepted", True, "Accepted", "the route is served")


def _dropped(subject: Subject) -> tuple[str, str]:
    said = "; ".join(f"rule {index}: {one.message}" for index, one in subject.refused.items())
    return UNSUPPORTED, f"Dropped Rule: {said}; requests for it are answered with 500"


def _called(
    subject: Subject, world: World, at: tuple[ParentRef, str]
) -> list[Attachment] | Wrong:
    ref, place = at
    namespace = ref.namespace or subject.namespace
    found = world.meant(Named(ref.group, ref.kind, namespace, ref.name))
    if not found:
        what = f"{ref.kind} {namespace}/{ref.name} is not there"
        return Wrong("NoMatchingParent", place, what, "create it, or correct the name")
    hosts = tuple(one.host for one in found if not ref.port or one.port(ref.port))
    if not hosts:
        what, hint = lacking(found[0], ref.port or 0)
        return Wrong("NoMatchingParent", f"{place}.port", what, hint)
    scope = EVERYBODY if subject.namespace == namespace else Scope((subject.namespace,))
    return [Attachment(MESH, hosts, scope, ref.port or 0)]


def _gateway(
    subject: Subject, world: World, at: tuple[ParentRef, str], names: Sequence[str]
) -> list[Attachment] | Wrong:
    """All listeners that take it; or why the one that came closest does not."""
    ref, place = at
    home = ref.namespace or subject.namespace
    doors = [
        door for door in world.doors[ref.kind, home, ref.name]
        if ref.section_name in (None, door.listener) and ref.port in (None, door.port)
    ]  # fmt: skip
    if not doors:
        wanted = f"port {ref.port}" if ref.port else "listener that could take it"
        wanted = f"listener {ref.section_name!r}" if ref.section_name else wanted
        what = f"{ref.kind} {home}/{ref.name} has no {wanted}"
        return Wrong("NoMatchingParent", place, what, "name one of its listeners")
    welcome = [
        door for door in doors
        if subject.kind.kind in door.takes
        and world.welcomes(door.namespaces, home, subject.namespace)
    ]  # fmt: skip
    if not welcome:
        what = f"no listener of {home}/{ref.name} takes a {subject.kind.kind} from here"
        hint = f"allow the namespace {subject.namespace} and the kind in its allowedRoutes"
        return Wrong("NotAllowedByListeners", place, what, hint)
    found = [
        Attachment(door.name, shared)
        for door in welcome if (shared := hostnames.shared(door.hostname, names))
    ]  # fmt: skip
    if not found:
        what = f"none of {', '.join(names)} is served by {_served(welcome)}"
        hint = "write a hostname that a listener covers"
        return Wrong("NoMatchingListenerHostname", "spec.hostnames", what, hint)
    return found


def _served(doors: Iterable[Door]) -> str:
    return ", ".join(f"listener {door.listener} ({door.hostname or '*'})" for door in doors)
