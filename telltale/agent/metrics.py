"""One scrape for the whole pod: the agent's few metrics, then Envoy's, then the app's (last, as
OpenMetrics ends with # EOF).

A part that does not answer is left out and counted; it never fails the scrape.
Never: parsing what others expose, except that Envoy's own counts of requests get Istio's names
and labels (`labels`).
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from telltale.agent import h1, labels
from telltale.agent.dns.proxy import Counts
from telltale.agent.h1 import Answer, Request, Where
from telltale.agent.probed import Scrape
from telltale.model.peer import NOBODY, Peer

log = logging.getLogger(__name__)

ENVOY_S = 3.0
TEXT = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = ("user-agent", "x-prometheus-scrape-timeout-seconds")


@dataclass(frozen=True, slots=True)
class Own:
    ready: bool
    connected: bool
    stage: str
    walks: int
    peer: Peer = NOBODY
    dns: Counts | None = None


@dataclass(frozen=True, slots=True)
class Places:
    prometheus_port: int
    scrapes: tuple[Scrape, ...] = ()


async def merged(request: Request, own: Own, places: Places) -> Answer:
    passed = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
    envoy = Where("127.0.0.1", places.prometheus_port)
    asked = [("envoy", envoy, Request("GET", "/stats/prometheus", request.query, passed))]
    accept = {**passed, "accept": request.headers.get("accept", "text/plain")}
    for scrape in places.scrapes:
        path, _, query = scrape.path.partition("?")
        where = Where("127.0.0.1", scrape.port)
        asked.append(("application", where, Request("GET", path, query, accept)))
    parts = await asyncio.gather(*(_scrape(*one) for one in asked))
    failed = {name: part is None for (name, _, _), part in zip(asked, parts, strict=True)}
    if counted := parts[0]:
        parts[0] = replace(counted, body=labels.labelled(counted.body, own.peer))
    bodies = [_own(own, failed), *(_ended(part.body) for part in parts if part)]
    kinds = [part.content_type for part in parts[1:] if part and part.content_type]
    return Answer(200, b"".join(bodies), kinds[-1] if kinds else TEXT)


async def _scrape(name: str, where: Where, request: Request) -> Answer | None:
    try:
        answer = await h1.ask(where, request, ENVOY_S)
    except (OSError, TimeoutError, h1.HttpError) as error:
        log.warning("scraping %s on :%d failed: %s", name, where.port, error or "timeout")
        return None
    if answer.status != 200:
        log.warning("scraping %s on :%d failed: status %d", name, where.port, answer.status)
        return None
    return answer


def _own(own: Own, failed: Mapping[str, bool]) -> bytes:
    lines = [
        *_gauge("istio_agent_ready", int(own.ready)),
        *_gauge("istio_agent_pilot_connected", int(own.connected)),
        "# TYPE istio_agent_pilot_stage gauge",
        f'istio_agent_pilot_stage{{stage="{own.stage}"}} 1',
        "# TYPE istio_agent_pilot_walks_total counter",
        f"istio_agent_pilot_walks_total {own.walks}",
        *(_names(own.dns) if own.dns else ()),
        "# TYPE istio_agent_scrape_failed gauge",
        *(f'istio_agent_scrape_failed{{type="{n}"}} {int(f)}' for n, f in failed.items()),
    ]
    return ("\n".join(lines) + "\n").encode()


def _names(counts: Counts) -> list[str]:
    told = (("requests", counts.asked), ("upstream_requests", counts.forwarded),
            ("upstream_failures", counts.failed))  # fmt: skip
    lines = []
    for what, count in told:
        name = f"istio_agent_dns_{what}_total"
        lines += [f"# TYPE {name} counter", f"{name} {count}"]
    return lines


def _gauge(name: str, value: int) -> list[str]:
    return [f"# TYPE {name} gauge", f"{name} {value}"]


def _ended(body: bytes) -> bytes:
    return body if not body or body.endswith(b"\n") else body + b"\n"
