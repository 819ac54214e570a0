"""Which virtual host and route of a table a request takes, by Envoy's own rules. Pure.

Never: where the table comes from. Raises `Undecided` rather than guess.
"""

from collections.abc import Iterable

from telltale.inspect import texts
from telltale.inspect.request import Request
from telltale.inspect.texts import Message, Undecided


def virtual_host(table: Message, authority: str) -> Message | None:
    """Exact names first, then `*.suffix` and `prefix.*` (the longer first), then `*`."""
    host = authority.lower()
    if table.ignore_port_in_host_matching:
        host = _without_port(host)
    best: tuple[int, int] | None = None
    found = None
    for one in table.virtual_hosts:
        for domain in one.domains:
            rank = _rank(domain.lower(), host)
            if rank and (best is None or rank > best):
                best, found = rank, one
    return found


def _rank(domain: str, host: str) -> tuple[int, int] | None:
    """How closely a domain names the host; None when it does not."""
    if domain == host:
        return 3, len(domain)
    if domain == "*":
        return 0, 0
    if domain.startswith("*") and len(host) >= len(domain) and host.endswith(domain[1:]):
        return 2, len(domain)
    if domain.endswith("*") and len(host) >= len(domain) and host.startswith(domain[:-1]):
        return 1, len(domain)
    return None


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and (name.endswith("]") or ":" not in name) else host


def route(host: Message, request: Request) -> Message | None:
    """The first that matches."""
    return next((one for one in host.routes if matches(one.match, request)), None)


def matches(match: Message, request: Request) -> bool:
    """Whether all of a RouteMatch holds."""
    return (
        _path(match, request.bare_path, request)
        and _all(texts.header(one, request) for one in match.headers)
        and _all(texts.query(one, request) for one in match.query_parameters)
        and (not match.HasField("grpc") or _grpc(request))
        and _decided(match)
    )


def _all(found: Iterable[bool]) -> bool:
    return all(found)


def _path(match: Message, path: str, request: Request) -> bool:
    kind = match.WhichOneof("path_specifier")
    if kind == "safe_regex":
        return texts.regex(match.safe_regex.regex, path)
    if kind == "connect_matcher":
        return request.method == "CONNECT"
    if kind not in ("prefix", "path", "path_separated_prefix"):
        raise Undecided(f"a path matcher of kind {kind}")
    wanted = getattr(match, kind)
    if match.HasField("case_sensitive") and not match.case_sensitive.value:
        wanted, path = wanted.lower(), path.lower()
    if kind == "path":
        return bool(path == wanted)
    if kind == "prefix":
        return path.startswith(wanted)
    return path == wanted or path.startswith(f"{wanted}/")


def _grpc(request: Request) -> bool:
    kind = "".join(request.header("content-type")[:1])
    return kind == "application/grpc" or kind.startswith("application/grpc+")


def _decided(match: Message) -> bool:
    """What else a route may ask for, and nobody can know before the request is there."""
    if match.HasField("runtime_fraction"):
        share = match.runtime_fraction.default_value.numerator
        if share == 0:
            return False
        raise Undecided("a route that is taken by chance (runtime_fraction)")
    for field in ("tls_context", "dynamic_metadata", "filter_state"):
        asked = getattr(match, field)
        if match.HasField(field) if field == "tls_context" else len(asked):
            raise Undecided(f"a route that asks for {field}")
    return True
