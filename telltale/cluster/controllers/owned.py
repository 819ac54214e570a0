"""Who owns what: owner references, and taking in or letting go what a selector selects. Pure.

Never: deleting; that is `garbage`.
"""

from collections.abc import Iterable
from typing import TypeVar

from telltale.cluster.controllers.action import Action, How, Patch
from telltale.cluster.controllers.view import HasMeta, Keys, Shelf
from telltale.kube.apps import Deployment, ReplicaSet
from telltale.kube.codec import Object
from telltale.kube.kinds import Kind
from telltale.kube.meta import Meta, Ref
from telltale.kube.selector import Selector, of as selector_of
from telltale.kube.statefulset import StatefulSet

T = TypeVar("T", bound=HasMeta)


def reference(kind: Kind[object], meta: Meta) -> Object:
    """The owner reference that makes `meta` the controller of another object."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": meta.name,
        "uid": meta.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def claim(
    owner: Kind[object], meta: Meta, selector: Selector, kind: Kind[T], found: Iterable[T]
) -> tuple[list[T], list[Action]]:
    """Those of `found` that are the owner's, and the adoptions and releases that make it so."""
    mine: list[T] = []
    actions: list[Action] = []
    for one in found:
        controller = one.metadata.controller
        selected = selector.matches(one.metadata.labels)
        if controller is not None:
            if controller.uid != meta.uid:
                continue
            if selected:
                mine.append(one)
            else:
                actions.append(_release(kind, one.metadata, meta.uid))
        elif selected and not meta.deletion_timestamp and not one.metadata.deletion_timestamp:
            actions.append(_adopt(owner, meta, kind, one.metadata))
    return mine, actions


def owners(
    one: Meta, shelf: Shelf[Deployment] | Shelf[ReplicaSet] | Shelf[StatefulSet]
) -> Keys:
    """Whom a change of `one` concerns: its controller, or of an orphan all who would take it in."""
    controller, kind = one.controller, shelf.kind.kind
    if controller is not None:
        if controller.kind == kind:
            yield Ref(kind, one.namespace, controller.name)
        return
    for owner in shelf.within(one.namespace):
        if selector_of(owner.spec.selector).matches(one.labels):
            yield Ref(kind, one.namespace, owner.metadata.name)


def _adopt(owner: Kind[object], meta: Meta, kind: Kind[object], one: Meta) -> Patch:
    patch: Object = {"metadata": {"uid": one.uid, "ownerReferences": [reference(owner, meta)]}}
    return Patch(kind, one.name, patch, one.namespace, how=How.STRATEGIC)


def _release(kind: Kind[object], one: Meta, uid: str) -> Patch:
    patch: Object = {
        "metadata": {"uid": one.uid, "ownerReferences": [{"$patch": "delete", "uid": uid}]}
    }
    return Patch(kind, one.name, patch, one.namespace, how=How.STRATEGIC)
