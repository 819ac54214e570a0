"""/scale: how many, read and changed without the rest. Never: making it so."""

from telltale.cluster.api import bodies
from telltale.cluster.api.api import not_allowed
from telltale.cluster.api.bodies import media
from telltale.cluster.api.core import Core
from telltale.cluster.api.objects import default, number, part, section, text
from telltale.cluster.api.problems import conflict, invalid, refusal
from telltale.cluster.api.request import Answer, Call, Reply, Target, answer
from telltale.cluster.api.resources import Resource
from telltale.cluster.api.tables.workloads import selector
from telltale.cluster.api.verbs import patch as patches, update
from telltale.cluster.store.revisions import Stale
from telltale.cluster.store.stored import Stored
from telltale.kube import codec
from telltale.kube.codec import Object
from telltale.kube.patch import json_patch, merge_patch


async def scale(core: Core, call: Call) -> Reply:
    method = call.ask.method
    if method in ("GET", "HEAD"):
        return answer(_scale(call.resource, update.find(core, call).object()))
    if method not in ("PUT", "PATCH"):
        raise not_allowed()
    for left in reversed(range(update.MOST_TRIES)):
        old = update.find(core, call)
        wanted = _wanted(call, old)
        try:
            return await _scaled(core, call, old, wanted)
        except Stale:
            if not left:
                break
    raise conflict(call.resource, call.target.name)


async def _scaled(core: Core, call: Call, old: Stored, wanted: Object) -> Reply:
    replicas = wanted.get("replicas")
    object = old.object()
    if not isinstance(replicas, int) or replicas < 0:
        why = invalid("spec.replicas", replicas, "must be greater than or equal to 0")
        raise refusal("Scale", "autoscaling", call.target.name, [why])
    *path, last = call.resource.scale.replicas
    section(object, *path)[last] = replicas
    target = call.target
    whole = Call(call.ask, Target(target.resource, target.namespace, target.name))
    made: Answer = await update.replace(core, whole, old, object)
    return answer(_scale(call.resource, codec.parse_object(made.body)))


def _wanted(call: Call, old: Stored) -> Object:
    """The spec of the Scale that the request means. Raises `Conflict` when it read another one."""
    current = _scale(call.resource, old.object())
    if call.ask.method == "PUT":
        given = bodies.read(call).object
    else:
        how = media(call.ask.headers.get("content-type", ""))
        value = bodies.parse_patch(call)
        if how == patches.JSON:
            given = json_patch(current, value)
        elif how in (patches.MERGE, patches.STRATEGIC):
            given = merge_patch(current, value)
        else:
            raise bodies.unsupported((patches.JSON, patches.MERGE, patches.STRATEGIC))
    version = text(given, "metadata", "resourceVersion")
    if version and version != str(old.revision):
        raise conflict(call.resource, call.target.name)
    spec = part(given, "spec")
    default(spec, replicas=0)
    return spec


def _scale(resource: Resource, object: Object) -> Object:
    meta = part(object, "metadata")
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: Object = {"replicas": number(object, *resource.scale.current)}
    if resource.custom:
        path = resource.scale.selector
        status["selector"] = text(object, *path) if path else ""
    else:
        status["selector"] = selector(object)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in kept if key in meta},
        "spec": {"replicas": number(object, *resource.scale.replicas)},
        "status": status,
    }
