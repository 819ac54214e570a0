"""Who we are to a registry: out of a pull secret, and as a registry asks for it. Pure.

Never: a password in a text that somebody reads.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field

from telltale.kube.cluster import Secret
from telltale.kube.codec import Malformed, dig, parse

KIND, KEY = "kubernetes.io/dockerconfigjson", ".dockerconfigjson"
_HUB = "https://index.docker.io/v1/"
_PARAMETER = re.compile(r'([a-zA-Z_]+)="([^"]*)"')


class NoLogin(ValueError):
    """A secret that says nothing of the registry; the message tells nothing of what is in it."""


@dataclass(frozen=True, slots=True)
class Login:
    user: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        pair = f"{self.user}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


@dataclass(frozen=True, slots=True)
class Asks:
    """How a registry wants to know who asks: `Bearer`, with a token from `realm`, or `Basic`."""

    scheme: str
    realm: str = ""
    service: str = ""


def of(secret: Secret, registry: str) -> Login:
    """Raises `NoLogin`."""
    if secret.type != KIND or KEY not in secret.data:
        raise NoLogin(f"is not of type {KIND}")
    try:
        known = dig(parse(base64.b64decode(secret.data[KEY])), "auths", default={})
    except (Malformed, binascii.Error) as error:
        raise NoLogin("is not readable") from error
    hub = (_HUB,) if registry == "docker.io" else ()
    named = known if isinstance(known, dict) else {}
    for name, entry in named.items():
        if name in hub or name.partition("://")[2].partition("/")[0] == registry or (
            "://" not in name and name.partition("/")[0] == registry
        ):
            return _login(dig(entry, "auth"), dig(entry, "username"), dig(entry, "password"))
    raise NoLogin(f"says nothing of {registry}")


def _login(auth: object, user: object, password: object) -> Login:
    if isinstance(auth, str) and auth:
        try:
            name, found, word = base64.b64decode(auth).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise NoLogin("is not readable") from error
        if found:
            return Login(name, word)
    if isinstance(user, str) and isinstance(password, str):
        return Login(user, password)
    raise NoLogin("has neither auth nor username and password")


def asks(header: str) -> Asks:
    """`WWW-Authenticate` of a refused request."""
    scheme, _, rest = header.strip().partition(" ")
    said = {name.lower(): value for name, value in _PARAMETER.findall(rest)}
    return Asks(scheme.capitalize(), said.get("realm", ""), said.get("service", ""))
