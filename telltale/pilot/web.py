"""The HTTP side of the pilot: readiness, metrics, version and the debug pages. A thin shell.

Who may look at /debug is decided in `may_debug` and nowhere else. Never: what a page shows.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from telltale.kube import codec
from telltale.kube.codec import Json
from telltale.pilot import debug
from telltale.pilot.metrics import Metrics
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

    async def page(request: web.Request) -> web.Response:
        return _page(shown, request)

    app = web.Application()
    app.router.add_get("/ready", ready)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/version", version)
    app.router.add_get("/debug/{page}", page)
    return app


def may_debug(address: str | None, allowed: tuple[str, ...]) -> bool:
    """Whether a caller may see the debug pages: by its address alone, for now.

    Loopback always; and the networks given, which are those of the nodes, for that is where the API
    server's pods/proxy comes from. A workload's own address is in none of them.
    """
    try:
        caller = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    return caller.is_loopback or any(caller in ipaddress.ip_network(one) for one in allowed)


def _page(shown: Shown, request: web.Request) -> web.Response:
    if not may_debug(request.remote, shown.debug_from):
        return web.Response(status=401)
    query = request.query
    pages: dict[str, Callable[[], Json]] = {
        "syncz": lambda: debug.syncz(shown.status, query.get("namespace", "")),
        "connections": lambda: debug.connections(shown.status),
        "registryz": lambda: debug.registryz(shown.push),
        "endpointz": lambda: debug.endpointz(shown.push),
        "endpointShardz": lambda: debug.endpointz(shown.push),
        "problemz": lambda: debug.problems(shown.push),
        "streamz": lambda: debug.streamz(shown.status, query["proxyID"]),
        "config_dump": lambda: debug.config_dump(shown.push, shown.status, query["proxyID"]),
    }
    pages["list"] = lambda: [*sorted(pages.keys() - {"list"})]
    found = pages.get(request.match_info["page"])
    if found is None:
        return web.Response(status=404, text="no such page: see /debug/list\n")
    try:
        return web.Response(body=codec.encode(found()), content_type="application/json")
    except KeyError:
        return web.Response(status=400, text="You must provide a proxyID in the query string\n")
    except debug.Unknown as error:
        return web.Response(status=404, text=f"{error}\n")
