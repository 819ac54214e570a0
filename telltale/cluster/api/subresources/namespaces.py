"""namespaces/finalize: the namespace controller lets a namespace go. Never: emptying it."""

from telltale.cluster.api import bodies
from telltale.cluster.api.api import not_allowed
from telltale.cluster.api.core import Core
from telltale.cluster.api.objects import section, text, words
from telltale.cluster.api.problems import conflict
from telltale.cluster.api.request import Call, Reply
from telltale.cluster.api.verbs import update
from telltale.cluster.store.revisions import Stale


async def finalize(core: Core, call: Call) -> Reply:
    if call.ask.method != "PUT":
        raise not_allowed()
    body = bodies.read(call).object
    old = update.find(core, call)
    version = text(body, "metadata", "resourceVersion")
    if version and version != str(old.revision):
        raise conflict(call.resource, call.target.name)
    object = old.object()
    section(object, "spec")["finalizers"] = list(words(body, "spec", "finalizers"))
    try:
        return await update.replace(core, call, old, object)
    except Stale:
        raise conflict(call.resource, call.target.name) from None
