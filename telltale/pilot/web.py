"""The HTTP side of the pilot: readiness, metrics, version and the debug pages. A thin shell.

Never: who may look at /debug (that is `access`), or what a page shows.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from telltale.kube import codec
from telltale.pilot import debug
from telltale.pilot.access import may_debug
from telltale.pilot.metrics import Metrics
from telltale.pilot.pages import Asked, Incomplete, NoPage, page
from telltale.pilot.push import Push
from telltale.pilot.status import Status


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pages are made of. `unready`: why the pilot is not ready, or empty."""

    push: Push
    status: Status
    metrics: Metrics
    version: str
    unready: Callable[[], str]
    debug_from: tuple[str, ...]


def application(shown: Shown) -> web.Application:
    """The same pages on both ports."""
    async def ready(_: web.Request) -> web.Response:
        reason = shown.unready()
        return web.Response(status=503 if reason else 200, text=reason and f"{reason}\n")

    async def metrics(_: web.Request) -> web.Response:
        text = shown.metrics.text()
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4"})

    async def version(_: web.Request) -> web.Response:
        return web.Response(text=shown.version)

    async def shows(request: web.Request) -> web.Response:
        return _page(shown, request)

    app = web.Application()
    app.router.add_get("/ready", ready)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/version", version)
    app.router.add_get("/debug/{page}", shows)
    return app


def _page(shown: Shown, request: web.Request) -> web.Response:
    if not may_debug(request.remote, shown.debug_from):
        return web.Response(status=401)
    asked = Asked(shown.push, shown.status, request.query)
    try:
        found = page(request.match_info["page"], asked)
    except NoPage as error:
        return web.Response(status=404, text=f"{error}\n")
    except Incomplete as error:
        return web.Response(status=400, text=f"{error}\n")
    except debug.Unknown as error:
        return web.Response(status=404, text=f"{error}\n")
    pretty = "pretty" in request.query
    body = codec.pretty(found).encode() if pretty else codec.encode(found)
    return web.Response(body=body, content_type="application/json")
