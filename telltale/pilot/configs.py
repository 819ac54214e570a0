"""Watching the kinds that configure the mesh, each as soon as the cluster has a definition of it.

A cluster may lack some (the Gateway API's, say) and gain them later. Never: what an object means.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from telltale.kube.client import Change, Client
from telltale.kube.codec import Object, dig
from telltale.kube.informer import Informer
from telltale.kube.istio.message import Config
from telltale.kube.kinds import CRD, Kind
from telltale.lib.tasks import Tasks

log = logging.getLogger(__name__)

Hear = Callable[[Kind[Config], Change, Config], None]


class Configs:
    """`start` watches the definitions; `wait_synced` returns when all that are there were read."""

    def __init__(self, client: Client, kinds: Iterable[Kind[Config]], hear: Hear) -> None:
        self._client = client
        self._wanted = {f"{kind.plural}.{kind.group}": kind for kind in kinds}
        self._hear = hear
        self._tasks: Tasks | None = None
        self._informers: dict[str, Informer[Config]] = {}
        self._definitions = Informer(client, CRD.of(Config))
        self._definitions.listeners.append(self._defined)

    def start(self, tasks: Tasks) -> None:
        self._tasks = tasks
        tasks.start("watch customresourcedefinitions", self._definitions.run)

    async def wait_synced(self) -> None:
        await self._definitions.wait_synced()
        await asyncio.gather(*(one.wait_synced() for one in self._informers.values()))

    def _defined(self, change: Change, definition: Config) -> None:
        """A definition came. One that goes takes its objects along, which the informer hears."""
        name = definition.metadata.name
        kind = self._wanted.get(name)
        if kind is None or change is Change.DELETED or name in self._informers:
            return
        found = served(kind, definition.spec)
        if found is None:
            log.warning("%s: no version of it is served", name)
            return
        if found != kind:
            log.warning("%s: %s is not served: read as %s", name, kind.version, found.version)
        assert self._tasks
        informer = self._informers[name] = Informer(self._client, found)
        informer.listeners.append(partial(self._hear, kind))
        self._tasks.start(f"watch {name}", informer.run)


def served(kind: Kind[Config], definition: Object) -> Kind[Config] | None:
    """The kind in our version, or else in the first that is served: a cluster's own definitions
    may be older than ours, and most fields are in both."""
    versions = dig(definition, "versions", default=[])
    names = [
        str(dig(one, "name")) for one in (versions if isinstance(versions, list) else [])
        if dig(one, "served") is True
    ]  # fmt: skip
    if kind.version in names:
        return kind
    return replace(kind, version=names[0]) if names else None
