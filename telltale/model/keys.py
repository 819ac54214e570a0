"""What stands behind the names of credentials: key pairs and authorities, as PEM.

Kept apart from the mesh, which is shown on debug pages and in goldens; nothing here has its content
in its `repr`. Never: Kubernetes, Envoy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from telltale.model.gateway import Credential


@dataclass(frozen=True, slots=True)
class Material:
    """A key pair (`chain`, `key`), or `authorities` with the list of what they took back."""

    chain: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    authorities: bytes = field(default=b"", repr=False)
    revoked: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """By credential with its namespace: what is good, and what is wrong with the rest."""

    good: Mapping[Credential, Material] = field(default_factory=dict)
    broken: Mapping[Credential, str] = field(default_factory=dict)


EMPTY = Keyring()
