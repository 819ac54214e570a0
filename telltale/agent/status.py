"""What the agent answers on :15020: readiness with its reason, why, metrics, app probes, and two
requests to go.

Never: an answer from memory where Envoy can be asked, or a change asked for from outside the pod.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from telltale.agent import app_health, metrics
from telltale.agent.dns.proxy import Proxy
from telltale.agent.drain import Asked
from telltale.agent.h1 import Answer, Request
from telltale.agent.process import Envoy
from telltale.agent.readiness import not_ready
from telltale.agent.settings import Settings
from telltale.agent.stage import Stage, Standing
from telltale.agent.watch import View, Watch
from telltale.lib.moment import rfc3339

log = logging.getLogger(__name__)


@dataclass
class Life:
    """The one thing that changes over the agent's life: why it is going away, if it is."""

    leaving: str | None = None


class Status:
    def __init__(
        self,
        settings: Settings,
        watch: Watch,
        envoy: Envoy,
        life: Life,
        asked: "asyncio.Queue[Asked]",
        *,
        dns: Proxy | None = None,
    ) -> None:
        self._settings = settings
        self._watch = watch
        self._envoy = envoy
        self._life = life
        self._asked = asked
        self._dns = dns
        self._was_ready = False
        self._routes: Mapping[str, Callable[[Request], Awaitable[Answer]]] = {
            "/healthz/ready": self._ready,
            "/debug/why": self._why,
            "/debug/ndsz": self._names,
            "/stats/prometheus": self._metrics,
            "/metrics": self._metrics,
            "/quitquitquit": lambda request: self._ask(request, Asked.QUIT),
            "/drain": lambda request: self._ask(request, Asked.DRAIN),
        }

    async def respond(self, request: Request) -> Answer:
        if request.path.startswith("/app-health/"):
            return await app_health.check(request, self._settings.app_probes, self._settings.ip)
        route = self._routes.get(request.path)
        return await route(request) if route else Answer(404, b"404 page not found\n")

    async def _ready(self, request: Request) -> Answer:
        view = await self._watch.look()
        reason = self._not_ready(view)
        if reason is None:
            if not self._was_ready:
                log.info("Envoy proxy is ready")
            self._was_ready = True
            return Answer(200)
        self._was_ready = False
        line = f"Envoy proxy is NOT ready: {reason}"
        standing = str(self._standing(view))
        log.warning(line)
        log.warning(standing)
        return Answer(503, f"{line}\n{standing}\n".encode())

    def _not_ready(self, view: View) -> str | None:
        if self._life.leaving:
            return f"server is terminated: {self._life.leaving}"
        if view.numbers is None:
            return f"failed to get readiness stats: {view.deaf}"
        reason = not_ready(view.numbers, view.warmed)
        return reason or (self._dns.not_ready() if self._dns else None)

    def _standing(self, view: View) -> Standing:
        """The way's end is that everything has come that way, the names too."""
        standing = view.story.standing
        lacking = self._dns.lacking if self._dns else None
        return lacking if lacking and standing.stage is Stage.SERVE else standing

    async def _why(self, request: Request) -> Answer:
        asked_now = "now=1" in request.query.split("&")
        view = await (self._watch.now() if asked_now else self._watch.look())
        body = json.dumps(self._told(view)) + "\n"
        return Answer(200, body.encode(), "application/json")

    def _told(self, view: View) -> Mapping[str, object]:
        numbers, standing = view.numbers, self._standing(view)
        counts = (numbers.cds, numbers.lds) if numbers else (None, None)
        cds, lds = ({"ok": u.ok if u else 0, "rejected": u.rejected if u else 0} for u in counts)
        state = numbers.state.value if numbers else "DOWN"
        return {
            "ready": self._not_ready(view) is None,
            "stage": standing.stage.value,
            "since": rfc3339(view.story.since),
            "target": str(self._settings.target),
            "nameserver": view.nameserver,
            "address": view.address,
            "error": standing.error,
            "attempts": view.story.attempts,
            "cds": cds,
            "lds": lds,
            "last_nack": view.last_nack,
            "connected": bool(numbers and numbers.connected),
            "envoy": {"state": state, "pid": self._envoy.pid},
            "proxy": f"{self._settings.pod}.{self._settings.namespace}",
            "dns": self._dns.told() if self._dns else None,
        }

    async def _names(self, request: Request) -> Answer:
        if not request.from_loopback:
            return Answer(403, b"only requests from localhost are allowed\n")
        if self._dns is None:
            return Answer(404, b"{}\n", "application/json")
        return Answer(200, (json.dumps(self._dns.table()) + "\n").encode(), "application/json")

    async def _metrics(self, request: Request) -> Answer:
        view = await self._watch.look()
        own = metrics.Own(
            ready=self._not_ready(view) is None,
            connected=bool(view.numbers and view.numbers.connected),
            stage=self._standing(view).stage.value,
            walks=self._watch.walks,
            peer=self._settings.peer,
            dns=self._dns.counts if self._dns else None,
        )
        places = metrics.Places(self._settings.ports.prometheus, self._settings.scrapes)
        return await metrics.merged(request, own, places)

    async def _ask(self, request: Request, asked: Asked) -> Answer:
        if not request.from_loopback:
            return Answer(403, b"only requests from localhost are allowed\n")
        if request.method != "POST":
            return Answer(405, b"only POST is allowed\n", headers={"allow": "POST"})
        try:
            self._asked.put_nowait(asked)
        except asyncio.QueueFull:
            return Answer(503, b"too many requests to go are waiting\n")
        return Answer(200, b"OK\n")
