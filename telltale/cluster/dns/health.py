"""What the node asks the DNS server over HTTP: alive, ready, counters. Never: a name."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from telltale.cluster.dns.respond import Responder
from telltale.cluster.dns.settings import Settings


@asynccontextmanager
async def reporting(
    settings: Settings, responder: Responder, ready: Callable[[], bool]
) -> AsyncIterator[int]:
    """Serves /health, /ready and /metrics as long as the block lasts; yields the port."""

    async def health(_: web.Request) -> web.Response:
        return web.Response(text="OK")

    async def readiness(_: web.Request) -> web.Response:
        if ready():
            return web.Response(text="OK")
        return web.Response(status=503, text="waiting for Services and EndpointSlices\n")

    async def metrics(_: web.Request) -> web.Response:
        lines = ["# TYPE telltale_dns_answers_total counter"]
        lines += [
            f'telltale_dns_answers_total{{result="{name}"}} {count}'
            for name, count in sorted(responder.counts.items())
        ]
        return web.Response(text="\n".join(lines) + "\n")

    app = web.Application()
    app.add_routes([web.get("/health", health), web.get("/ready", readiness)])
    app.add_routes([web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.listen, settings.http_port)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
