"""The webhooks over HTTPS: POST /inject, POST /validate, GET /ready.

The shell around `review` and `validate`. Never: a rule about objects, or a client of the API.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from telltale.inject.asked import Verdict, refusal
from telltale.inject.review import review
from telltale.inject.settings import SidecarSettings
from telltale.inject.validate import Check, Findings, validate
from telltale.kube.codec import Object

log = logging.getLogger(__name__)

Told = Callable[[], SidecarSettings]  # asked anew for each pod: objects of now stand in it
Judge = Callable[[bytes], Verdict]

PORT = 15017
BODY_BYTES_MAX = 3 * 1024 * 1024  # what the API server itself takes as one object


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen; port 0 is any free one."""

    host: str = "0.0.0.0"
    port: int = PORT


def _no_rules(object: Object) -> Findings:
    return Findings()


async def serve(told: Told, tls: ssl.SSLContext, listen: Listen = Listen()) -> None:
    """Answer until cancelled. Raises `OSError` when the port is taken."""
    async with serving(told, tls, listen):
        await asyncio.Event().wait()


@asynccontextmanager
async def serving(
    told: Told, tls: ssl.SSLContext, listen: Listen = Listen(),
    check: Check = _no_rules,
) -> AsyncIterator[int]:  # fmt: skip
    """Listens as long as the block lasts; yields the port."""
    runner = web.AppRunner(application(told, check), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, listen.host, listen.port, ssl_context=tls)
        await site.start()
        _, port = runner.addresses[0][:2]
        log.info("webhooks for injection and validation listen on %s:%d", listen.host, port)
        yield port
    finally:
        await runner.cleanup()


def application(told: Told, check: Check = _no_rules) -> web.Application:
    """`check` judges what /validate is asked about."""

    async def ready(request: web.Request) -> web.Response:
        return web.Response(text="ready\n")

    def injecting() -> Judge:
        return partial(review, settings=told())

    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_post("/inject", _asked(injecting))
    app.router.add_post("/validate", _asked(lambda: partial(validate, check=check)))
    app.router.add_get("/ready", ready)
    return app


def _asked(judge: Callable[[], Judge]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            data = await request.read()
        except web.HTTPRequestEntityTooLarge:
            verdict = refusal("", f"the AdmissionReview is larger than {BODY_BYTES_MAX} bytes")
            return _answer(413, verdict.body)
        # In a thread: an object of a megabyte takes a while, and the pilot has proxies to serve.
        verdict = await asyncio.to_thread(judge(), data)
        log.log(logging.INFO if verdict.understood else logging.WARNING, "%s", verdict.line)
        return _answer(200 if verdict.understood else 400, verdict.body)

    return handle


def _answer(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")
