"""create: a body becomes a new object. Never: what is special about a kind."""

from telltale.cluster.api import bodies, present
from telltale.cluster.api.bodies import Body
from telltale.cluster.api.core import Core, Review, kept
from telltale.cluster.api.kinds.kind import Kind
from telltale.cluster.api.names import metadata
from telltale.cluster.api.objects import meta, name_of, namespace_of, text
from telltale.cluster.api.problems import exists, refuse
from telltale.cluster.api.request import Answer, Call
from telltale.cluster.api.resources import Resource
from telltale.cluster.api.verbs import options
from telltale.cluster.store.stored import Stored
from telltale.kube import errors
from telltale.kube.codec import Json, Object
from telltale.lib.moment import rfc3339

_MOST_GENERATED = 58  # of a generateName, so that the name with its suffix fits a label


async def create(core: Core, call: Call, managed: Json = None) -> Answer:
    """`managed` are the managedFields of an object that is made by applying it."""
    dry_run = options.dry_run(call.ask)
    body = bodies.read(call)
    kind = core.kinds.of(call.resource)
    body = pruned(kind, call, body)
    object = kept(call.resource, body.object)
    _begin(core, call, object)
    if managed:
        meta(object)["managedFields"] = managed
    kind.default(object)
    kind.prepare(object)
    review = Review("CREATE", call.resource, object, None, call.ask.user, dry_run)
    object = await core.admission.admit(review)
    kind.default(object)
    refuse(call.resource, name_of(object), metadata(object, kind.name_rule) + kind.validate(object))
    if dry_run:
        _expect_free(core, call.resource, object)
        core.allocation.claim(call.resource, object, None)
        meta(object).pop("resourceVersion", None)
        answer = present.made(core, call, object, 201)
    else:
        answer = present.one(core, call, store(core, call.resource, object), 201)
    return options.warned(answer, [*body.warnings, *review.warnings])


def pruned(kind: Kind, call: Call, body: Body) -> Body:
    """A custom resource without the fields that its schema does not know."""
    if kind.prune is None:
        return body
    faults = [f'unknown field "{path}"' for path in kind.prune(body.object)]
    judged = bodies.judged(body.object, faults, call)
    return Body(judged.object, body.warnings + judged.warnings)


def store(core: Core, resource: Resource, object: Object) -> Stored:
    """Write a new object that is complete. Raises `AlreadyExists` and what allocation raises."""
    _expect_free(core, resource, object)
    core.allocation.claim(resource, object, None)
    key = core.key(resource, namespace_of(object), name_of(object))
    return core.store.put(key, object, None)


def _expect_free(core: Core, resource: Resource, object: Object) -> None:
    if core.stored(resource, namespace_of(object), name_of(object)):
        raise exists(resource, name_of(object))


def _begin(core: Core, call: Call, object: Object) -> None:
    """The metadata that the server decides: name, namespace, identity and time."""
    found = meta(object)
    if text(object, "metadata", "resourceVersion"):
        raise errors.ApiError("resourceVersion should not be set on objects to be created")
    if not found.get("name") and (prefix := text(object, "metadata", "generateName")):
        found["name"] = _generated(core, call, prefix)
    place(call, object)
    found["uid"] = core.ids.uid()
    found["creationTimestamp"] = rfc3339(core.clock.now())
    for key in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields",
                "resourceVersion", "generation"):  # fmt: skip
        found.pop(key, None)
    if core.kinds.of(call.resource).generation:
        found["generation"] = 1


def _generated(core: Core, call: Call, prefix: str) -> str:
    for _ in range(8):
        name = prefix[:_MOST_GENERATED] + core.ids.suffix()
        if core.stored(call.resource, call.target.namespace, name) is None:
            return name
    return prefix[:_MOST_GENERATED] + core.ids.suffix(10)


def place(call: Call, object: Object) -> None:
    """The namespace of the URL, which the body may not contradict."""
    found = meta(object)
    if not call.resource.namespaced:
        if found.pop("namespace", ""):
            raise errors.BadRequest("namespace may not be set on a cluster-scoped object")
        return
    given, wanted = text(object, "metadata", "namespace"), call.target.namespace
    if not wanted:
        raise errors.BadRequest("an empty namespace may not be set during creation")
    if given and given != wanted:
        raise errors.BadRequest(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    found["namespace"] = wanted
