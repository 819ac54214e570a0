"""What takes a step back: steps too, worked out before the step is taken, kept as JSON.

Never: applied here. Only what the step touches is taken back; what somebody
else changed meanwhile stays theirs.
"""

from enum import StrEnum

from telltale.kube import errors
from telltale.kube.client import Client
from telltale.kube.codec import Json, Object, dig
from telltale.kube.meta import Ref
from telltale.why.apply import SERVER_WRITES, read
from telltale.why.fix import (
    Create,
    Delete,
    DeletePods,
    Exec,
    Patch,
    Readdress,
    Scale,
    Step,
)


async def before(client: Client, step: Step) -> list[Step]:
    """The steps that take this one back, from the objects as they are now.

    Raises `ApiError`: what is to be changed is not there, or what is to be made is there already.
    """
    match step:
        case Patch(ref, body):
            return [Patch(ref, restoring(body, await read(client, ref)))]
        case Scale(ref):
            replicas = dig(await read(client, ref), "spec", "replicas", default=1)
            return [Patch(ref, {"spec": {"replicas": replicas}})]
        case Readdress(ref, was):
            return [Readdress(ref, was="", address=was)]
        case Create():
            await _refuse_existing(client, step.ref)
            return [Delete(step.ref)]
        case Delete(ref):
            return [Create(again(await read(client, ref)))]
        case DeletePods(namespace, _, labels) if labels:
            return [DeletePods(namespace, labels=labels)]  # they may be waiting out a back-off
        case Exec(workload):
            await read(client, workload)
            return []
        case _:
            return []


def restoring(body: Object, now: Json) -> Object:
    """The merge patch that gives every field that `body` touches its present value again."""
    patch: Object = {}
    for key, value in body.items():
        present = dig(now, key)
        if isinstance(value, dict) and isinstance(present, dict):
            patch[key] = restoring(value, present)
        else:
            patch[key] = present
    return patch


class Fate(StrEnum):
    """What there is to take back of one step, as things are now."""

    STANDS = "stands"
    GONE = "gone"  # as it was before already: mended meanwhile
    CHANGED = "changed"  # neither as it was nor as we left it: somebody else's by now


async def made(client: Client, undo: list[Step]) -> list[Json]:
    """What the steps that `undo` takes back have left behind: what `fate` compares with."""
    return [await _left(client, step) for step in undo]


async def fate(client: Client, step: Step, left: Json) -> Fate:
    """Whether a step of an undo is still called for. `left` null: not known, so it is.

    Raises `ApiError`: `NotFound` when the object is gone.
    """
    match step:
        case Patch(_, body):
            before: Json = body
        case Readdress(_, _, address):
            before = address
        case Create(_) | Delete(_):
            there = await _there(client, step.ref)
            return Fate.GONE if there is isinstance(step, Create) else Fate.STANDS
        case _:
            return Fate.STANDS
    now = await _left(client, step)
    if _same(now, before):
        return Fate.GONE
    return Fate.STANDS if left is None or _same(now, left) else Fate.CHANGED


def _same(one: Json, other: Json) -> bool:
    """Equal, whatever the order of lists whose entries have names (ports, containers).

    A field that is absent equals its zero: kubectl leaves such fields out when it writes.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        keys = one.keys() | other.keys()
        return all(_same(one.get(key) or None, other.get(key) or None) for key in keys)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = zip(_by_name(one), _by_name(other), strict=True)
        return all(_same(left, right) for left, right in pairs)
    return one == other


def _by_name(values: list[Json]) -> list[Json]:
    return sorted(values, key=lambda one: str(dig(one, "name", default="")))


async def _left(client: Client, step: Step) -> Json:
    match step:
        case Patch(ref, body):
            return restoring(body, await read(client, ref))
        case Readdress(ref):
            return str(dig(await read(client, ref), "spec", "clusterIP", default=""))
        case _:
            return None


async def _there(client: Client, ref: Ref) -> bool:
    try:
        await read(client, ref)
    except errors.NotFound:
        return False
    return True


def again(found: Object) -> Object:
    """An object to be made again as it was, without what the server writes."""
    meta = dig(found, "metadata", default={})
    assert isinstance(meta, dict)
    kept: Object = {key: value for key, value in meta.items() if key not in SERVER_WRITES}
    rest: Object = {key: value for key, value in found.items() if key != "status"}
    return {**rest, "metadata": kept}


def to_json(steps: list[Step]) -> Json:
    return [_plain(step) for step in steps]


def from_json(value: Json) -> list[Step]:
    """Steps as `to_json` wrote them. Raises `BadRequest` for anything else."""
    return [_step(one) for one in value] if isinstance(value, list) else []


def _plain(step: Step) -> Object:
    match step:
        case Patch(ref, body):
            return {"step": "patch", **_ref(ref), "body": body}
        case Readdress(ref, was, address):
            return {"step": "readdress", **_ref(ref), "was": was, "address": address}
        case Delete(ref):
            return {"step": "delete", **_ref(ref)}
        case Create(made):
            return {"step": "create", "object": made}
        case DeletePods(namespace, _, labels):
            return {"step": "delete-pods", "namespace": namespace, "labels": labels}
        case _:
            raise errors.BadRequest(f"cannot remember {type(step).__name__}")


def _step(value: Json) -> Step:
    ref = Ref(_text(value, "kind"), _text(value, "namespace"), _text(value, "name"))
    match dig(value, "step"):
        case "patch":
            body = dig(value, "body", default={})
            return Patch(ref, body if isinstance(body, dict) else {})
        case "readdress":
            return Readdress(ref, _text(value, "was"), _text(value, "address"))
        case "create":
            found = dig(value, "object", default={})
            return Create(found if isinstance(found, dict) else {})
        case "delete":
            return Delete(ref)
        case "delete-pods":
            return DeletePods(ref.namespace, labels=_text(value, "labels"))
        case other:
            raise errors.BadRequest(f"telltale-faults: unknown step {other!r}")


def _ref(ref: Ref) -> Object:
    return {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name}


def _text(value: Json, key: str) -> str:
    return str(dig(value, key, default=""))


async def _refuse_existing(client: Client, ref: Ref) -> None:
    if not await _there(client, ref):
        return
    raise errors.AlreadyExists(f"{ref} exists already; nothing was changed")
