"""pods/NAME[:PORT]/proxy and services/[SCHEME:]NAME[:PORT]/proxy: one request to what is behind.

Never: dialling anything but an address that a pod or an endpoint of the cluster has.
"""

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import aiohttp

from telltale.cluster.api.core import Core
from telltale.cluster.api.far import whole
from telltale.cluster.api.objects import listed, number, text
from telltale.cluster.api.problems import absent
from telltale.cluster.api.request import Answer, Call, Reply
from telltale.cluster.store.stored import Key
from telltale.kube import errors
from telltale.kube.codec import Object

TIMEOUT_S = 10.0
MOST_BYTES = 32 * 1024 * 1024
_PASSED = ("accept", "content-type", "user-agent")
_BACK = ("content-type", "location", "www-authenticate", "etag", "last-modified", "retry-after")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """`[scheme:]name[:port]` of the URL."""

    scheme: str
    name: str
    port: str


async def proxy(core: Core, call: Call) -> Reply:
    """The far end's answer, whatever it is. Raises `Unavailable` when there is none."""
    wanted = _wanted(call.target.name)
    if call.resource.plural == "pods":
        host, port = _pod(core, call, wanted)
    else:
        host, port = _service(core, call, wanted)
    url = f"{wanted.scheme}://{host}:{port}/{call.target.rest}"
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await _asked(call, url)
    except TimeoutError:
        raise errors.Unavailable(
            f"error trying to reach service: no answer from {host}:{port} in {TIMEOUT_S:.0f} s"
        ) from None
    except (aiohttp.ClientError, OSError) as error:
        raise errors.Unavailable(f"error trying to reach service: {error}") from error


def _wanted(text: str) -> _Wanted:
    match text.split(":"):
        case [name]:
            return _Wanted("http", name, "")
        case [name, port]:
            return _Wanted("http", name, port)
        case ["http" | "https" | "" as scheme, name, port]:
            return _Wanted(scheme or "http", name, port)
        case _:
            raise errors.BadRequest(f'invalid proxy request "{text}": [SCHEME:]NAME[:PORT]')


def _pod(core: Core, call: Call, wanted: _Wanted) -> tuple[str, int]:
    found = core.store.get(Key("pods", call.target.namespace, wanted.name))
    if found is None:
        raise absent(call.resource, wanted.name)
    pod = found.object()
    address = text(pod, "status", "podIP")
    if not address:
        raise errors.BadRequest(f"address not allowed: pod {wanted.name} has no address yet")
    if wanted.port.isdigit():
        return address, int(wanted.port)
    for container in listed(pod, "spec", "containers"):
        for port in listed(container, "ports"):
            if wanted.port in ("", text(port, "name")):
                return address, number(port, "containerPort")
    if wanted.port:
        raise errors.Unavailable(f'no port "{wanted.port}" found in pod {wanted.name}')
    return address, 443 if wanted.scheme == "https" else 80


def _service(core: Core, call: Call, wanted: _Wanted) -> tuple[str, int]:
    namespace = call.target.namespace
    service = core.store.get(Key("services", namespace, wanted.name))
    if service is None:
        raise absent(call.resource, wanted.name)
    name = _port_name(service.object(), wanted.port)
    endpoints = core.store.get(Key("endpoints", namespace, wanted.name))
    ready = list(_ready(endpoints.object(), name)) if endpoints and name is not None else []
    if not ready:
        known = f'no endpoints available for service "{wanted.name}"'
        if name is None:
            known = f'no service port "{wanted.port}" found for service "{wanted.name}"'
        raise errors.Unavailable(known)
    return ready[int(core.ids.jitter() * len(ready))]


def _port_name(service: Object, wanted: str) -> str | None:
    """The name of the Service's port that is meant, by name or number; None when there is none."""
    for port in listed(service, "spec", "ports"):
        if wanted in ("", text(port, "name"), str(number(port, "port"))):
            return text(port, "name")
    return None


def _ready(endpoints: Object, name: str) -> Iterator[tuple[str, int]]:
    for subset in listed(endpoints, "subsets"):
        for port in listed(subset, "ports"):
            if text(port, "name") == name:
                for address in listed(subset, "addresses"):
                    yield text(address, "ip"), number(port, "port")


async def _asked(call: Call, url: str) -> Answer:
    ask = call.ask
    headers = {key: ask.headers[key] for key in _PASSED if key in ask.headers}
    query = [(key, value) for key, values in ask.query.items() for value in values]
    trust = ssl.create_default_context() if url.startswith("https") else None
    if trust:  # a pod's certificate is its own; whoever may ask here may already do everything
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    async with (
        aiohttp.ClientSession(auto_decompress=True) as session,
        session.request(
            ask.method, url, params=query, data=BytesIO(ask.body) if ask.body else None,
            headers=headers, allow_redirects=False, ssl=trust or True,
        ) as reply,
    ):  # fmt: skip
        body = await whole(reply.content, MOST_BYTES)
        kept = {key: reply.headers[key] for key in _BACK if key in reply.headers}
        kind = kept.pop("content-type", "application/octet-stream")
        return Answer(reply.status, body, kind, kept)
