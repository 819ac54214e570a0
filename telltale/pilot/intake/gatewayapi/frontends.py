"""What a Gateway asks of its clients' certificates: for one port, or for all. Pure.

Authorities stand in ConfigMaps (any number of them) or in one Secret, under ca.crt. Without any
nobody can be judged, so then nobody is served. Never: the key pair that is shown to clients.
"""

from dataclasses import dataclass, field, replace

from telltale.kube.gatewayapi.gateways import FrontendValidation, GatewayTLS
from telltale.kube.gatewayapi.message import ObjectRef
from telltale.model.gateway import Credential, Ends, ServerTls
from telltale.pilot.intake.gatewayapi import pem
from telltale.pilot.intake.gatewayapi.grants import Named
from telltale.pilot.intake.gatewayapi.subject import Subject, Wrong
from telltale.pilot.intake.gatewayapi.world import World

INSECURE = "AllowInsecureFallback"
_LOST = "no authority can be had: no client could be believed"


@dataclass
class Asked:
    """What becomes of a listener's TLS; `refused` when nobody can be judged."""

    tls: ServerTls
    wrong: list[Wrong] = field(default_factory=list)
    refused: Wrong | None = None


def validation(tls: GatewayTLS | None, port: int) -> FrontendValidation | None:
    """What holds for a port: its own word, else the Gateway's."""
    frontend = tls.frontend if tls else None
    if frontend is None:
        return None
    by_port = {one.port: one.tls for one in frontend.per_port}
    chosen = by_port.get(port, frontend.default)
    return chosen.validation if chosen else None


def insecure(tls: GatewayTLS | None) -> bool:
    """Whether clients are let in anywhere whose certificates are missing or no good."""
    frontend = tls.frontend if tls else None
    given = [frontend.default, *(one.tls for one in frontend.per_port)] if frontend else []
    return any(one and one.validation and one.validation.mode == INSECURE for one in given)


def asked(gateway: Subject, world: World, wanted: FrontendValidation, tls: ServerTls) -> Asked:
    """A listener's TLS with what is asked of clients."""
    found = Asked(tls)
    texts: list[str] = []
    kept: list[Credential] = []
    for index, ref in enumerate(wanted.ca_certificate_refs):
        place = f"spec.tls.frontend.caCertificateRefs[{index}]"
        one = _authority(gateway, world, ref, place)
        if isinstance(one, Wrong):
            found.wrong.append(one)
        elif isinstance(one, Credential):
            kept.append(one)
        else:
            texts.append(one)
    if kept and (texts or len(kept) > 1):
        what, hint = "a Secret beside other authorities", "write all of them into one object"
        place = "spec.tls.frontend.caCertificateRefs"
        found.wrong.append(Wrong("InvalidCACertificateRef", place, what, hint))
        kept = kept[:0] if texts else kept[:1]
    if not (kept or texts):
        place, hint = "spec.tls.frontend", "see ResolvedRefs"
        found.refused = Wrong("NoValidCACertificate", place, _LOST, hint)
        return found
    open_to_all = wanted.mode == INSECURE
    found.tls = replace(
        tls, ends=Ends.OPTIONAL_MUTUAL if open_to_all else Ends.MUTUAL, unverified=open_to_all,
        authorities=next(iter(kept), None), trusted="\n".join(texts),
    )  # fmt: skip
    return found


def _authority(
    gateway: Subject, world: World, ref: ObjectRef, place: str
) -> str | Credential | Wrong:
    """What a reference leads to: PEM, or a Secret that holds some."""
    namespace = ref.namespace or gateway.namespace
    if ref.group or ref.kind not in ("ConfigMap", "Secret"):
        what = f'"{ref.kind}" holds no authorities'
        return Wrong("InvalidCACertificateKind", place, what, "name a ConfigMap with ca.crt")
    if not world.grants.allow(gateway.named, Named("", ref.kind, namespace, ref.name)):
        what = f"{ref.kind} {namespace}/{ref.name} is of another namespace"
        hint = f"create a ReferenceGrant in {namespace} from Gateway in {gateway.namespace}"
        return Wrong("RefNotPermitted", place, what, hint)
    if ref.kind == "Secret":
        wrong = world.credentials.get(Credential(ref.name, namespace, authority=True), "is missing")
        if not wrong:
            local = namespace == gateway.namespace
            return Credential(ref.name, "" if local else namespace, authority=True)
    else:
        text = world.texts.get((namespace, ref.name), {}).get(pem.KEY, "")
        wrong = pem.unfit(text)
        if not wrong:
            return text
    what = f"{ref.kind} {namespace}/{ref.name}: {pem.KEY} {wrong}"
    return Wrong("InvalidCACertificateRef", place, what, pem.HINT)

