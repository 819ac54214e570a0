"""update: an object is replaced, whole or by its status. Never: what is special about a kind."""

from telltale.cluster.api import bodies, present
from telltale.cluster.api.bodies import APPLY, media
from telltale.cluster.api.core import Core, Review, kept
from telltale.cluster.api.kinds.kind import Kind
from telltale.cluster.api.names import metadata, metadata_update
from telltale.cluster.api.objects import meta, name_of, text, words
from telltale.cluster.api.problems import absent, conflict, invalid, refuse
from telltale.cluster.api.request import Answer, Call
from telltale.cluster.api.verbs import options
from telltale.cluster.api.verbs.create import place, pruned
from telltale.cluster.store.revisions import Stale
from telltale.cluster.store.stored import Stored
from telltale.kube import errors
from telltale.kube.codec import Object

_SERVERS = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
            "generation", "selfLink")  # fmt: skip
_KEPT = (*_SERVERS, "managedFields")
MOST_TRIES = 5


async def update(core: Core, call: Call) -> Answer:
    """PUT. Without a resourceVersion in the body it replaces whatever is there."""
    body = pruned(core.kinds.of(call.resource), call, bodies.read(call))
    object = kept(call.resource, body.object)
    place(call, object)
    given = text(object, "metadata", "resourceVersion")
    _expect_name(call, object)
    for left in reversed(range(MOST_TRIES)):
        old = find(core, call)
        if call.resource.custom and not given:
            why = invalid("metadata.resourceVersion", 0, "must be specified for an update")
            refuse(call.resource, name_of(object), [why])
        _expect_same(call, object, old)
        try:
            answer = await replace(core, call, old, _copy(object))
        except Stale:
            if given or not left:
                raise conflict(call.resource, call.target.name) from None
            continue
        return options.warned(answer, body.warnings)
    raise conflict(call.resource, call.target.name)


async def replace(core: Core, call: Call, old: Stored, object: Object) -> Answer:
    """Put `object` in the place of `old`. Raises `Stale` when that has changed meanwhile."""
    resource, kind = call.resource, core.kinds.of(call.resource)
    dry_run = options.dry_run(call.ask)
    before = old.object()
    _carry(call, kind, object, before)
    kind.default(object)
    review = Review(
        "UPDATE", resource, object, before, call.ask.user, dry_run, call.target.subresource
    )
    object = await core.admission.admit(review)
    kind.default(object)
    name = name_of(before)
    problems = metadata(object, kind.name_rule) + metadata_update(object, before)
    refuse(resource, name, problems + kind.validate(object) + kind.validate_update(object, before))
    if kind.generation and not call.target.subresource and _spec(object) != _spec(before):
        meta(object)["generation"] = int(text(before, "metadata", "generation") or 0) + 1
    meta(object)["resourceVersion"] = str(old.revision)
    return options.warned(_put(core, call, old, object), review.warnings)


def _put(core: Core, call: Call, old: Stored, object: Object) -> Answer:
    if object == old.object():
        return present.one(core, call, old)
    core.allocation.claim(call.resource, object, old.object())
    if options.dry_run(call.ask):
        return present.made(core, call, object, 200)
    if finished(object):
        removed = core.store.remove(old.key, object, old.revision)
        return present.one(core, call, removed)
    return present.one(core, call, core.store.put(old.key, object, old.revision))


def find(core: Core, call: Call) -> Stored:
    target = call.target
    found = core.stored(target.resource, target.namespace, target.name)
    if found is None:
        raise absent(target.resource, target.name)
    return found


def finished(object: Object) -> bool:
    """Nothing holds back an object that is being deleted."""
    found = meta(object)
    return bool(
        found.get("deletionTimestamp")
        and not found.get("finalizers")
        and not found.get("deletionGracePeriodSeconds")
        and not (object.get("kind") == "Namespace" and words(object, "spec", "finalizers"))
    )


def _carry(call: Call, kind: Kind, object: Object, before: Object) -> None:
    """What this request may not change is taken from what is there."""
    subresource = call.target.subresource
    found, known = meta(object), meta(before)
    for key in _SERVERS if media(call.ask.headers.get("content-type", "")) == APPLY else _KEPT:
        if known.get(key) is None:
            found.pop(key, None)
        else:
            found[key] = known[key]
    if subresource == "status":
        given = object.get("status")
        if call.resource.custom:
            object["metadata"] = dict(known)
        for key in [key for key in object if key not in ("metadata", "apiVersion", "kind")]:
            del object[key]
        object.update({key: value for key, value in before.items() if key not in object})
        _set(object, "status", given)
    elif not subresource:
        kind.carry(object, before)
        if kind.status:
            _set(object, "status", before.get("status"))


def _set(object: Object, key: str, value: object) -> None:
    if value is None:
        object.pop(key, None)
    else:
        object[key] = value  # type: ignore[assignment]


def _spec(object: Object) -> Object:
    return {key: value for key, value in object.items() if key not in ("metadata", "status")}


def _expect_name(call: Call, object: Object) -> None:
    name = name_of(object)
    if name and name != call.target.name:
        raise errors.BadRequest(
            f"the name of the object ({name}) does not match the name on the URL"
            f" ({call.target.name})"
        )
    meta(object)["name"] = call.target.name


def _expect_same(call: Call, object: Object, old: Stored) -> None:
    """The body's resourceVersion and uid, where it has them, are those of the object."""
    version = text(object, "metadata", "resourceVersion")
    if version and options.revision(version) != old.revision:
        raise conflict(call.resource, call.target.name)
    expect_uid(call, text(object, "metadata", "uid"), old)


def expect_uid(call: Call, uid: str, old: Stored) -> None:
    found = text(old.object(), "metadata", "uid") if uid else ""
    if uid and uid != found:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {found}"
        raise conflict(call.resource, call.target.name, why)


def _copy(object: Object) -> Object:
    copied = dict(object)
    copied["metadata"] = dict(meta(object))
    return copied
