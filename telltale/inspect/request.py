"""A request that a person asks about, as a client would make it. Pure.

    HOST[:PORT][/PATH]   http://...   https://... (the client speaks TLS itself)   tcp://HOST:PORT

Never: a network. Raises `BadRequest`, a line that says what was not understood.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telltale.kube.errors import BadRequest

_TO = re.compile(
    r"^((?P<scheme>https?|tcp|tls)://)?(?P<host>\[[^\]]+\]|[^:/\s?]+)(:(?P<port>\d{1,5}))?(?P<path>[/?]\S*)?$"
)
_HEADER = re.compile(r"^(?P<name>[!#$%&'*+\-.^_`|~0-9A-Za-z:]+?):\s*(?P<value>.*)$")


@dataclass(frozen=True, slots=True)
class Request:
    """`host` is what the client dials; `authority` what it says that it wants, usually the same.

    `port` 0: not said. `headers` have lower-case names, each with its values in order.
    """

    host: str
    port: int = 0
    path: str = "/"
    method: str = "GET"
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    http: bool = True
    tls: bool = False

    @property
    def authority(self) -> str:
        return (*self.headers.get(":authority", ()), *self.headers.get("host", ()), self.host)[0]

    @property
    def bare_path(self) -> str:
        """Without its query, as paths are matched."""
        return re.split("[?#]", self.path, maxsplit=1)[0]

    @property
    def query(self) -> Mapping[str, str]:
        """The first value of each parameter, as it was written."""
        _, _, text = self.path.partition("?")
        found: dict[str, str] = {}
        for pair in text.partition("#")[0].split("&") if text else ():
            name, _, value = pair.partition("=")
            found.setdefault(name, value)
        return found

    def header(self, name: str) -> tuple[str, ...]:
        """All its values as Envoy sees them, pseudo headers included."""
        known = {
            ":method": self.method, ":path": self.path, ":authority": self.authority,
            ":scheme": "https" if self.tls else "http",
        }  # fmt: skip
        return (known[name],) if name in known else self.headers.get(name, ())

    def __str__(self) -> str:
        if not self.http:
            return f"{'tls' if self.tls else 'tcp'}://{self.host}:{self.port}"
        scheme = "https" if self.tls else "http"
        port = f":{self.port}" if self.port else ""
        return f"{self.method} {scheme}://{self.host}{port}{self.path}"


def parse(to: str, headers: Iterable[str] = (), method: str = "GET") -> Request:
    found = _TO.match(to)
    if not found or (port := int(found["port"] or 0)) > 65535:
        raise BadRequest(f"{to!r} is not HOST[:PORT][/PATH]")
    scheme, path = found["scheme"] or "http", found["path"] or "/"
    return Request(
        host=found["host"].lower(),
        port=port or {"https": 443, "tls": 443}.get(scheme, 0),
        path=path if path.startswith("/") else f"/{path}",
        method=method.upper(),
        headers=_headers(headers),
        http=scheme.startswith("http"),
        tls=scheme in ("https", "tls"),
    )


def _headers(given: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in given:
        pair = _HEADER.match(one)
        if pair is None:
            raise BadRequest(f"header {one!r} is not NAME: VALUE")
        name = pair["name"].lower()
        found[name] = (*found.get(name, ()), pair["value"].strip())
    return found
