"""The controllers of the cluster, running: an informer a kind, a loop a controller.

Never: constructing a client, or leader election; there is one of us.
"""

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from telltale.cluster.controllers import garbage
from telltale.cluster.controllers.apply import Apply
from telltale.cluster.controllers.every import every
from telltale.cluster.controllers.loop import Loop
from telltale.cluster.controllers.recorder import Recorder
from telltale.cluster.controllers.view import Shelf, View, title
from telltale.kube.client import Change, Client
from telltale.kube.codec import Typed
from telltale.kube.informer import HasMeta, Informer, Listener
from telltale.kube.kinds import CRD, Kind
from telltale.kube.meta import Anything, Meta
from telltale.lib.backoff import Backoff
from telltale.lib.clock import Clock, Ids
from telltale.lib.tasks import Tasks, supervise

T = TypeVar("T", bound=HasMeta)

log = logging.getLogger(__name__)

_RELIST = Backoff(first_s=0.05, most_s=5.0)


@dataclass(frozen=True, slots=True)
class Settings:
    """`root_ca`: PEM text of the CA that pods verify the API server with."""

    root_ca: str


class _Names(Typed):
    kind: str = ""
    plural: str = ""


class _Version(Typed):
    name: str = ""
    served: bool = False
    storage: bool = False


class _Definition(Typed):
    group: str = ""
    scope: str = "Namespaced"
    names: _Names = _Names()
    versions: list[_Version] = []


class _CustomDefinition(Typed):
    metadata: Meta = Meta()
    spec: _Definition = _Definition()


async def run(settings: Settings, client: Client, clock: Clock, ids: Ids) -> None:
    """Keeps every object as it should be, until cancelled."""
    view = View()
    recorder = Recorder(client, clock, ids)
    loops = [
        Loop(one, view, Apply(client, view, recorder), clock) for one in every(settings.root_ca)
    ]
    for loop in loops:
        loop.listen()
    async with supervise() as tasks:
        tasks.start("events of controllers", recorder.run)
        informers = [_watch(tasks, client, shelf) for shelf in view.shelves().values()]
        collector = next(loop for loop in loops if loop.controller is garbage.CONTROLLER)
        definitions = Informer(client, CRD.of(_CustomDefinition))
        custom = _Custom(tasks, client, view, collector)
        definitions.listeners.append(custom.hear)
        tasks.start("watch of definitions", definitions.run, _RELIST)
        for informer in informers:
            await informer.wait_synced()
        await definitions.wait_synced()
        for loop in loops:
            loop.start(tasks)
        try:
            await asyncio.Event().wait()
        finally:
            for loop in loops:
                loop.queue.close()


def _watch(tasks: Tasks, client: Client, shelf: Shelf[HasMeta]) -> Informer[HasMeta]:
    """Keeps a shelf current."""
    informer = Informer(client, shelf.kind)
    informer.listeners.append(_into(shelf))
    tasks.start(f"watch of {shelf.kind.plural}", partial(_follow, informer, shelf), _RELIST)
    return informer


def _into(shelf: Shelf[T]) -> Listener[T]:
    return lambda change, object: shelf.hear(object, gone=change is Change.DELETED)


async def _follow(informer: Informer[T], shelf: Shelf[T]) -> None:
    shelf.forget_learnt(informer.objects)
    await informer.run()


@dataclass
class _Custom:
    """Shelves of custom resources, for garbage and terminating namespaces: they come and go."""

    tasks: Tasks
    client: Client
    view: View
    collector: Loop

    def __post_init__(self) -> None:
        self.running: dict[str, asyncio.Task[None]] = {}

    def hear(self, change: Change, definition: _CustomDefinition) -> None:
        kind = _kind(definition)
        if kind is None:
            return
        name = title(kind)
        if change is Change.DELETED:
            self.view.custom.pop(name, None)
            if task := self.running.pop(name, None):
                task.cancel()
        elif name not in self.running:
            shelf = Shelf(kind)
            self.view.custom[name] = shelf
            garbage.listen(self.view, shelf, self.collector.queue.add)  # type: ignore[arg-type]
            informer = Informer(self.client, kind)
            informer.listeners.append(_into(shelf))
            follow = partial(_follow, informer, shelf)
            self.running[name] = self.tasks.start(f"watch of {kind.plural}", follow, _RELIST)


def _kind(definition: _CustomDefinition) -> Kind[Anything] | None:
    spec = definition.spec
    served = [one for one in spec.versions if one.served]
    if not served:
        return None
    version = next((one for one in served if one.storage), served[0])
    return Kind(
        spec.group, version.name, spec.names.kind, spec.names.plural, Anything,
        spec.scope == "Namespaced",
    )  # fmt: skip
