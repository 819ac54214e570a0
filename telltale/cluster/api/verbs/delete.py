"""delete and deletecollection: at once, gracefully, or once finalizers let go.

Never: what depends on the object (the garbage controller reads the finalizers set here).
"""

from dataclasses import dataclass
from datetime import timedelta

from telltale.cluster.api import bodies, present
from telltale.cluster.api.core import Core, Review
from telltale.cluster.api.objects import meta, number, part, text, words
from telltale.cluster.api.problems import conflict, refusal, unsupported
from telltale.cluster.api.request import Answer, Ask, Call, Target, answer
from telltale.cluster.api.verbs import options
from telltale.cluster.api.verbs.read import Found, selection_of
from telltale.cluster.api.verbs.update import MOST_TRIES, expect_uid, find, finished
from telltale.cluster.store.revisions import Stale
from telltale.cluster.store.stored import Stored
from telltale.kube import errors
from telltale.kube.codec import Object
from telltale.lib.moment import rfc3339

_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


@dataclass(frozen=True, slots=True)
class Options:
    """DeleteOptions, from the body or the query; `grace_s` None means the object's own."""

    grace_s: int | None
    policy: str
    uid: str
    version: str
    dry_run: bool


async def delete(core: Core, call: Call) -> Answer:
    wanted = _options(call)
    for left in reversed(range(MOST_TRIES)):
        old = find(core, call)
        _expect(call, wanted, old)
        await _admit(core, call, old, wanted)
        try:
            return _deleted(core, call, old, wanted)
        except Stale:
            if not left:
                break
    raise conflict(call.resource, call.target.name)


async def delete_collection(core: Core, call: Call) -> Answer:
    wanted = _options(call)
    selection = selection_of(core, call)
    found = selection.of(core.store.all(call.resource.storage, call.target.namespace))
    for one in found:
        target = Target(call.resource, one.key.namespace, one.key.name)
        current = core.store.get(one.key)
        if current:
            await _admit(core, call, current, wanted)
            current = core.store.get(one.key)
        if current:
            _deleted(core, Call(call.ask, target), current, wanted)
    return present.many(core, call, Found(found, core.store.revision))


def _options(call: Call) -> Options:
    ask = call.ask
    body = bodies.parse(call) if ask.body else {}
    if body and body.get("kind", "DeleteOptions") != "DeleteOptions":
        raise errors.BadRequest("the object provided is unrecognized: expected DeleteOptions")
    grace = body.get("gracePeriodSeconds")
    if grace is None and ask.one("gracePeriodSeconds"):
        grace = _seconds(ask)
    policy = text(body, "propagationPolicy") or ask.one("propagationPolicy")
    if policy not in ("", "Foreground", "Background", "Orphan"):
        known = ["Foreground", "Background", "Orphan", "nil"]
        why = unsupported("propagationPolicy", policy, known)
        raise refusal("DeleteOptions", "meta.k8s.io", "", [why])
    if not policy and (body.get("orphanDependents") or ask.true("orphanDependents")):
        policy = "Orphan"
    return Options(
        grace if isinstance(grace, int) else None,
        policy,
        text(body, "preconditions", "uid"),
        text(body, "preconditions", "resourceVersion"),
        options.dry_run(ask) or bool(words(body, "dryRun")),
    )


def _seconds(ask: Ask) -> int:
    try:
        return int(ask.one("gracePeriodSeconds"))
    except ValueError:
        raise errors.BadRequest("gracePeriodSeconds must be a whole number") from None


def _expect(call: Call, wanted: Options, old: Stored) -> None:
    expect_uid(call, wanted.uid, old)
    if wanted.version and wanted.version != str(old.revision):
        why = (
            f"Precondition failed: ResourceVersion in precondition: {wanted.version},"
            f" ResourceVersion in object meta: {old.revision}"
        )
        raise conflict(call.resource, call.target.name, why)


async def _admit(core: Core, call: Call, old: Stored, wanted: Options) -> None:
    object = old.object()
    user = call.ask.user
    await core.admission.admit(
        Review("DELETE", call.resource, object, object, user, wanted.dry_run)
    )


def _deleted(core: Core, call: Call, old: Stored, wanted: Options) -> Answer:
    object = old.object()
    changed = _mark(core, object, wanted, core.kinds.of(call.resource).held_by)
    if wanted.dry_run:
        return present.one(core, call, old)
    if finished(object):
        removed = core.store.remove(old.key, object, old.revision)
        if call.resource.kind in ("Pod", "Namespace", "Service", "ServiceAccount"):
            return present.one(core, call, removed)
        return answer(_success(call, object))
    if not changed:
        return present.one(core, call, old)
    return present.one(core, call, core.store.put(old.key, object, old.revision))


def _mark(core: Core, object: Object, wanted: Options, held_by: str) -> bool:
    """Say that the object is going, and what must happen before; whether that is news."""
    found = meta(object)
    grace = _grace(object, wanted)
    going = found.get("deletionTimestamp")
    known = number(object, "metadata", "deletionGracePeriodSeconds")
    if going and grace >= known:
        return False
    if object.get("kind") == "Namespace":
        part(object, "status")
        object["status"] = {**part(object, "status"), "phase": "Terminating"}
    found["deletionTimestamp"] = rfc3339(core.clock.now() + timedelta(seconds=grace))
    found["deletionGracePeriodSeconds"] = grace
    if not going:
        _hold(object, wanted, held_by)
        if found.get("generation") is not None:
            found["generation"] = number(object, "metadata", "generation") + 1
    return True


def _hold(object: Object, wanted: Options, held_by: str) -> None:
    """The finalizer by which the garbage controller learns the policy, and the kind's own."""
    finalizers = [
        one
        for one in words(object, "metadata", "finalizers")
        if not wanted.policy or one not in _FINALIZERS.values()
    ]
    if wanted.policy in _FINALIZERS:
        finalizers.append(_FINALIZERS[wanted.policy])
    if held_by and held_by not in finalizers:
        finalizers.append(held_by)
    if finalizers:
        meta(object)["finalizers"] = list(finalizers)
    else:
        meta(object).pop("finalizers", None)


def _grace(object: Object, wanted: Options) -> int:
    """Seconds between the mark and the end; only pods that run on a node have them."""
    if object.get("kind") != "Pod" or not text(object, "spec", "nodeName"):
        return 0
    if text(object, "status", "phase") in ("Succeeded", "Failed"):
        return 0
    if wanted.grace_s is not None:
        return max(wanted.grace_s, 0)
    return number(object, "spec", "terminationGracePeriodSeconds", default=30)


def _success(call: Call, object: Object) -> Object:
    details: Object = {"name": call.target.name, "kind": call.resource.plural}
    if call.resource.group:
        details["group"] = call.resource.group
    details["uid"] = text(object, "metadata", "uid")
    return {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": details,
    }  # fmt: skip
