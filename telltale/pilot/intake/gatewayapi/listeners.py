"""A Gateway's listeners: which can be served, and why another cannot. Pure.

Of listeners that cannot be told apart none is served: the specification forbids to pick a winner.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from telltale.kube.codec import Json, Object
from telltale.kube.gatewayapi.gateways import FrontendValidation, GatewayTLS, Listener
from telltale.kube.gatewayapi.message import GROUP, ObjectRef, SecretRef
from telltale.model.gateway import Credential, Ends, ServerTls
from telltale.model.service import Protocol
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


def judge(
    subject: Subject, world: World, given: Iterable[Listener], tls: GatewayTLS | None
) -> list[Judged]:
    found = [_judged(subject, world, one, tls) for one in enumerate(given)]
    for one in found:
        one.conflict = next((why for other in found if (why := _conflict(one, other))), None)
        for wrong in (one.refused, one.conflict):
            if wrong:
                subject.tell(wrong, "the listener is not served")
        for wrong in one.unresolved:
            subject.tell(wrong, "the listener is served without it")
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


def _conflicted(subject: Subject, one: Judged) -> Condition:
    if one.conflict:
        return subject.condition("Conflicted", True, one.conflict.reason, one.conflict.message)
    return subject.condition("Conflicted", False, "NoConflicts", "no other listener claims it")


def _resolved(subject: Subject, one: Judged) -> Condition:
    if not one.unresolved:
        return subject.condition("ResolvedRefs", True, "ResolvedRefs", "all references lead there")
    message = ". ".join(wrong.message for wrong in one.unresolved)
    return subject.condition("ResolvedRefs", False, one.unresolved[0].reason, message)


def _judged(
    subject: Subject, world: World, at: tuple[int, Listener], tls: GatewayTLS | None
) -> Judged:
    index, listener = at
    found = Judged(listener, f"spec.listeners[{index}]")
    takes = _PROTOCOLS.get(listener.protocol)
    if takes is None:
        what, hint = f"{listener.protocol!r} is not supported", f"use {', '.join(_PROTOCOLS)}"
        found.refused = Wrong("UnsupportedProtocol", f"{found.place}.protocol", what, hint)
        return found
    if listener.protocol in ("HTTPS", "TLS"):
        _secure(subject, world, found, tls)
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


def _secure(subject: Subject, world: World, found: Judged, tls: GatewayTLS | None) -> None:
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
            if (key := _key(subject, world, found, (ref, f"{place}.certificateRefs[{index}]")))
        ]  # fmt: skip
        if not given.certificate_refs:
            place = f"{place}.certificateRefs"
            wrong = Wrong("InvalidCertificateRef", place, "is empty", "name a Secret")
            found.unresolved.append(wrong)
        found.tls = ServerTls(Ends.SIMPLE, tuple(keys[:2]))
        _clients(subject, world, found, tls)


def _clients(subject: Subject, world: World, found: Judged, tls: GatewayTLS | None) -> None:
    """What is asked of clients: by the Gateway, for a port or for all."""
    frontend = tls.frontend if tls else None
    if frontend is None or found.tls is None:
        return
    by_port = {one.port: one.tls for one in frontend.per_port}
    chosen = by_port.get(found.listener.port, frontend.default)
    validation = chosen.validation if chosen else None
    if validation is None:
        return
    place = "spec.tls.frontend"
    ref = _authority_of(validation)
    if ref is None:
        what = "one Secret, and only valid certificates, are supported"
        hint = "name a single Secret with ca.crt, and AllowValidOnly"
        found.refused = Wrong(UNSUPPORTED, place, what, hint)
        return
    at = ref, f"{place}.caCertificateRefs[0]"
    known = _key(subject, world, found, at, authority=True)
    # Without authorities nobody can be judged: then nobody is served either.
    found.tls = ServerTls(Ends.MUTUAL, found.tls.keys if known else (), known)


def _authority_of(validation: FrontendValidation) -> ObjectRef | None:
    refs = validation.ca_certificate_refs
    if len(refs) != 1 or validation.mode != "AllowValidOnly" or refs[0].kind != "Secret":
        return None
    return refs[0]


def _key(
    subject: Subject, world: World, found: Judged, at: tuple[SecretRef | ObjectRef, str],
    *, authority: bool = False,
) -> Credential | None:  # fmt: skip
    ref, place = at
    namespace = ref.namespace or subject.namespace
    if (ref.group, ref.kind) != ("", "Secret"):
        what = f'"{ref.kind}" holds no certificate'
        wrong = Wrong("InvalidCertificateRef", place, what, "name a Secret")
    elif not world.grants.allow(subject.named, Named("", "Secret", namespace, ref.name)):
        what = f"Secret {namespace}/{ref.name} is of another namespace"
        hint = f"create a ReferenceGrant in {namespace} from Gateway in {subject.namespace}"
        wrong = Wrong("RefNotPermitted", place, what, hint)
    elif (broken := world.credentials.get(Credential(ref.name, namespace, authority))) != "":
        what = f"Secret {namespace}/{ref.name}: {broken or 'is not there, or holds no such thing'}"
        hint = "write ca.crt there" if authority else "write tls.crt and tls.key there"
        wrong = Wrong("InvalidCertificateRef", place, what, hint)
    else:
        local = namespace == subject.namespace
        return Credential(ref.name, "" if local else namespace, authority)
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
