"""What takes a step back: steps too, worked out before the step is taken, kept as JSON.

Never: applied here. Only what the step touches is taken back; other changes of the meantime stay.
"""

from telltale.kube import errors
from telltale.kube.client import Client
from telltale.kube.codec import Json, Object, dig
from telltale.kube.meta import Ref
from telltale.why.apply import read
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
    try:
        await read(client, ref)
    except errors.NotFound:
        return
    raise errors.AlreadyExists(f"{ref} exists already; nothing was changed")
