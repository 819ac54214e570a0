"""Keeps the name table up to date by a stream to the pilot beside Envoy's; it is opened again and
again.

What was told last holds while the pilot is away. Never: what a name means, or Envoy's stream; the
pilot does not count this one as a proxy.
"""

import asyncio
import logging
import os
from collections.abc import Callable

from telltale.agent import h2
from telltale.agent.dns import nds
from telltale.agent.dns.names import Names
from telltale.agent.dns.nds import Node, NoTable
from telltale.agent.h2_call import Call
from telltale.agent.resolv_conf import ResolvConf
from telltale.agent.resolve import LookupFailed, resolve
from telltale.agent.settings import Target
from telltale.agent.stage import Stage, Standing
from telltale.lib.backoff import Backoff

log = logging.getLogger(__name__)

PATH = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
DIAL_S = 3.0
_PAUSES = Backoff(first_s=0.2, most_s=5.0)


class Feed:
    """`names` is None until the pilot has told them; `error` is why it does not tell them now, and
    `stage` how far the last stream came."""

    def __init__(
        self, target: Target, node: Node, domain: str, conf: Callable[[], ResolvConf]
    ) -> None:
        self._target = target
        self._node = node
        self._domain = domain
        self._conf = conf
        self._failures = 0
        self.names: Names | None = None
        self.error: str | None = "not asked yet"
        self.stage = Stage.RESOLVE

    @property
    def lacking(self) -> Standing | None:
        """Where the way to the first names ends; None once they are there."""
        if self.names is not None:
            return None
        if self.stage in (Stage.RESOLVE, Stage.DIAL):
            return Standing(self.stage, self.error)
        said = f"{self._target} has not told the DNS name table: {self.error}"
        return Standing(Stage.SUBSCRIBE, said)

    async def loop(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._follow()
                self._tell(f"{self._target} ended the stream of names")
            except (LookupFailed, NoTable) as error:
                self._tell(str(error))
            except h2.NotHttp2 as error:
                self._tell(f"connected to {self._target}, {error}")
            except (OSError, TimeoutError) as error:
                code = getattr(error, "errno", None)
                said = os.strerror(code).lower() if code else "i/o timeout"
                self._tell(f"dial tcp {self._target}: {said}")
            self._failures += 1
            await asyncio.sleep(_PAUSES.delay(self._failures))

    async def _follow(self) -> None:
        self.stage = Stage.RESOLVE
        found = await resolve(self._target.host, self._conf(), DIAL_S)
        self.stage = Stage.DIAL
        async with asyncio.timeout(DIAL_S):
            reader, writer = await asyncio.open_connection(found.addresses[0], self._target.port)
        self.stage = Stage.SUBSCRIBE
        try:
            async with asyncio.timeout(DIAL_S):
                await h2.greet(reader, writer)
            call = Call(reader, writer)
            await call.begin(str(self._target), PATH, nds.request(self._node))
            async for message in call.messages():
                await self._take(call, nds.read(message, self._domain))
        finally:
            writer.close()

    async def _take(self, call: Call, told: nds.Response) -> None:
        if self.names is None:
            count = len(told.names.cluster) + len(told.names.declared)
            log.info("%d names of the mesh are known", count)
        self.names, self.error, self._failures = told.names, None, 0
        self.stage = Stage.SERVE
        await call.send(nds.request(None, told.version, told.nonce))

    def _tell(self, error: str) -> None:
        if error != self.error:
            log.warning("the name table is not told: %s", error)
        self.error = error
