"""Owner references: what lost its owners goes; a deleted owner takes or leaves its own. Pure.

Never: deciding from memory alone that an owner is gone; `Collect` asks the API first.
Keys are `Ref(title of the kind, namespace, name)`, as two groups may have kinds of one name.
"""

from telltale.cluster.controllers.action import (
    About,
    Action,
    Collect,
    Delete,
    Owner,
    Patch,
    Tell,
)  # fmt: skip
from telltale.cluster.controllers.controller import Controller
from telltale.cluster.controllers.view import HasMeta, Keys, Notify, Shelf, View, owner_title, title
from telltale.kube.codec import Json, Object, to_json
from telltale.kube.kinds import Kind
from telltale.kube.meta import Meta, OwnerReference, Ref

_FOREGROUND, _ORPHAN = "foregroundDeletion", "orphan"


def reconcile(view: View, key: Ref) -> list[Action]:
    shelf = view.shelves().get(key.kind)
    found = shelf.get(key.name, key.namespace) if shelf else None
    if shelf is None or found is None:
        return []
    if found.metadata.deletion_timestamp is not None:
        return _leaving(view, shelf.kind, found.metadata)
    return _orphaned(view, shelf.kind, found.metadata)


def _leaving(view: View, kind: Kind[object], meta: Meta) -> list[Action]:
    """An owner that waits: for its dependents to go, or to be let free."""
    if _FOREGROUND in meta.finalizers:
        return _foreground(view, kind, meta)
    if _ORPHAN in meta.finalizers:
        return _freed(view, kind, meta)
    return []


def _foreground(view: View, kind: Kind[object], meta: Meta) -> list[Action]:
    actions: list[Action] = []
    blocked = False
    above = _above(view, meta)  # in a circle each would wait for the next
    for other, one in _dependents(view, meta):
        if any(_lives(view, owner, one, except_uid=meta.uid) for owner in one.owner_references):
            continue  # another owner keeps it
        mine = next(owner for owner in one.owner_references if owner.uid == meta.uid)
        blocked = blocked or (mine.block_owner_deletion and one.uid not in above)
        if one.deletion_timestamp is None:
            actions.append(Delete(other, one.name, one.namespace, one.uid, "Foreground"))
    return actions if blocked else [*actions, _without(kind, meta, _FOREGROUND)]


def _above(view: View, meta: Meta) -> set[str]:
    """The uids of all owners, and theirs."""
    found: set[str] = set()
    left = [meta]
    while left:
        for owner in (one := left.pop()).owner_references:
            shelf = view.shelves().get(owner_title(owner.api_version, owner.kind))
            if shelf is None or owner.uid in found:
                continue
            found.add(owner.uid)
            known = shelf.get(owner.name, one.namespace if shelf.kind.namespaced else "")
            if known is not None:
                left.append(known.metadata)
    return found


def _freed(view: View, kind: Kind[object], meta: Meta) -> list[Action]:
    """Dependents lose the reference first, then the owner may go."""
    actions: list[Action] = []
    for other, one in _dependents(view, meta):
        rest = [to_json(owner) for owner in one.owner_references if owner.uid != meta.uid]
        patch: Object = {
            "metadata": {"resourceVersion": one.resource_version, "ownerReferences": rest or None}
        }
        actions.append(Patch(other, one.name, patch, one.namespace))
    return actions or [_without(kind, meta, _ORPHAN)]


def _without(kind: Kind[object], meta: Meta, finalizer: str) -> Action:
    rest: list[Json] = [one for one in meta.finalizers if one != finalizer]
    patch: Object = {
        "metadata": {"resourceVersion": meta.resource_version, "finalizers": rest or None}
    }
    return Patch(kind, meta.name, patch, meta.namespace)


def _orphaned(view: View, kind: Kind[object], meta: Meta) -> list[Action]:
    owners = meta.owner_references
    if not owners or any(_lives(view, owner, meta) for owner in owners):
        return []
    asked = [_where(view, owner, meta) for owner in owners]
    known = tuple(one for one in asked if one is not None)
    if len(known) < len(asked):
        return []  # an owner of a kind that nobody serves: cannot be judged
    delete = Delete(kind, meta.name, meta.namespace, meta.uid)
    return [*_misplaced(view, kind, meta), Collect(delete, known)]


def _misplaced(view: View, kind: Kind[object], meta: Meta) -> list[Action]:
    """An owner in another namespace counts as missing, and is said so."""
    told: list[Action] = []
    for owner in meta.owner_references:
        shelf = view.shelves().get(owner_title(owner.api_version, owner.kind))
        elsewhere = any(
            one.metadata.uid == owner.uid and one.metadata.namespace != meta.namespace
            for one in shelf or ()
        )
        if elsewhere and shelf is not None and shelf.kind.namespaced:
            text = (
                f"ownerRef [{owner.api_version}/{owner.kind}, namespace: {meta.namespace}, "
                f"name: {owner.name}, uid: {owner.uid}] does not exist in namespace "
                f'"{meta.namespace}"'
            )
            told.append(
                Tell(About.of(kind, meta), "OwnerRefInvalidNamespace", text,
                     "garbage-collector-controller", "Warning")
            )  # fmt: skip
    return told


def _lives(view: View, owner: OwnerReference, of: Meta, except_uid: str = "") -> bool:
    """Whether an owner is there and stays: one that waits for its dependents does not count."""
    if owner.uid == except_uid:
        return False
    shelf = view.shelves().get(owner_title(owner.api_version, owner.kind))
    if shelf is None:
        return False
    found = shelf.get(owner.name, of.namespace if shelf.kind.namespaced else "")
    return (
        found is not None
        and found.metadata.uid == owner.uid
        and (not except_uid or found.metadata.deletion_timestamp is None)
    )


def _where(view: View, owner: OwnerReference, of: Meta) -> Owner | None:
    shelf = view.shelves().get(owner_title(owner.api_version, owner.kind))
    if shelf is None:
        return None
    namespace = of.namespace if shelf.kind.namespaced else ""
    return Owner(shelf.kind, namespace, owner.name, owner.uid)


def _dependents(view: View, meta: Meta) -> list[tuple[Kind[object], Meta]]:
    return [
        (shelf.kind, one.metadata)
        for shelf in view.shelves().values()
        for one in shelf.owned(meta.uid)
    ]


def _watch(view: View, notify: Notify) -> None:
    """Hears every shelf; those of custom resources join when they appear."""
    for shelf in view.shelves().values():
        listen(view, shelf, notify)


def listen(view: View, shelf: Shelf[HasMeta], notify: Notify) -> None:
    """A dependent to judge, an owner that waits, or the dependents of one that has gone."""
    name = title(shelf.kind)

    def changed(before: HasMeta | None, after: HasMeta | None) -> None:
        if after is not None:
            meta = after.metadata
            if meta.owner_references or meta.deletion_timestamp:
                notify(Ref(name, meta.namespace, meta.name))
        if before is not None and (after is None or after.metadata.uid != before.metadata.uid):
            for ref in (*_owners(before.metadata), *_left_behind(view, before.metadata)):
                notify(ref)

    shelf.listeners.append(changed)


def _owners(meta: Meta) -> Keys:
    for owner in meta.owner_references:
        yield Ref(owner_title(owner.api_version, owner.kind), meta.namespace, owner.name)
        yield Ref(owner_title(owner.api_version, owner.kind), "", owner.name)


def _left_behind(view: View, meta: Meta) -> Keys:
    for kind, one in _dependents(view, meta):
        yield Ref(title(kind), one.namespace, one.name)


CONTROLLER = Controller("garbage", reconcile, (_watch,), at_once=16)
