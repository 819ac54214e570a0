"""The authority: what it signs is trusted by its root alone, and for its names alone."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from telltale.ca import keys
from telltale.ca.authority import Authority, BadAuthority, Issued, new_authority, read_authority
from telltale.ca.tls import client_context, server_context

NOW = datetime.now(UTC).replace(microsecond=0)  # OpenSSL looks at the real clock
NAME = "istio-pilot.istio-system.svc"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority("telltale", NOW)


def shake_hands(issued: Issued, root: bytes, name: str) -> str:
    """A real handshake over a pair of sockets; the TLS version, or the client's `ssl.SSLError`."""
    near, far = socket.socketpair()

    def serve() -> None:
        try:
            with server_context(issued).wrap_socket(far, server_side=True) as server:
                server.recv(1)
        except (ssl.SSLError, OSError):
            far.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client_context(root).wrap_socket(near, server_hostname=name) as client:
            return client.version() or ""
    finally:
        near.close()
        thread.join(5)


def test_a_server_is_trusted_by_its_names(authority: Authority) -> None:
    issued = authority.server([NAME, "localhost", "127.0.0.1"], NOW)
    for name in (NAME, "localhost", "127.0.0.1"):
        assert shake_hands(issued, authority.certificate, name) == "TLSv1.3"


def test_and_by_no_other(authority: Authority) -> None:
    issued = authority.server([NAME], NOW)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(issued, authority.certificate, "elsewhere")
    with pytest.raises(ssl.SSLCertVerificationError, match=r"self-signed|unable to get local"):
        shake_hands(issued, new_authority("other", NOW).certificate, NAME)


def test_an_expired_one_is_refused(authority: Authority) -> None:
    issued = authority.server([NAME], NOW - timedelta(days=2), timedelta(days=1))
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        shake_hands(issued, authority.certificate, NAME)


def test_what_a_certificate_says(authority: Authority) -> None:
    issued = authority.server([NAME, "::1"], NOW, timedelta(days=30))
    leaf = x509.load_pem_x509_certificate(issued.certificate)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [NAME]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["::1"]
    limits = leaf.extensions.get_extension_for_class(x509.BasicConstraints)
    assert limits.critical
    assert not limits.value.ca
    assert leaf.not_valid_before_utc < NOW, "another machine's clock may be behind"
    assert leaf.not_valid_after_utc == NOW + timedelta(days=30)
    root = x509.load_pem_x509_certificate(authority.certificate)
    leaf.verify_directly_issued_by(root)


def test_none_outlives_its_authority() -> None:
    short = new_authority("telltale", NOW, timedelta(days=10))
    leaf = x509.load_pem_x509_certificate(short.server([NAME], NOW).certificate)
    assert leaf.not_valid_after_utc == short.expires


def test_a_long_name_stands_where_it_fits(authority: Authority) -> None:
    name = "a" * 60 + "." + "b" * 60 + ".example"
    assert shake_hands(authority.server([name], NOW), authority.certificate, name)
    with pytest.raises(ValueError, match="at least one name"):
        authority.server([], NOW)


def test_kept_and_taken_up_again(authority: Authority) -> None:
    again = read_authority(authority.to_pem(), NOW)
    assert again.certificate == authority.certificate
    assert shake_hands(again.server([NAME], NOW), authority.certificate, NAME)


def test_what_cannot_sign_is_refused(authority: Authority) -> None:
    kept = authority.to_pem()
    leaf = authority.server([NAME], NOW)
    other = keys.to_pem(keys.new_key())
    for issued, moment, says in (
        (Issued(kept.certificate, other), NOW, "of another key"),
        (Issued(kept.certificate, b"x"), NOW, "the key of the authority: not a private key"),
        (Issued(b"x", kept.key), NOW, "the certificate of the authority is not PEM"),
        (leaf, NOW, "not one of an authority"),
        (kept, authority.expires, "has expired on"),
    ):
        with pytest.raises(BadAuthority, match=says):
            read_authority(issued, moment)
