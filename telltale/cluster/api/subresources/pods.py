"""pods/binding and pods/eviction. Never: choosing a node, or a disruption budget."""

from telltale.cluster.api import bodies
from telltale.cluster.api.api import not_allowed
from telltale.cluster.api.core import Core
from telltale.cluster.api.objects import listed, mapping, meta, part, section, text
from telltale.cluster.api.problems import conflict, refusal, required
from telltale.cluster.api.request import Ask, Call, Reply, Target, answer
from telltale.cluster.api.verbs import delete, options
from telltale.cluster.api.verbs.update import find
from telltale.cluster.store.revisions import Stale
from telltale.kube import codec
from telltale.kube.codec import Json, Object
from telltale.lib.moment import rfc3339

_SUCCESS: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


async def binding(core: Core, call: Call) -> Reply:
    """A scheduler says on which node a pod runs; once."""
    if call.ask.method != "POST":
        raise not_allowed()
    body = bodies.read(call).object
    node = text(body, "target", "name")
    if not node:
        raise refusal("Binding", "", call.target.name, [required("target.name")])
    old = find(core, call)
    pod = old.object()
    spec = section(pod, "spec")
    if text(spec, "nodeName"):
        why = f'pod {call.target.name} is already assigned to node "{text(spec, "nodeName")}"'
        raise conflict(call.resource, call.target.name, why)
    if meta(pod).get("deletionTimestamp"):
        why = f"pod {call.target.name} is being deleted, cannot be assigned to a host"
        raise conflict(call.resource, call.target.name, why)
    spec["nodeName"] = node
    if annotations := mapping(body, "metadata", "annotations"):
        section(meta(pod), "annotations").update(annotations)
    _scheduled(pod, rfc3339(core.clock.now()))
    if not options.dry_run(call.ask):
        try:
            core.store.put(old.key, pod, old.revision)
        except Stale:
            raise conflict(call.resource, call.target.name) from None
    return answer({**_SUCCESS, "code": 201}, 201)


def _scheduled(pod: Object, now: str) -> None:
    status = section(pod, "status")
    conditions: list[Json] = [
        one for one in listed(status, "conditions") if text(one, "type") != "PodScheduled"
    ]
    done: Object = {"type": "PodScheduled", "status": "True", "lastTransitionTime": now}
    conditions.append({**done, "lastProbeTime": None})
    status["conditions"] = conditions


async def eviction(core: Core, call: Call) -> Reply:
    """A delete by another name."""
    if call.ask.method != "POST":
        raise not_allowed()
    wish = part(bodies.read(call).object, "deleteOptions")
    body = codec.encode({**wish, "kind": "DeleteOptions", "apiVersion": "v1"})
    headers = {"content-type": "application/json"}
    ask = Ask("DELETE", call.ask.path, call.ask.query, headers, body, call.ask.user)
    target = Target(call.resource, call.target.namespace, call.target.name)
    await delete.delete(core, Call(ask, target))
    return answer({**_SUCCESS, "code": 201}, 201)
