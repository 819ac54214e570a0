"""Which module is wanted, and what came of it: values. Pure. Never: I/O, or who wants it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from telltale.model.extension import Code

LATEST = "latest"
_REPOSITORY = re.compile(r"[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HUB, _HUB_API = ("docker.io", "index.docker.io"), "registry-1.docker.io"


class NoAddress(ValueError):
    """An address that names no module; the message says why, and repeats no password."""


@dataclass(frozen=True, slots=True)
class Image:
    """One in a registry: by its `digest` if it has one, else by its `tag`."""

    registry: str
    repository: str
    tag: str = LATEST
    digest: str = ""

    @property
    def reference(self) -> str:
        return self.digest or self.tag

    @property
    def host(self) -> str:
        """Where its registry's API is."""
        return _HUB_API if self.registry in _HUB else self.registry


@dataclass(frozen=True, slots=True)
class Wanted:
    """`sha256`: what it must add up to, "" for whatever it is. `secret`: namespace and name.

    `again`: not empty where what was fetched for another value of it will not do.
    """

    url: str
    sha256: str = ""
    secret: tuple[str, str] | None = None
    again: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """It cannot be had now: why, and the way out. Neither tells a secret."""

    why: str
    hint: str


# What is not in it is on its way.
Outcomes: TypeAlias = Mapping[Wanted, Code | Failure]


def image(url: str) -> Image:
    """`oci://registry/repository:tag@sha256:...`. Raises `NoAddress`."""
    registry, found, rest = url.removeprefix("oci://").partition("/")
    rest, _, digest = rest.partition("@")
    repository, _, tag = rest.partition(":")
    if not found or not registry or "@" in registry:
        raise NoAddress("has no registry: write oci://REGISTRY/REPOSITORY:TAG")
    if not _REPOSITORY.fullmatch(repository):
        raise NoAddress("has no repository in small letters: write oci://REGISTRY/REPOSITORY:TAG")
    if digest and not _DIGEST.fullmatch(digest):
        raise NoAddress("has a digest that is not sha256: and 64 hexadecimal digits")
    if tag and not _TAG.fullmatch(tag):
        raise NoAddress("has a tag that no registry takes")
    if registry in _HUB and "/" not in repository:
        repository = f"library/{repository}"
    return Image(registry, repository, tag or LATEST, digest)


def check(url: str) -> None:
    """Whether a module can be asked for at this address at all. Raises `NoAddress`."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise NoAddress(f"is no URL: {error}") from error
    if parts.username or parts.password:
        raise NoAddress("has a password in it, which everybody would read")
    if not parts.hostname:
        raise NoAddress("names no host")
    if parts.scheme == "oci":
        image(url)


def changeable(url: str) -> bool:
    """Whether what is there today is expected to be something else tomorrow."""
    if not url.startswith("oci://"):
        return False
    found = image(url)
    return found.tag == LATEST and not found.digest
