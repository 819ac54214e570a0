"""One step, carried out through the API. The only writer of this room.

Never: which steps, or whether they may be taken. A step that fails leaves the object as it was, or
puts it back; it raises `ApiError` with a message that says so.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from telltale.kube import codec, errors, kinds
from telltale.kube.client import Client, Patch as PatchType
from telltale.kube.codec import Object, dig, to_json
from telltale.kube.core import Pod
from telltale.kube.kinds import BUILT_IN, Kind
from telltale.kube.meta import Anything, Ref
from telltale.why.fix import (
    END_ENVOY,
    INJECTED,
    Advice,
    Create,
    Delete,
    DeletePods,
    Exec,
    How,
    Patch,
    Readdress,
    RestartProxies,
    Scale,
    Step,
    Undo,
)
from telltale.why.pods import SIDECAR, workload

# Runs a command in a container (namespace, pod, container, command): its exit code and output.
Execute: TypeAlias = Callable[[str, str, str, tuple[str, ...]], Awaitable[tuple[int, str]]]

SERVER_WRITES = (
    "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink",
    "deletionTimestamp", "deletionGracePeriodSeconds",
)  # fmt: skip
ADDRESSES = ("clusterIP", "clusterIPs")

_HOW = {How.MERGE: PatchType.MERGE, How.STRATEGIC: PatchType.STRATEGIC}


@dataclass(frozen=True, slots=True)
class Hands:
    """What steps are carried out with; without `execute` no step may run a command in a pod."""

    client: Client
    execute: Execute | None = None


async def apply(hands: Hands, step: Step) -> None:
    """Carries out one step. Raises `ApiError`."""
    client = hands.client
    match step:
        case Patch(ref, body, how):
            await client.patch(kind_of(ref), ref.name, body, namespace=ref.namespace, how=_HOW[how])
        case Create(made):
            await _create(client, step.ref, made)
        case Delete(ref):
            await _delete(client, ref)
        case Readdress(ref, _, address):
            await readdress(client, ref, address)
        case Scale(ref, replicas):
            body = {"spec": {"replicas": replicas}}
            await client.patch(kind_of(ref), ref.name, body, namespace=ref.namespace)
        case DeletePods():
            for pod in await chosen_pods(client, step):
                await _delete(client, Ref("Pod", step.namespace, pod.metadata.name))
        case RestartProxies(namespace):
            await _restart_proxies(hands, namespace)
        case Undo(ref):
            await _undo(client, ref)
        case Exec() | Advice():
            pass  # a fault's exec goes through `execute_once`; advice is for people


def kind_of(ref: Ref) -> Kind[Anything]:
    """The kind of an object, known by its metadata alone. Raises `BadRequest`."""
    for kind in BUILT_IN:
        if kind.kind == ref.kind:
            return kind.of(Anything)
    raise errors.BadRequest(f"no kind {ref.kind!r} to change")


async def read(client: Client, ref: Ref) -> Object:
    """An object with every field that it has, known to us or not."""
    return codec.parse_object(await client.raw("GET", kind_of(ref).path(ref.namespace, ref.name)))


async def chosen_pods(client: Client, step: DeletePods) -> list[Pod]:
    """The pods that a step names, or selects, or all that a controller would make again."""
    pods = (await client.list(kinds.POD, step.namespace, labels=step.labels)).items
    if step.names:
        return [pod for pod in pods if pod.metadata.name in step.names]
    return [pod for pod in pods if pod.metadata.controller and not pod.metadata.deletion_timestamp]


async def execute_once(hands: Hands, step: Exec) -> Pod:
    """Runs a step's command in the newest pod of its workload; the pod that it ran in."""
    pods = (await hands.client.list(kinds.POD, step.workload.namespace)).items
    mine = [pod for pod in pods if workload(pod) == step.workload]
    alive = [pod for pod in mine if not pod.metadata.deletion_timestamp]
    if not alive:
        raise errors.NotFound(f"{step.workload} has no pod to run a command in")
    pod = max(alive, key=lambda one: one.metadata.creation_timestamp or "")
    await _execute(hands, pod, step.container, step.command_line)
    return pod


async def readdress(client: Client, ref: Ref, address: str) -> None:
    """Read, delete, create with this ClusterIP ("": another one); put back when refused."""
    before = await read(client, ref)
    if address and dig(before, "spec", "clusterIP") == address:
        return
    if address:
        await _refuse_taken(client, ref, address)
    else:
        address = await _another_address(client, ref)
    await client.delete(kinds.SERVICE, ref.name, ref.namespace)
    try:
        await client.create(kinds.SERVICE, fresh(before, address))
    except errors.ApiError as error:
        old = str(dig(before, "spec", "clusterIP", default=""))
        await client.create(kinds.SERVICE, fresh(before, old))
        raise errors.Conflict(
            f"{ref} could not be given {address or 'a new address'}: {error}; it is back at {old}"
        ) from error


def fresh(service: Object, address: str) -> Object:
    """A Service to be made again: what the server writes is left out, the address is this one."""
    meta, spec = dig(service, "metadata", default={}), dig(service, "spec", default={})
    assert isinstance(meta, dict) and isinstance(spec, dict)
    kept: Object = {key: value for key, value in meta.items() if key not in SERVER_WRITES}
    wanted: Object = {key: value for key, value in spec.items() if key not in ADDRESSES}
    if address:
        wanted["clusterIP"] = address
    return {"apiVersion": "v1", "kind": "Service", "metadata": kept, "spec": wanted}


async def _another_address(client: Client, ref: Ref) -> str:
    """A free one: lent to a Service of a moment, as a cluster may give the old one again."""
    name = f"{ref.name[:50]}-next"
    lent = await client.create(
        kinds.SERVICE,
        {"metadata": {"name": name, "namespace": ref.namespace}, "spec": {"ports": [{"port": 1}]}},
    )
    await client.delete(kinds.SERVICE, name, ref.namespace)
    return lent.spec.cluster_ip


async def _refuse_taken(client: Client, ref: Ref, address: str) -> None:
    for one in (await client.list(kinds.SERVICE)).items:
        if one.spec.cluster_ip == address:
            holder = f"{one.metadata.namespace}/{one.metadata.name}"
            raise errors.Conflict(
                f"{ref} cannot have {address}: service {holder} holds it; nothing was changed"
            )


async def _create(client: Client, ref: Ref, made: Object) -> None:
    try:
        await client.create(kind_of(ref), made)
    except errors.AlreadyExists:
        return


async def _delete(client: Client, ref: Ref) -> None:
    try:
        await client.delete(kind_of(ref), ref.name, ref.namespace)
    except errors.NotFound:
        return


async def _undo(client: Client, ref: Ref) -> None:
    """The template of the revision before: what `kubectl rollout undo` does."""
    deployment = await client.get(kinds.DEPLOYMENT, ref.name, ref.namespace)
    sets = [
        one for one in (await client.list(kinds.REPLICA_SET, ref.namespace)).items
        if (owner := one.metadata.controller) and owner.uid == deployment.metadata.uid
    ]  # fmt: skip
    key = "deployment.kubernetes.io/revision"
    sets.sort(
        key=lambda one: (
            int(one.metadata.annotations.get(key, "0")), one.metadata.creation_timestamp or ""
        )
    )  # fmt: skip
    if len(sets) < 2:
        raise errors.NotFound(f"{ref} has no revision to go back to")
    template = dict(sets[-2].spec.template)
    labels = dig(template, "metadata", "labels", default={})
    if isinstance(labels, dict):
        plain = {name: value for name, value in labels.items() if name != "pod-template-hash"}
        meta = dig(template, "metadata")
        template["metadata"] = {**(meta if isinstance(meta, dict) else {}), "labels": plain}
    now = to_json(deployment.spec.template)
    body: Object = {"spec": {"template": inverse(now, template)}}
    await client.patch(kinds.DEPLOYMENT, ref.name, body, namespace=ref.namespace)


def inverse(now: codec.Json, before: codec.Json) -> codec.Json:
    """The merge patch (RFC 7386) that turns `now` into `before`."""
    if not isinstance(now, dict) or not isinstance(before, dict):
        return before
    patch: Object = dict.fromkeys(now.keys() - before.keys())
    for key, value in before.items():
        if key not in now:
            patch[key] = value
        elif now[key] != value:
            patch[key] = inverse(now[key], value)
    return patch


async def _restart_proxies(hands: Hands, namespace: str) -> None:
    for pod in (await hands.client.list(kinds.POD, namespace, labels=INJECTED)).items:
        if not pod.metadata.deletion_timestamp:
            await _execute(hands, pod, SIDECAR, ("sh", "-c", END_ENVOY))


async def _execute(hands: Hands, pod: Pod, container: str, command: tuple[str, ...]) -> None:
    """The command may well end with its container: its exit code says nothing, its absence does."""
    if hands.execute is None:
        raise errors.BadRequest("no way to run a command in a pod: kubectl is needed")
    where = (pod.metadata.namespace, pod.metadata.name)
    code, output = await hands.execute(*where, container, command)
    if code == 127 or "not found" in output:
        raise errors.BadRequest(f"{where[1]}: {' '.join(command)}: {output.strip()[:200]}")
