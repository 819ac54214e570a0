"""The injection webhook over HTTPS: POST /inject, GET /ready. The shell around `review`.

Never: a rule about pods, or a client of the API.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from telltale.inject.review import refusal, review
from telltale.inject.settings import SidecarSettings

log = logging.getLogger(__name__)

PORT = 15017
BODY_BYTES_MAX = 3 * 1024 * 1024  # what the API server itself takes as one object


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen; port 0 is any free one."""

    host: str = "0.0.0.0"
    port: int = PORT


async def serve(settings: SidecarSettings, tls: ssl.SSLContext, listen: Listen = Listen()) -> None:
    """Answer until cancelled. Raises `OSError` when the port is taken."""
    async with serving(settings, tls, listen):
        await asyncio.Event().wait()


@asynccontextmanager
async def serving(
    settings: SidecarSettings, tls: ssl.SSLContext, listen: Listen = Listen()
) -> AsyncIterator[int]:
    """Listens as long as the block lasts; yields the port."""
    runner = web.AppRunner(application(settings), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, listen.host, listen.port, ssl_context=tls)
        await site.start()
        _, port = runner.addresses[0][:2]
        log.info("injection webhook listens on %s:%d", listen.host, port)
        yield port
    finally:
        await runner.cleanup()


def application(settings: SidecarSettings) -> web.Application:
    async def inject(request: web.Request) -> web.Response:
        try:
            data = await request.read()
        except web.HTTPRequestEntityTooLarge:
            verdict = refusal("", f"the AdmissionReview is larger than {BODY_BYTES_MAX} bytes")
            return _answer(413, verdict.body)
        # In a thread: a pod of a megabyte takes a while, and the pilot has proxies to serve.
        verdict = await asyncio.to_thread(review, data, settings)
        log.log(logging.INFO if verdict.understood else logging.WARNING, "%s", verdict.line)
        return _answer(200 if verdict.understood else 400, verdict.body)

    async def ready(request: web.Request) -> web.Response:
        return web.Response(text="ready\n")

    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_post("/inject", inject)
    app.router.add_get("/ready", ready)
    return app


def _answer(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")
