"""patch: a change of an object, in one of four ways. Never: what is special about a kind.

`application/apply-patch+yaml` (server-side apply) makes the object when it is not there, and else
merges by the strategic rules; `ownership` says which applier has which field.
"""

import yaml

from telltale.cluster.api import bodies, ownership
from telltale.cluster.api.bodies import APPLY, media
from telltale.cluster.api.core import Core, kept, shown
from telltale.cluster.api.definitions import DefinitionShape, definitions
from telltale.cluster.api.objects import meta, name_of, text
from telltale.cluster.api.problems import conflict, refusal, required
from telltale.cluster.api.request import Answer, Ask, Call
from telltale.cluster.api.verbs import create, options, update
from telltale.cluster.store.revisions import Stale
from telltale.cluster.store.stored import Stored
from telltale.kube import codec, errors, patch as patches
from telltale.kube.codec import Json, Object
from telltale.lib.moment import rfc3339

JSON = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


async def patch(core: Core, call: Call) -> Answer:
    how = media(call.ask.headers.get("content-type", ""))
    accepted = (JSON, MERGE, APPLY) if call.resource.custom else (JSON, MERGE, STRATEGIC, APPLY)
    if how not in accepted:
        raise bodies.unsupported(accepted)
    change = _change(call, how)
    target = call.target
    if how == APPLY and core.stored(target.resource, target.namespace, target.name) is None:
        return await _made(core, call, change)
    for left in reversed(range(update.MOST_TRIES)):
        old = update.find(core, call)
        try:
            return await _patched(core, call, old, (how, change))
        except Stale:
            if not left:
                break
    raise conflict(call.resource, target.name)


async def _patched(core: Core, call: Call, old: Stored, change: tuple[str, Json]) -> Answer:
    before = shown(call.resource, old.object())
    object = _applied(call, before, change)
    if change[0] == APPLY and isinstance(change[1], dict):
        object = codec.parse_object(codec.encode(object))  # a copy: fields are taken out of it
        object = ownership.settled(before, object, change[1], _shape(call), _applier(call))
        ownership.stamped(object, rfc3339(core.clock.now()))
    given = text(object, "metadata", "resourceVersion")
    if given and given != str(old.revision):
        raise conflict(call.resource, call.target.name)
    if name_of(object) != call.target.name:
        raise errors.BadRequest(
            f"the name of the object ({name_of(object)}) does not match the name on the URL"
            f" ({call.target.name})"
        )
    update.expect_uid(call, text(object, "metadata", "uid"), old)
    bodies.expect_kind(object, (call.resource.api_version, call.resource.kind))
    twice = bodies.duplicate_fields(call.ask.body) if _strict(call, change[0]) else []
    kind = (call.resource.api_version, call.resource.kind)
    body = bodies.checked(call, object, kind, twice)
    body = create.pruned(core.kinds.of(call.resource), call, body)
    answer = await update.replace(core, call, old, kept(call.resource, body.object))
    return options.warned(answer, body.warnings)


def _strict(call: Call, how: str) -> bool:
    return how != APPLY and call.ask.one("fieldValidation") == "Strict"


def _applied(call: Call, before: Object, change: tuple[str, Json]) -> Object:
    how, value = change
    resource = call.resource
    if how == JSON:
        return patches.json_patch(before, value)
    if how == MERGE or resource.custom:
        return patches.merge_patch(before, value)
    return patches.strategic_patch(before, value, _shape(call))


def _shape(call: Call) -> DefinitionShape:
    """What is known of the fields; of a custom resource's lists, that they are whole."""
    resource = call.resource
    schema = definitions().of(resource.group, resource.version, resource.kind) or {}
    return DefinitionShape(definitions(), schema)


def _applier(call: Call) -> ownership.Applier:
    ask = call.ask
    return ownership.Applier(ask.one("fieldManager"), call.resource.api_version, ask.true("force"))


def _change(call: Call, how: str) -> Json:
    if how != APPLY:
        return bodies.parse_patch(call)
    if len(call.ask.body) > bodies.MOST_BYTES:
        raise bodies.too_large()
    _expect_field_owner(call.ask)
    try:
        return codec.to_json(yaml.load(call.ask.body, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, TypeError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise errors.BadRequest(f"error decoding patch: {said}") from error


def _expect_field_owner(ask: Ask) -> None:
    if not ask.one("fieldManager"):
        why = required("fieldManager", "is required for apply patch")
        raise refusal("PatchOptions", "meta.k8s.io", "", [why])


async def _made(core: Core, call: Call, change: Json) -> Answer:
    """Server-side apply of an object that is not there yet."""
    if not isinstance(change, dict):
        raise errors.BadRequest("error decoding patch: expected an object")
    meta(change)["name"] = call.target.name
    settled = ownership.settled({}, {}, change, _shape(call), _applier(call))
    ownership.stamped(settled, rfc3339(core.clock.now()))
    ask = call.ask
    headers = {**ask.headers, "content-type": "application/json"}
    made = Ask("POST", ask.path, ask.query, headers, codec.encode(change), ask.user)
    return await create.create(core, Call(made, call.target), meta(settled)["managedFields"])
