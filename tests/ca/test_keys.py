"""Keys as PEM, and what is not one."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from telltale.ca import keys
from telltale.ca.keys import BadKey


def test_there_and_back() -> None:
    key = keys.new_key()
    again = keys.from_pem(keys.to_pem(key))
    assert keys.same(key.public_key(), again.public_key())
    assert not keys.same(key.public_key(), keys.new_key().public_key())


def test_what_is_no_key_of_ours_is_refused_and_not_shown() -> None:
    encrypted = keys.new_key().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
    )
    other = rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    for pem in (b"", b"secret words", encrypted, other):
        with pytest.raises(BadKey) as refused:
            keys.from_pem(pem)
        assert "secret" not in str(refused.value)
        assert "\n" not in str(refused.value)
