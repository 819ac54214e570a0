"""A Gateway's listeners: which can be served, and why another cannot. Pure.

Of listeners that cannot be told apart none is served: the specification forbids to pick a winner.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from telltale.kube.codec import Json, Object
from telltale.kube.gatewayapi.gateways import GatewayTLS, Listener
from telltale.kube.gatewayapi.message import GROUP, SecretRef
from telltale.model.gateway import Credential, Ends, ServerTls
from telltale.model.service import Protocol
from telltale.pilot.intake.gatewayapi import frontends
from telltale.pilot.intake.gatewayapi.grants import Named
from telltale.pilot.intake.gatewayapi.subject import UNSUPPORTED, Subject, Wrong
from telltale.pilot.intake.gatewayapi.world import World
from telltale.pilot.intake.status import Condition, conditions

_REQUESTS, _NAMED, _PLAIN = ("HTTPRoute", "GRPCRoute"), ("TLSRoute",), ("TCPRoute",)
_PROTOCOLS = {"HTTP": _REQUESTS, "HTTPS": _REQUESTS, "TLS": _NAMED, "TCP": _PLAIN}


@dataclass
class Judged:
    """A listener; `refused`: it is not served; `unresolved`: it is, as far as it can be."""

    listener: Listener
    place: str
    takes: tuple[str, ...] = ()
    refused: Wrong | None = None
    conflict: Wrong | None = None
    unresolved: list[Wrong] = field(default_factory=list)
    tls: ServerTls | None = None
    speaks: Protocol = Protocol.HTTP

    @property
    def served(self) -> bool:
        """A listener that shows no certificate answers nobody."""
        lost = self.tls is not None and not self.tls.passes and not self.tls.keys
        return not (self.refused or self.conflict or lost)


@dataclass(frozen=True, slots=True)
class Asking:
    """Whose listeners are judged, and by the proxies of which Gateway they would be served.

    `tls`: what the Gateway says for all of them.
    """

    subject: Subject
    gateway: Subject
    world: World
    tls: GatewayTLS | None = None


def judge(
    asking: Asking, given: Iterable[Listener], before: Iterable[Judged] = ()
) -> list[Judged]:
    """`before`: listeners of the same Gateway that go before these, whatever they claim."""
    found = [_judged(asking, one) for one in enumerate(given)]
    elder = [one for one in before if not (one.refused or one.conflict)]
    for one in found:
        others = (*elder, *found)
        one.conflict = next((why for other in others if (why := _conflict(one, other))), None)
        for wrong in (one.refused, one.conflict):
            if wrong:
                asking.subject.tell(wrong, "the listener is not served")
        for wrong in one.unresolved:
            asking.subject.tell(wrong, "the listener is served without it")
    return found


def status(subject: Subject, one: Judged, attached: int) -> Object:
    """What is said of a listener."""
    kinds: list[Json] = [{"group": GROUP, "kind": kind} for kind in one.takes]
    wrong = one.refused or one.conflict
    accepted = subject.condition("Accepted", True, "Accepted", "the listener is accepted")
    if wrong:
        accepted = subject.condition("Accepted", False, wrong.reason, wrong.message)
    programmed = subject.condition("Programmed", True, "Programmed", "given to the proxies")
    if not one.served:
        programmed = subject.condition("Programmed", False, "Invalid", "see the other conditions")
    said = [accepted, _conflicted(subject, one), _resolved(subject, one), programmed]
    return {
        "name": one.listener.name, "supportedKinds": kinds, "attachedRoutes": attached,
        "conditions": conditions(said),
    }  # fmt: skip


def summary(subject: Subject, judged: list[Judged]) -> Condition:
    """Whether what has these listeners is accepted: some are enough."""
    bad = [one.listener.name for one in judged if one.refused or one.conflict]
    if not bad:
        return subject.condition("Accepted", True, "Accepted", "all listeners are accepted")
    message = f"not accepted: listener {', '.join(bad)}; see their conditions"
    return subject.condition("Accepted", len(bad) < len(judged), "ListenersNotValid", message)


def _conflicted(subject: Subject, one: Judged) -> Condition:
    if one.conflict:
        return subject.condition("Conflicted", True, one.conflict.reason, one.conflict.message)
    return subject.condition("Conflicted", False, "NoConflicts", "no other listener claims it")


def _resolved(subject: Subject, one: Judged) -> Condition:
    if not one.unresolved:
        return subject.condition("ResolvedRefs", True, "ResolvedRefs", "all references lead there")
    message = ". ".join(wrong.message for wrong in one.unresolved)
    return subject.condition("ResolvedRefs", False, one.unresolved[0].reason, message)


def _judged(asking: Asking, at: tuple[int, Listener]) -> Judged:
    index, listener = at
    found = Judged(listener, f"spec.listeners[{index}]")
    takes = _PROTOCOLS.get(listener.protocol)
    if takes is None:
        what, hint = f"{listener.protocol!r} is not supported", f"use {', '.join(_PROTOCOLS)}"
        found.refused = Wrong("UnsupportedProtocol", f"{found.place}.protocol", what, hint)
        return found
    if listener.protocol in ("HTTPS", "TLS"):
        _secure(asking, found)
    if found.tls and listener.protocol == "TLS" and not found.tls.passes:
        takes = (*_NAMED, *_PLAIN)
    if listener.protocol in ("TLS", "TCP"):
        found.speaks = Protocol.TLS if found.tls and found.tls.passes else Protocol.TCP
    found.takes = _allowed(found, takes)
    return found


def _allowed(found: Judged, takes: tuple[str, ...]) -> tuple[str, ...]:
    """Of the kinds that a protocol takes those that the listener asks for, if it asks."""
    asked = found.listener.allowed_routes.kinds
    for index, one in enumerate(asked):
        if one.group != GROUP or one.kind not in takes:
            what = f"{one.kind} is not for {found.listener.protocol}"
            place = f"{found.place}.allowedRoutes.kinds[{index}]"
            hint = f"use {', '.join(takes)}"
            found.unresolved.append(Wrong("InvalidRouteKinds", place, what, hint))
    names = {one.kind for one in asked if one.group == GROUP}
    return tuple(kind for kind in takes if not asked or kind in names)


def _secure(asking: Asking, found: Judged) -> None:
    given, place = found.listener.tls, f"{found.place}.tls"
    if given is None:
        what = f"{found.listener.protocol} needs it"
        found.refused = Wrong(UNSUPPORTED, place, what, "name a certificate in certificateRefs")
    elif given.mode == "Passthrough" and found.listener.protocol == "TLS":
        found.tls = ServerTls(Ends.PASSTHROUGH)
    elif given.mode == "Passthrough":
        what = "HTTPS cannot be passed through"
        found.refused = Wrong(UNSUPPORTED, f"{place}.mode", what, "use the protocol TLS")
    elif given.options:
        what = f"{', '.join(sorted(given.options))}: no option is known"
        found.refused = Wrong(UNSUPPORTED, f"{place}.options", what, "take it out")
    else:
        keys = [
            key for index, ref in enumerate(given.certificate_refs)
            if (key := _key(asking, found, (ref, f"{place}.certificateRefs[{index}]")))
        ]  # fmt: skip
        if not given.certificate_refs:
            place = f"{place}.certificateRefs"
            wrong = Wrong("InvalidCertificateRef", place, "is empty", "name a Secret")
            found.unresolved.append(wrong)
        found.tls = ServerTls(Ends.SIMPLE, tuple(keys[:2]))
        if wanted := frontends.validation(asking.tls, found.listener.port):
            asked = frontends.asked(asking.gateway, asking.world, wanted, found.tls)
            found.tls, found.refused = asked.tls, asked.refused
            found.unresolved += asked.wrong


def _key(asking: Asking, found: Judged, at: tuple[SecretRef, str]) -> Credential | None:
    ref, place = at
    subject = asking.subject
    namespace = ref.namespace or subject.namespace
    if (ref.group, ref.kind) != ("", "Secret"):
        what = f'"{ref.kind}" holds no certificate'
        wrong = Wrong("InvalidCertificateRef", place, what, "name a Secret")
    elif not asking.world.grants.allow(subject.named, Named("", "Secret", namespace, ref.name)):
        what = f"Secret {namespace}/{ref.name} is of another namespace"
        hint = (
            f"create a ReferenceGrant in {namespace} from {subject.kind.kind}"
            f" in {subject.namespace}"
        )
        wrong = Wrong("RefNotPermitted", place, what, hint)
    elif (broken := asking.world.credentials.get(Credential(ref.name, namespace))) != "":
        what = f"Secret {namespace}/{ref.name}: {broken or 'is not there, or holds no such thing'}"
        hint = "write tls.crt and tls.key there"
        wrong = Wrong("InvalidCertificateRef", place, what, hint)
    else:
        local = namespace == asking.gateway.namespace
        return Credential(ref.name, "" if local else namespace)
    found.unresolved.append(wrong)
    return None


def _conflict(one: Judged, other: Judged) -> Wrong | None:
    mine, theirs = one.listener, other.listener
    if one is other or mine.port != theirs.port or one.refused or other.refused:
        return None
    secure = ("HTTPS", "TLS")
    if mine.protocol != theirs.protocol and not (
        mine.protocol in secure and theirs.protocol in secure
    ):
        what = f"{mine.protocol} and {theirs.name!r} with {theirs.protocol} on port {mine.port}"
        return Wrong("ProtocolConflict", f"{one.place}.protocol", what, "use another port")
    if mine.protocol == "TCP" or (mine.hostname or "") == (theirs.hostname or ""):
        what = f"{theirs.name!r} has port {mine.port} and {mine.hostname or 'any hostname'} too"
        return Wrong("HostnameConflict", f"{one.place}.hostname", what, "use another hostname")
    return None
