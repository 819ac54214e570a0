"""Certificates that a proxy was given, in rows; private keys are neither read nor shown. Pure.

Never: whether they fit what a peer expects.
"""

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime

from cryptography import x509

from telltale.inspect.dump import an_object, text
from telltale.inspect.rows import EVERYTHING, Row, Table, Wanted
from telltale.kube.codec import Json, Object, dig
from telltale.lib.moment import rfc3339

TITLES = ("RESOURCE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER",
          "NOT BEFORE", "TRUST DOMAIN")  # fmt: skip
_UNREAD = ("false", "", "", "", "")


def table(secrets: Iterable[Object], now: datetime, wanted: Wanted = EVERYTHING) -> Table:
    rows = [
        Row(cells, _redacted(one))
        for one in secrets
        if (cells := _cells(one, now)) and wanted.name in ("", cells[0])
    ]
    return Table(TITLES, tuple(sorted(rows, key=lambda row: row.cells)))


def _cells(secret: Object, now: datetime) -> tuple[str, ...]:
    inner = an_object(secret.get("secret"))
    kind, source = "Cert Chain", dig(inner, "tls_certificate", "certificate_chain")
    if "validation_context" in inner:
        kind, source = "CA", dig(inner, "validation_context", "trusted_ca")
    name = text(secret, "name") or text(inner, "name")
    return name, kind, text(secret, "state"), *_certificate(source, now)


def _certificate(source: Json, now: datetime) -> tuple[str, ...]:
    """Of the first certificate: valid now, serial number, end, beginning, trust domain."""
    try:
        inline = text(source, "inline_string").encode() or base64.b64decode(
            text(source, "inline_bytes")
        )
        first = x509.load_pem_x509_certificate(inline)
    except (ValueError, binascii.Error):
        return _UNREAD
    begins, ends = first.not_valid_before_utc, first.not_valid_after_utc
    valid = "true" if begins <= now <= ends else "false"
    return valid, f"{first.serial_number:x}", rfc3339(ends), rfc3339(begins), _domain(first)


def _domain(certificate: x509.Certificate) -> str:
    """Of `spiffe://TRUST-DOMAIN/ns/...`."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return next((one.split("/")[2] for one in uris if one.startswith("spiffe://")), "")


def _redacted(secret: Object) -> Object:
    """Envoy hides keys in its dump already; what a proxy of another make says is hidden here."""
    inner = an_object(secret.get("secret"))
    certificate = an_object(inner.get("tls_certificate"))
    if "private_key" not in certificate:
        return secret
    hidden: Object = {**certificate, "private_key": {"inline_string": "[redacted]"}}
    return {**secret, "secret": {**inner, "tls_certificate": hidden}}
