"""The app's own probes, run from inside the pod for a kubelet that the mesh keeps outside.

From 127.0.0.6, which the redirect rules leave alone, to the pod's address; the answer's status is
the probe's.
Never: a judgement (thresholds are the kubelet's), or a probe that the injector did not hand over.
"""

import asyncio
import ssl
from collections.abc import Mapping

from telltale.agent import h1, h2
from telltale.agent.h1 import Answer, Request, Where
from telltale.agent.probed import AppProbe, Grpc, HttpGet, TcpSocket

SOURCE = "127.0.0.6"
BODY_BYTES = 10 * 1024
REDIRECTS = 10


async def check(request: Request, probes: Mapping[str, AppProbe], ip: str) -> Answer:
    probe = probes.get(request.path)
    if probe is None:
        return Answer(400, f"app prober config does not exists for {request.path}\n".encode())
    source = SOURCE if "." in ip else None
    where = Where(ip, probe.check.port, source, _tls(probe))
    try:
        async with asyncio.timeout(probe.timeout_s):
            match probe.check:
                case HttpGet() as get:
                    return await _get(where, get, request)
                case TcpSocket():
                    return await _dial(where)
                case Grpc(service=service):
                    return await _grpc(where, service)
    except TimeoutError:
        return _failed(f"{where.host}:{where.port}: no answer within {probe.timeout_s:g} s")
    except (OSError, h1.HttpError, h2.NotHttp2) as error:
        return _failed(f"{where.host}:{where.port}: {error}")


async def _get(where: Where, get: HttpGet, request: Request) -> Answer:
    """Redirects within the app are followed; one that leads elsewhere counts as success, as for a
    kubelet.
    """
    headers = {k: v for k, v in request.headers.items() if k not in ("host", "connection")}
    headers |= {name.lower(): value for name, value in get.headers}
    path = get.path
    for _ in range(REDIRECTS + 1):
        bare, _, query = path.partition("?")
        answer = await h1.ask(where, Request("GET", bare, query, headers), h1.IDLE_S)
        location = answer.headers.get("location", "")
        if answer.status not in (301, 302, 303, 307, 308) or not location:
            return Answer(
                answer.status, answer.body[:BODY_BYTES], answer.content_type or "text/plain"
            )
        if not location.startswith("/") or location.startswith("//"):
            return Answer(200, b"redirected elsewhere\n")
        path = location
    return _failed(f"more than {REDIRECTS} redirects")


async def _dial(where: Where) -> Answer:
    _, writer = await _open(where)
    writer.close()
    return Answer(200)


async def _grpc(where: Where, service: str) -> Answer:
    reader, writer = await _open(where)
    try:
        await h2.greet(reader, writer)
        serving = await h2.health_check(reader, writer, f"{where.host}:{where.port}", service)
    finally:
        writer.close()
    return Answer(200) if serving else _failed(f"{service or 'server'} is not SERVING")


async def _open(where: Where) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    local = (where.source, 0) if where.source else None
    return await asyncio.open_connection(where.host, where.port, local_addr=local)


def _tls(probe: AppProbe) -> ssl.SSLContext | None:
    """A kubelet does not verify the app's certificate either."""
    if not isinstance(probe.check, HttpGet) or probe.check.scheme != "https":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _failed(why: str) -> Answer:
    return Answer(500, f"{why}\n".encode())
