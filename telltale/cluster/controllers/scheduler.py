"""Pods without a node to a node that has room for them; or why there is none. Pure.

Never: affinity, priorities or preemption: on one machine there is nothing to choose between.
"""

from collections import Counter
from decimal import Decimal

from telltale.cluster.controllers.action import About, Action, Bind, Outcome, Patch, Tell
from telltale.cluster.controllers.controller import Controller
from telltale.cluster.controllers.view import Keys, View, hears, ref
from telltale.kube.cluster import Node
from telltale.kube.codec import Object, to_json
from telltale.kube.core import Pod
from telltale.kube.kinds import POD
from telltale.kube.meta import Condition, Ref
from telltale.kube.quantity import amount
from telltale.lib.moment import rfc3339

_SOURCE = "default-scheduler"


def reconcile(view: View, key: Ref) -> list[Action]:
    pod = view.pods.get(key.name, key.namespace)
    if pod is None or pod.spec.node_name or pod.metadata.deletion_timestamp:
        return []
    nodes = sorted(view.nodes, key=lambda node: node.metadata.name)
    reasons: Counter[str] = Counter()
    for node in nodes:
        found = _against(view, node, pod)
        if not found:
            return [_bind(pod, node)]
        reasons.update(found)
    return _unschedulable(view, pod, _message(len(nodes), reasons))


def _bind(pod: Pod, node: Node) -> Action:
    meta, name = pod.metadata, node.metadata.name
    text = f"Successfully assigned {meta.namespace}/{meta.name} to {name}"
    return Bind(pod, name, Outcome(Tell(About.of(POD, meta), "Scheduled", text, _SOURCE)))


def _against(view: View, node: Node, pod: Pod) -> list[str]:
    """Why this node cannot take the pod; nothing when it can."""
    if node.spec.unschedulable:
        return ["node(s) were unschedulable"]
    ready = next((one for one in node.status.conditions if one.type == "Ready"), None)
    if ready is None or ready.status != "True":
        return ["node(s) had untolerated taint {node.kubernetes.io/not-ready: }"]
    if not pod.spec.node_selector.items() <= node.metadata.labels.items():
        return ["node(s) didn't match Pod's node affinity/selector"]
    name = node.metadata.name
    there = [one for one in view.pods if one.spec.node_name == name and not one.ended]
    return _short_of(node, there, pod)


def _short_of(node: Node, there: list[Pod], pod: Pod) -> list[str]:
    room = node.status.allocatable
    found = []
    if "pods" in room and len(there) + 1 > amount(room["pods"]):
        found.append("Too many pods")
    asked = requests(pod)
    for resource in sorted(asked):
        used = sum((requests(one).get(resource, Decimal(0)) for one in there), Decimal(0))
        if asked[resource] and used + asked[resource] > amount(room.get(resource, 0)):
            found.append(f"Insufficient {resource}")
    return found


def requests(pod: Pod) -> dict[str, Decimal]:
    """What a pod asks for: its containers together, or its greediest init container."""
    total: dict[str, Decimal] = {}
    for container in pod.spec.containers:
        for resource, value in container.resources.requests.items():
            total[resource] = total.get(resource, Decimal(0)) + amount(value)
    for container in pod.spec.init_containers:
        for resource, value in container.resources.requests.items():
            total[resource] = max(total.get(resource, Decimal(0)), amount(value))
    return total


def _message(nodes: int, reasons: Counter[str]) -> str:
    if nodes == 0:
        return "no nodes available to schedule pods"
    told = sorted(f"{count} {reason}" for reason, count in reasons.items())
    return f"0/{nodes} nodes are available: {', '.join(told)}."


def _unschedulable(view: View, pod: Pod, message: str) -> list[Action]:
    known = pod.condition("PodScheduled")
    if known and known.status == "False" and known.message == message:
        return []
    wanted = Condition(
        type="PodScheduled", status="False", reason="Unschedulable", message=message,
        last_transition_time=known.last_transition_time
        if known and known.status == "False" else rfc3339(view.now),
    )  # fmt: skip
    others = [one for one in pod.status.conditions if one.type != "PodScheduled"]
    patch: Object = {"status": {"conditions": [to_json(one) for one in (*others, wanted)]}}
    meta = pod.metadata
    tell = Tell(About.of(POD, meta), "FailedScheduling", message, _SOURCE, "Warning")
    return [Patch(POD, meta.name, patch, meta.namespace, "status", outcome=Outcome(tell))]


def _of_pod(view: View, pod: Pod) -> Keys:
    if not pod.spec.node_name:
        yield ref(POD, pod.metadata)
    elif pod.metadata.deletion_timestamp or pod.ended:
        yield from _waiting(view)  # room may have come free


def _of_node(view: View, _: Node) -> Keys:
    return _waiting(view)


def _waiting(view: View) -> Keys:
    return [ref(POD, pod.metadata) for pod in view.pods if not pod.spec.node_name]


CONTROLLER = Controller(
    "scheduler",
    reconcile,
    (hears(lambda view: view.pods, _of_pod), hears(lambda view: view.nodes, _of_node)),
    at_once=1,  # each decision must see the one before it
)
