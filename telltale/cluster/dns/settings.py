"""What the DNS server needs to know. Never: read from anywhere; `app` fills it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """`upstreams`: addresses (`host` or `host:port`) that names of other domains are asked of.

    `inner`: domains of the search path that are never asked of anybody; they hold no names.
    """

    domain: str = "cluster.local"
    listen: str = "0.0.0.0"
    port: int = 53
    http_port: int = 8181
    upstreams: tuple[str, ...] = ()
    inner: tuple[str, ...] = ("localdomain",)
