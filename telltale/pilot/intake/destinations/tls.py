"""`tls` of a DestinationRule: how connections to a host are secured. Pure.

Never: a file read, a Secret looked up. A block that contradicts itself never becomes plaintext:
what is left of it is TLS that verifies the server.
"""

import re

from telltale.kube.istio import destinationrule as istio
from telltale.model.policy import Tls, TlsMode
from telltale.pilot.intake.istio import Reader

_SNI = re.compile(r"[!-~]{1,255}")
_MODES = {"DISABLE": TlsMode.DISABLE, "SIMPLE": TlsMode.SIMPLE, "MUTUAL": TlsMode.MUTUAL}


def read(reader: Reader, at: str, given: istio.ClientTls) -> Tls:
    if given.mode == "ISTIO_MUTUAL":
        return _mesh(reader, at, given)
    mode = _MODES[given.mode]
    named = not given.sni or _SNI.fullmatch(given.sni)
    if not named:
        reader.wrong(f"{at}.sni", "is not a host's name of at most 255 characters",
                     "the host that is asked for takes its place", "name one host")  # fmt: skip
    tls = Tls(
        mode, given.client_certificate, given.private_key, given.ca_certificates, given.ca_crl,
        given.credential_name, tuple(dict.fromkeys(given.subject_alt_names)),
        given.sni if named else "", bool(given.insecure_skip_verify),
    )  # fmt: skip
    if mode is TlsMode.MUTUAL:
        return _mutual(reader, at, tls)
    if mode is TlsMode.SIMPLE and (tls.certificate or tls.key):
        reader.wrong(at, "SIMPLE has clientCertificate or privateKey", "they are passed over",
                     "set mode: MUTUAL, or remove them")  # fmt: skip
    if mode is TlsMode.SIMPLE and tls.credential and tls.ca:
        return _both(reader, at, tls)
    if mode is TlsMode.SIMPLE:
        _sidecar(reader, at, tls)
    return tls


def _mesh(reader: Reader, at: str, given: istio.ClientTls) -> Tls:
    """The identity that it asks for does not exist yet: whoever translates it sends plaintext."""
    if given.client_certificate or given.private_key or given.ca_certificates or (
        given.credential_name
    ):
        reader.wrong(at, "ISTIO_MUTUAL has certificates of its own", "they are passed over",
                     "remove them: the mesh has its own, or set mode: MUTUAL")  # fmt: skip
    reader.warn(f"{at}.mode", "ISTIO_MUTUAL needs workload identities, which Telltale does not "
                "give out yet", "connections stay in plaintext",
                "nothing to do until then; mode: DISABLE says the same")  # fmt: skip
    return Tls(TlsMode.MESH, sans=tuple(dict.fromkeys(given.subject_alt_names)), sni=given.sni)


def _mutual(reader: Reader, at: str, tls: Tls) -> Tls:
    if tls.credential and (tls.certificate or tls.key or tls.ca):
        return _both(reader, at, tls)
    if not tls.credential and not (tls.certificate and tls.key):
        missing = "clientCertificate" if not tls.certificate else "privateKey"
        reader.wrong(f"{at}.{missing}", "is missing for MUTUAL",
                     "no certificate is shown to the server",
                     "give clientCertificate and privateKey, or credentialName")  # fmt: skip
        return Tls(TlsMode.SIMPLE, ca=tls.ca, crl=tls.crl, sans=tls.sans, sni=tls.sni,
                   unverified=tls.unverified)  # fmt: skip
    _sidecar(reader, at, tls)
    return tls


def _both(reader: Reader, at: str, tls: Tls) -> Tls:
    reader.wrong(f"{at}.credentialName", "is said together with files", "the files hold",
                 "remove one of them")  # fmt: skip
    mode = TlsMode.MUTUAL if tls.certificate and tls.key else TlsMode.SIMPLE
    return Tls(mode, tls.certificate, tls.key, tls.ca, tls.crl, "", tls.sans, tls.sni,
               tls.unverified)  # fmt: skip


def _sidecar(reader: Reader, at: str, tls: Tls) -> None:
    if tls.credential:
        reader.warn(f"{at}.credentialName", "is not given to sidecars yet",
                    "they verify the server by the system's CA bundle and show no certificate; "
                    "gateways use the Secret",
                    "for sidecars mount the files and name their paths")  # fmt: skip
