"""Envoy's admin page on 127.0.0.1, asked for what the agent needs.

Never: judging the answers (readiness.py), or dialling anything but loopback.
"""

import asyncio
import json
from collections.abc import Collection, Iterator
from urllib.parse import quote

from telltale.agent import h1
from telltale.agent.readiness import FILTER, Numbers, State, read_numbers

# Below the probe's own 1 s, so that the kubelet gets our reason and not its own timeout.
TIMEOUT_S = 0.8


class AdminError(Exception):
    """Envoy's admin page did not answer; the message says what was asked and what happened."""


class Admin:
    def __init__(self, port: int) -> None:
        self._where = h1.Where("127.0.0.1", port)

    async def numbers(self) -> Numbers:
        """Envoy at this moment. Raises AdminError."""
        stats = await self.stats(FILTER)
        said = (await self._text("GET", "/ready", ok=(200, 503))).strip()
        if said not in set(State):
            raise AdminError(f"GET 127.0.0.1:{self._where.port}/ready: unknown state {said[:40]!r}")
        return read_numbers(stats, State(said))

    async def stats(self, pattern: str) -> dict[str, int]:
        """Counters and gauges whose name matches `pattern` and that were ever touched."""
        query = f"usedonly&filter={quote(pattern, safe='')}"
        return dict(_read_stats(await self._text("GET", "/stats", query)))

    async def drain(self, *, everything: bool = False) -> None:
        """No new work from other proxies: `connection: close` and GOAWAY, listeners stay until the
        end. `everything`: a gateway's own work is what goes out, too.
        """
        which = "" if everything else "inboundonly&"
        await self._text("POST", "/drain_listeners", f"{which}graceful&skip_exit")

    async def last_nack(self) -> str | None:
        """Envoy's words for the newest listener that it rejects now.

        For listeners only: of a rejected cluster Envoy 1.40 keeps no error_state, just a log line.
        """
        query = "resource=dynamic_listeners&mask=name,error_state"
        return _error_details(await self._text("GET", "/config_dump", query))

    async def upstream(self, cluster: str) -> str | None:
        """The address of a host of `cluster` that Envoy is connected to."""
        text = await self._text("GET", "/clusters", f"filter=^{cluster}$")
        for line in text.splitlines():
            words = line.split("::")
            if len(words) == 4 and words[2] == "cx_active" and words[3] != "0":
                return words[1]
        return None

    async def _text(
        self, method: str, path: str, query: str = "", ok: Collection[int] = (200,)
    ) -> str:
        asked = f"{method} 127.0.0.1:{self._where.port}{path}"
        try:
            answer = await h1.ask(self._where, h1.Request(method, path, query), TIMEOUT_S)
        except TimeoutError:
            raise AdminError(f"{asked}: no answer within {TIMEOUT_S} s") from None
        except ConnectionRefusedError:
            raise AdminError(f"{asked}: connection refused") from None
        except (OSError, h1.HttpError, asyncio.IncompleteReadError) as error:
            raise AdminError(f"{asked}: {error}") from None
        if answer.status not in ok:
            raise AdminError(
                f"{asked}: status {answer.status}: {answer.body[:200].decode(errors='replace')}"
            )
        return answer.body.decode(errors="replace")


def _read_stats(text: str) -> Iterator[tuple[str, int]]:
    for line in text.splitlines():
        name, found, value = line.rpartition(": ")
        if found and value.isdecimal():
            yield name, int(value)


def _error_details(text: str) -> str | None:
    newest = ("", "")
    configs = json.loads(text).get("configs", [])
    for config in configs:
        error = config.get("error_state") or {}
        newest = max(
            newest, (str(error.get("last_update_attempt", "")), str(error.get("details", "")))
        )
    return newest[1] or None
