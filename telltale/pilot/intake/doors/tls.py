"""A Gateway server's TLS settings, and what is wrong with them. Pure. Never: a Secret's content."""

from telltale.kube.istio import gateway as istio
from telltale.model.gateway import Credential, Ends, ServerTls, TlsVersion
from telltale.pilot.intake.istio import Reader
from telltale.pilot.intake.problem import Level

_ENDS = {
    None: Ends.PASSTHROUGH,  # the first of Istio's enum: what is not said
    "PASSTHROUGH": Ends.PASSTHROUGH, "SIMPLE": Ends.SIMPLE, "MUTUAL": Ends.MUTUAL,
    "OPTIONAL_MUTUAL": Ends.OPTIONAL_MUTUAL, "ISTIO_MUTUAL": Ends.MESH,
    "AUTO_PASSTHROUGH": Ends.AUTO_PASSTHROUGH,
}  # fmt: skip
_VERSIONS: dict[str, TlsVersion | None] = {
    "TLS_AUTO": None, "TLSV1_0": TlsVersion.TLS_1_0, "TLSV1_1": TlsVersion.TLS_1_1,
    "TLSV1_2": TlsVersion.TLS_1_2, "TLSV1_3": TlsVersion.TLS_1_3,
}  # fmt: skip
CIPHERS = frozenset((
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA384", "ECDHE-ECDSA-AES256-SHA384",
    "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA",
    "AES128-SHA256", "AES256-SHA256", "DES-CBC3-SHA",
))  # fmt: skip
# Of those, what Envoy's BoringSSL still knows; naming another makes it refuse the whole listener.
_SPOKEN = frozenset((
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA", "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA",
))  # fmt: skip
_OUT = "the server is left out"
_ASKS = (Ends.MUTUAL, Ends.OPTIONAL_MUTUAL)


def read(reader: Reader, path: str, tls: istio.ServerTls) -> ServerTls | None:
    """The settings of a server whose TLS they are; None when it cannot be had."""
    ends = _ENDS[tls.mode]
    if not _possible(reader, path, tls, ends):
        return None
    if ends in (Ends.PASSTHROUGH, Ends.AUTO_PASSTHROUGH):
        return ServerTls(ends)
    named = [tls.credential_name] if tls.credential_name else tls.credential_names
    authority = tls.ca_cert_credential_name
    minimum, maximum = _VERSIONS[tls.min_protocol_version], _VERSIONS[tls.max_protocol_version]
    return ServerTls(
        ends,
        keys=tuple(Credential(name) for name in named),
        authorities=Credential(authority, authority=True) if authority else None,
        sans=tuple(tls.subject_alt_names),
        spki=tuple(tls.verify_certificate_spki),
        hashes=tuple(tls.verify_certificate_hash),
        minimum=minimum, maximum=maximum,
        ciphers=_ciphers(reader, path, tls, minimum),
        unverified=bool(tls.insecure_skip_verify),
    )  # fmt: skip


def _possible(reader: Reader, path: str, tls: istio.ServerTls, ends: Ends) -> bool:
    """Whether the settings hold together; each that does not is told."""
    before = len(reader.problems)
    if tls.https_redirect:
        reader.wrong(f"{path}.httpsRedirect", "is for plain HTTP servers", _OUT,
                     "put it on the server of protocol HTTP")  # fmt: skip
    sources = _sources(tls)
    if ends is Ends.MESH:
        reader.wrong(f"{path}.mode", "ISTIO_MUTUAL needs mesh identities, which no proxy has yet",
                     _OUT, "use MUTUAL with a credentialName")  # fmt: skip
    elif ends in (Ends.PASSTHROUGH, Ends.AUTO_PASSTHROUGH):
        if sources:
            reader.warn(f"{path}.{sources[0]}", "is not used: TLS passes through unopened",
                        "the destination's certificate is what clients see",
                        "leave it out, or set mode to SIMPLE")  # fmt: skip
    else:
        _keyed(reader, path, tls, ends, sources)
    _versions(reader, path, tls)
    return all(one.level is not Level.ERROR for one in reader.problems[before:])


def _sources(tls: istio.ServerTls) -> list[str]:
    """The fields that say where the key pair is; exactly one should."""
    pair = tls.server_certificate or tls.private_key
    found = {
        "credentialName": tls.credential_name, "credentialNames": tls.credential_names,
        "tlsCertificates": tls.tls_certificates, "serverCertificate": pair,
    }  # fmt: skip
    return [name for name, value in found.items() if value]


def _keyed(
    reader: Reader, path: str, tls: istio.ServerTls, ends: Ends, sources: list[str]
) -> None:
    """A server that opens TLS has a key pair, from one place."""
    if not sources:
        reader.wrong(f"{path}.credentialName", f"mode {tls.mode} needs a key pair and has none",
                     _OUT, "name a Secret of type kubernetes.io/tls")  # fmt: skip
    elif len(sources) > 1:
        reader.wrong(f"{path}.{sources[1]}", f"stands beside {sources[0]}: only one may be set",
                     _OUT, "keep one of the two")  # fmt: skip
    elif sources[0] in ("tlsCertificates", "serverCertificate"):
        reader.wrong(f"{path}.{sources[0]}", "files in the gateway's container are not read", _OUT,
                     "put the key pair into a Secret and name it in credentialName")  # fmt: skip
    if len(tls.credential_names) > 2:
        reader.wrong(f"{path}.credentialNames", f"has {len(tls.credential_names)}, at most 2",
                     _OUT, "keep one of each kind of key, RSA and ECDSA")  # fmt: skip
    for field, value in (("caCertificates", tls.ca_certificates), ("caCrl", tls.ca_crl)):
        if value:
            key = "ca.crt" if field == "caCertificates" else "ca.crl"
            reader.wrong(f"{path}.{field}", "files in the gateway's container are not read", _OUT,
                         f"put it into the Secret as {key}")  # fmt: skip
    asking = {
        "caCertCredentialName": tls.ca_cert_credential_name,
        "subjectAltNames": tls.subject_alt_names,
        "verifyCertificateSpki": tls.verify_certificate_spki,
        "verifyCertificateHash": tls.verify_certificate_hash,
    }  # fmt: skip
    for field, said in asking.items():
        if said and ends not in _ASKS:
            reader.warn(f"{path}.{field}", f"is not used with mode {tls.mode}",
                        "clients are not asked for a certificate",
                        "set mode to MUTUAL")  # fmt: skip


def _versions(reader: Reader, path: str, tls: istio.ServerTls) -> None:
    low, high = _VERSIONS[tls.min_protocol_version], _VERSIONS[tls.max_protocol_version]
    if low and high and low > high:
        reader.wrong(f"{path}.minProtocolVersion",
                     f"{tls.min_protocol_version} is above maxProtocolVersion "
                     f"{tls.max_protocol_version}", _OUT, "swap the two")  # fmt: skip
    if low and low < TlsVersion.TLS_1_2 and not tls.cipher_suites:
        reader.warn(f"{path}.minProtocolVersion",
                    f"{tls.min_protocol_version} is set without cipherSuites",
                    "no cipher of that version is offered by default",
                    "name the cipherSuites that old clients need")  # fmt: skip


def _ciphers(
    reader: Reader, path: str, tls: istio.ServerTls, minimum: TlsVersion | None
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for number, name in enumerate(tls.cipher_suites):
        place = f"{path}.cipherSuites[{number}]"
        if name not in CIPHERS:
            reader.warn(place, f"{name!r} is not a cipher suite that Envoy knows",
                        "it is left out", f"use some of {', '.join(sorted(_SPOKEN))}")  # fmt: skip
        elif name not in _SPOKEN:
            reader.warn(place, f"{name} is no longer built into Envoy", "it is left out",
                        f"use some of {', '.join(sorted(_SPOKEN))}")  # fmt: skip
        elif name in found:
            reader.warn(place, f"{name} is there twice", "the second is left out", "remove it")
        else:
            found[name] = None
    if found and minimum is TlsVersion.TLS_1_3:
        reader.warn(f"{path}.cipherSuites", "has no effect on TLS 1.3, the only version allowed",
                    "Envoy chooses them itself", "leave it out")  # fmt: skip
    return tuple(found)
