"""Carries actions out on the API, and puts the answers on the shelves at once.

Never: deciding; an object that is gone already was deleted, one that is there already was created.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from telltale.cluster.controllers.action import (
    Action,
    Again,
    Bind,
    Collect,
    Create,
    Delete,
    Empty,
    Outcome,
    Owner,
    Patch,
    Tell,
)  # fmt: skip
from telltale.cluster.controllers.recorder import Recorder
from telltale.cluster.controllers.view import HasMeta, View
from telltale.kube import codec
from telltale.kube.client import Client, Patch as How
from telltale.kube.codec import Object
from telltale.kube.errors import AlreadyExists, ApiError, Conflict, MethodNotAllowed, NotFound
from telltale.kube.kinds import NAMESPACE, POD, Kind
from telltale.kube.meta import Anything
from telltale.lib.moment import rfc3339

_TOGETHER = 32  # creates and deletes of one step that are on their way at the same time


@dataclass(frozen=True, slots=True)
class Apply:
    client: Client
    view: View
    recorder: Recorder

    async def all(self, actions: Sequence[Action]) -> float | None:
        """In order, creates and deletes side by side; returns the seconds until `Again`, or None.

        The first error is raised after everything was tried.
        """
        again = min((one.after_s for one in actions if isinstance(one, Again)), default=None)
        errors: list[ApiError] = []
        limit = asyncio.Semaphore(_TOGETHER)

        async def tried(action: Action) -> None:
            async with limit:
                try:
                    await self._one(action)
                except ApiError as error:
                    errors.append(error)

        for group in _grouped(actions):
            async with asyncio.TaskGroup() as tasks:
                for action in group:
                    tasks.create_task(tried(action))
        if errors:
            raise errors[0]
        return again

    async def _one(self, action: Action) -> None:
        match action:
            case Create():
                await self._create(action)
            case Patch():
                await self._patch(action)
            case Delete():
                await self._delete(action)
            case Collect(delete, owners):
                if not [one for one in owners if await self._lives(one)]:
                    await self._delete(delete)
            case Bind():
                await self._bind(action)
            case Empty():
                await self._empty(action)
            case Tell():
                self.recorder.tell(action)
            case Again():
                pass

    async def _create(self, action: Create) -> None:
        try:
            made = await self.client.create(_shaped(self.view, action.kind), action.object)
        except AlreadyExists:
            return  # the watch is about to tell us
        except ApiError as error:
            self._tell_failed(action.outcome, error)
            raise
        self._learn(action.kind, made)
        self._tell_done(action.outcome, made.metadata.name)

    async def _patch(self, action: Patch) -> None:
        try:
            changed = await self.client.patch(
                _shaped(self.view, action.kind), action.name, action.patch,
                namespace=action.namespace, how=How(action.how), subresource=action.subresource,
            )  # fmt: skip
        except NotFound:
            return
        except Conflict:
            raise  # our view was old; nothing to tell, the newer one is on its way
        except ApiError as error:
            self._tell_failed(action.outcome, error)
            raise
        self._learn(action.kind, changed)
        self._tell_done(action.outcome, changed.metadata.name)

    async def _delete(self, action: Delete) -> None:
        options: Object = {"propagationPolicy": action.propagation}
        if action.uid:
            options["preconditions"] = {"uid": action.uid}
        shelf = self.view.shelf(action.kind)
        try:
            await self.client.delete(action.kind, action.name, action.namespace, options=options)
        except (NotFound, Conflict):
            return  # gone, or a namesake stands there now
        except ApiError as error:
            self._tell_failed(action.outcome, error)
            raise
        if shelf is not None:
            shelf.leaving(action.name, action.namespace, rfc3339(self.view.now))
        self._tell_done(action.outcome, action.name)

    async def _bind(self, action: Bind) -> None:
        meta = action.pod.metadata
        target: Object = {"apiVersion": "v1", "kind": "Node", "name": action.node}
        body: Object = {
            "apiVersion": "v1", "kind": "Binding",
            "metadata": {"name": meta.name, "namespace": meta.namespace, "uid": meta.uid},
            "target": target,
        }  # fmt: skip
        path = POD.path(meta.namespace, meta.name, "binding")
        try:
            await self.client.raw("POST", path, {}, codec.encode(body))
        except (NotFound, Conflict):
            return  # gone, or bound already
        known = self.view.pods.get(meta.name, meta.namespace)
        if known is not None and not known.spec.node_name:  # the next decision must count it
            spec = msgspec.structs.replace(known.spec, node_name=action.node)
            self.view.pods.change(msgspec.structs.replace(known, spec=spec))
        self._tell_done(action.outcome, meta.name)

    async def _lives(self, owner: Owner) -> bool:
        kind = owner.kind.of(Anything)
        try:
            found = await self.client.get(kind, owner.name, owner.namespace)
        except NotFound:
            return False
        return found.metadata.uid == owner.uid

    async def _empty(self, action: Empty) -> None:
        """Deletes all, asks what is left, and lets the Namespace go when that is nothing."""
        for kind in action.kinds:
            try:
                await self.client.raw("DELETE", kind.path(action.namespace))
            except (NotFound, MethodNotAllowed):
                continue  # the kind went with its definition
        for kind in action.kinds:
            try:
                left = await self.client.list(kind.of(Anything), action.namespace)
            except NotFound:
                continue
            if left.items:
                return
        await self._finalize(action.namespace)

    async def _finalize(self, name: str) -> None:
        try:
            body = codec.parse_object(await self.client.raw("GET", NAMESPACE.path("", name)))
            spec = codec.dig(body, "spec", default={})
            finalizers = codec.dig(spec, "finalizers", default=[])
            assert isinstance(spec, dict) and isinstance(finalizers, list)
            spec["finalizers"] = [one for one in finalizers if one != "kubernetes"]
            body["spec"] = spec
            path = NAMESPACE.path("", name, "finalize")
            await self.client.raw("PUT", path, {}, codec.encode(body))
        except NotFound:
            return

    def _learn(self, kind: Kind[object], object: HasMeta) -> None:
        shelf = self.view.shelf(kind)
        if shelf is not None:
            shelf.learn(object)

    def _tell_done(self, outcome: Outcome, name: str) -> None:
        if outcome.done:
            self.recorder.tell(_filled(outcome.done, "{name}", name))

    def _tell_failed(self, outcome: Outcome, error: ApiError) -> None:
        if outcome.failed:
            self.recorder.tell(_filled(outcome.failed, "{error}", error.message))


def _shaped(view: View, kind: Kind[object]) -> "Kind[HasMeta]":
    """The kind as its shelf keeps it."""
    shelf = view.shelf(kind)
    return shelf.kind if shelf is not None else kind.of(Anything)


def _filled(tell: Tell, slot: str, text: str) -> Tell:
    return replace(tell, message=tell.message.replace(slot, text))


def _grouped(actions: Sequence[Action]) -> list[list[Action]]:
    """Neighbours of one type that may go side by side; all else alone, in order."""
    groups: list[list[Action]] = []
    for action in actions:
        side_by_side = isinstance(action, (Create, Delete))
        if side_by_side and groups and type(groups[-1][0]) is type(action):
            groups[-1].append(action)
        else:
            groups.append([action])
    return groups
