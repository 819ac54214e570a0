"""Name tables for the agents that follow them: one a class of proxies, made again when it changes.

A name is told after the listeners that it leads to have been offered. Never: what is in a table, or
a stream.
"""

import asyncio
from dataclasses import dataclass
from typing import TypeAlias

from telltale.lib.topic import Topic
from telltale.model.view import View
from telltale.model.workload import Proxy
from telltale.pilot import naming
from telltale.pilot.naming import Table
from telltale.pilot.push import Push
from telltale.pilot.xds.resource import Resource
from telltale.pilot.xds.server import Ended

PAUSE_S = 0.1  # between two rounds: pods come and go in swarms

Told: TypeAlias = Topic[Resource | Ended | None]


@dataclass(frozen=True, slots=True)
class _Made:
    view: View
    resource: Resource


class Following:
    """`attach` and `detach` come and go with the agents; `run` follows the push."""

    def __init__(self, push: Push) -> None:
        self._push = push
        self._followers: dict[Told, Proxy] = {}
        self._made: dict[object, _Made] = {}

    async def run(self) -> None:
        seen = -1
        while True:
            seen, _ = await self._push.settled.after(seen)
            self.tell()
            await asyncio.sleep(PAUSE_S)

    def attach(self, proxy: Proxy) -> Told:
        told: Told = Topic(None)
        self._followers[told] = proxy
        told.publish(self._resource(proxy))
        return told

    def detach(self, told: Told) -> None:
        self._followers.pop(told, None)

    def end(self, reason: str) -> None:
        """Every agent is to come back, here or elsewhere."""
        for told in self._followers:
            told.publish(Ended(reason))

    def table(self, proxy: Proxy) -> Table:
        """What this one can look up now."""
        plans = self._push.plans
        return naming.table(plans.view(plans.key(proxy)))

    def tell(self) -> None:
        """Bring every follower to what is so now; who would see no difference is left alone."""
        before, self._made = self._made, {}
        for told, proxy in self._followers.items():
            key = self._push.plans.key(proxy)
            if key in before:
                self._made.setdefault(key, before[key])
            made = self._resource(proxy)
            if not isinstance(told.value, Ended) and told.value != made:
                told.publish(made)

    def _resource(self, proxy: Proxy) -> Resource:
        key = self._push.plans.key(proxy)
        view = self._push.plans.view(key)
        known = self._made.get(key)
        if known is None or known.view is not view:
            known = self._made[key] = _Made(view, naming.resource(naming.table(view)))
        return known.resource
