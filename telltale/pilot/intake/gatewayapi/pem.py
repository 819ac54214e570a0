"""Authorities' certificates as they stand in a ConfigMap. Pure. Never: a key."""

from cryptography import x509

KEY = "ca.crt"  # under which they stand
HINT = "write the authority's certificates in PEM there"


def unfit(text: str) -> str:
    """What is wrong with them; empty for nothing."""
    if not text:
        return "is missing"
    try:
        x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        return "is not a certificate in PEM"
    return ""
