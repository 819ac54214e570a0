"""How an answer is shown: as it is, as metadata alone, or as the table that kubectl prints.

Never: which objects are in it.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import orjson

from telltale.cluster.api.core import Core, shown
from telltale.cluster.api.objects import section
from telltale.cluster.api.request import Answer, Ask, Call
from telltale.cluster.api.resources import Resource
from telltale.cluster.api.tables import every
from telltale.cluster.store.stored import Stored
from telltale.kube import codec, errors
from telltale.kube.codec import Json, Object

_META = "meta.k8s.io/v1"


class Form(Enum):
    PLAIN = ""
    TABLE = "Table"
    METADATA = "PartialObjectMetadata"
    METADATA_LIST = "PartialObjectMetadataList"


class Listing(Protocol):
    @property
    def items(self) -> list[Stored]: ...
    @property
    def revision(self) -> int: ...
    @property
    def token(self) -> str: ...
    @property
    def remaining(self) -> int | None: ...


def form(ask: Ask) -> Form:
    """The first form in `Accept` that we can answer in. Raises 406."""
    accept = ask.headers.get("accept", "") or "*/*"
    for part in accept.split(","):
        media, *parameters = [one.strip() for one in part.split(";")]
        given = dict(one.split("=", 1) for one in parameters if "=" in one)
        if media not in ("*/*", "application/*", "application/json"):
            continue
        if not given.get("as"):
            return Form.PLAIN
        if given.get("g") == "meta.k8s.io" and given["as"] in {one.value for one in Form}:
            return Form(given["as"])
    raise NotAcceptable(
        "only the following media types are accepted: application/json, application/yaml,"
        " application/json;as=Table;v=v1;g=meta.k8s.io"
    )


class NotAcceptable(errors.ApiError):
    code, reason = 406, "NotAcceptable"


def one(core: Core, call: Call, found: Stored, code: int = 200) -> Answer:
    """One object."""
    wanted = form(call.ask)
    if wanted is Form.PLAIN and call.resource.view is None:
        return Answer(code, found.body)
    object = shown(call.resource, found.object())
    return Answer(code, orjson.dumps(formed(core, call, object, wanted)))


def made(core: Core, call: Call, object: Object, code: int) -> Answer:
    """An object that is not stored: a dry run's."""
    return Answer(
        code, orjson.dumps(formed(core, call, shown(call.resource, object), form(call.ask)))
    )


def formed(core: Core, call: Call, object: Object, wanted: Form) -> Object:
    if wanted is Form.PLAIN:
        return object
    if wanted is Form.TABLE:
        version = section(object, "metadata").get("resourceVersion")
        table = _table(core, call, [object])
        return {**table, "metadata": {"resourceVersion": version}}
    return _metadata(object)


def many(core: Core, call: Call, found: Listing) -> Answer:
    """A list."""
    meta: Object = {"resourceVersion": str(found.revision)}
    if found.token:
        meta["continue"] = found.token
    if found.remaining is not None:
        meta["remainingItemCount"] = found.remaining
    wanted, resource = form(call.ask), call.resource
    if wanted is Form.PLAIN and resource.view is None:
        return Answer(200, _list_of_bytes(resource, meta, [one.body for one in found.items]))
    objects = [shown(resource, one.object()) for one in found.items]
    if wanted is Form.PLAIN:
        bodies = [orjson.dumps(object) for object in objects]
        return Answer(200, _list_of_bytes(resource, meta, bodies))
    if wanted is Form.TABLE:
        return Answer(200, orjson.dumps({**_table(core, call, objects), "metadata": meta}))
    items: list[Json] = [_metadata(object) for object in objects]
    body: Object = {
        "kind": "PartialObjectMetadataList", "apiVersion": _META, "metadata": meta, "items": items,
    }  # fmt: skip
    return Answer(200, orjson.dumps(body))


@dataclass(frozen=True, slots=True)
class Events:
    """How the events of a watch are shown."""

    core: Core
    call: Call
    form: Form

    @property
    def as_kept(self) -> bool:
        """The bytes of the store can be sent as they are."""
        return self.form is Form.PLAIN and self.call.resource.view is None

    def line(self, event: str, body: bytes) -> bytes:
        """One event, in the form that was asked for."""
        object = codec.parse_object(body)
        if event != "BOOKMARK":
            object = shown(self.call.resource, object)
        made = formed(self.core, self.call, object, self.form)
        return orjson.dumps({"type": event, "object": made}) + b"\n"


def _list_of_bytes(resource: Resource, meta: Object, bodies: list[bytes]) -> bytes:
    head = {
        "kind": resource.list_kind or f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": meta,
    }
    return b'%b,"items":[%b]}' % (orjson.dumps(head)[:-1], b",".join(bodies))


def _metadata(object: Object) -> Object:
    return {
        "kind": "PartialObjectMetadata", "apiVersion": _META, "metadata": object.get("metadata"),
    }  # fmt: skip


def _table(core: Core, call: Call, objects: list[Object]) -> Object:
    columns = every.columns(call.resource)
    include = call.ask.one("includeObject") or "Metadata"
    now = core.clock.now()
    rows: list[Json] = []
    for object in objects:
        cells: list[Json] = [column.cell(object, now) for column in columns]
        row: Object = {"cells": cells}
        if include == "Object":
            row["object"] = object
        elif include == "Metadata":
            row["object"] = _metadata(object)
        rows.append(row)
    described: list[Json] = [column.described() for column in columns]
    return {
        "kind": "Table", "apiVersion": _META, "columnDefinitions": described, "rows": rows,
    }  # fmt: skip
