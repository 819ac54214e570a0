"""Secrets into credentials: which keys are read, and what makes one no good."""

import base64

import pytest

from telltale.kube import certificates, codec
from telltale.kube.cluster import Secret
from telltale.model.gateway import Credential
from telltale.model.keys import EMPTY
from telltale.pilot.intake.doors.secrets import read, standing
from tests.pilot.certificates import pair

ONE, OTHER = pair("a.example"), pair("b.example")
SHORT = pair("a.example", bits=1024)


def secret(name: str = "cert", **data: bytes) -> Secret:
    plain = {key.replace("_", "."): base64.b64encode(one).decode() for key, one in data.items()}
    return codec.convert(Secret, {"metadata": {"name": name, "namespace": "shop"}, "data": plain})


def test_both_spellings_of_a_pair_and_of_authorities():
    for data in ({"tls_crt": ONE.chain, "tls_key": ONE.key, "ca_crt": OTHER.chain},
                 {"cert": ONE.chain, "key": ONE.key, "cacert": OTHER.chain}):  # fmt: skip
        ring = read([secret(**data)])
        assert ring.good[Credential("cert", "shop")].key == ONE.key
        assert ring.good[Credential("cert", "shop", authority=True)].authorities == OTHER.chain
        assert ring.broken == {}


def test_a_secret_with_the_suffix_goes_before():
    both = [secret("cert-cacert", ca_crt=OTHER.chain),
            secret(tls_crt=ONE.chain, tls_key=ONE.key, ca_crt=ONE.chain)]  # fmt: skip
    ring = read(both)
    assert ring.good[Credential("cert", "shop", authority=True)].authorities == OTHER.chain


@pytest.mark.parametrize(("data", "wrong"), [
    ({"tls_crt": ONE.chain}, "tls.key is missing"),
    ({"tls_key": ONE.key}, "tls.crt is missing"),
    ({"tls_crt": b"x", "tls_key": ONE.key}, "tls.crt is not a certificate in PEM"),
    ({"tls_crt": ONE.chain, "tls_key": b"x"}, "tls.key is not a private key in PEM"),
    ({"tls_crt": ONE.chain, "tls_key": OTHER.key}, "tls.key is not the key of the certificate"),
    ({"tls_crt": SHORT.chain, "tls_key": SHORT.key}, "tls.key is an RSA key of 1024 bits"),
])  # fmt: skip
def test_a_pair_that_is_no_good(data, wrong):
    ring = read([secret(**data)])
    assert ring.good == {}
    assert wrong in standing(ring)[Credential("cert", "shop")]


def test_authorities_that_are_no_good_leave_the_pair_alone():
    ring = read([secret(tls_crt=ONE.chain, tls_key=ONE.key, ca_crt=b"x")])
    assert standing(ring) == {
        Credential("cert", "shop"): "",
        Credential("cert", "shop", authority=True): "ca.crt is not a certificate in PEM",
    }
    wrong = read([secret(ca_crt=ONE.chain, ca_crl=b"x")]).broken
    assert "ca.crl is not a list" in wrong[Credential("cert", "shop", authority=True)]


def test_what_is_not_base64_is_told():
    plain = codec.convert(Secret, {"metadata": {"name": "c", "namespace": "shop"},
                                   "data": {"tls.crt": "?", "tls.key": "?"}})  # fmt: skip
    assert read([plain]).broken == {Credential("c", "shop"): "tls.crt is not base64"}


def test_nothing_of_a_key_is_in_what_is_printed():
    ring = read([secret(tls_crt=ONE.chain, tls_key=ONE.key)])
    assert "PRIVATE" not in repr(ring)
    assert "BEGIN" not in repr(ring)


def test_other_secrets_are_none_of_ours():
    assert certificates.holds_any(secret(ca_crt=b"x"))
    assert not certificates.holds_any(secret(password=b"x"))


def test_an_empty_keyring_has_nothing():
    assert read([]) == EMPTY
