"""Bytes of a request to the object they mean: JSON, YAML or protobuf. Pure.

Never: what a field means. Raises 400 (cannot be read, wrong kind, unknown fields where that is
asked), 413 and 415, in the words of the real server.
"""

import json
from dataclasses import dataclass

import yaml

from telltale.cluster.api import fields
from telltale.cluster.api.definitions import definitions
from telltale.cluster.api.problems import refusal, unsupported as unsupported_value
from telltale.cluster.api.request import Call
from telltale.kube import codec, errors
from telltale.kube.codec import Json, Malformed, Object
from telltale.kube.wire import protobuf

APPLY = "application/apply-patch+yaml"  # server-side apply
MOST_BYTES = 3 * 1024 * 1024
MOST_DEPTH = 10_000
PROTOBUF = "application/vnd.kubernetes.protobuf"
_MEDIA = ("application/json", "application/yaml", PROTOBUF)


@dataclass(frozen=True, slots=True)
class Body:
    """The object, and what was ignored in it (sent as `Warning` headers)."""

    object: Object
    warnings: tuple[str, ...] = ()


def media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def too_large() -> errors.TooLarge:
    return errors.TooLarge(f"Request entity too large: limit is {MOST_BYTES}")


def unsupported(accepted: tuple[str, ...]) -> errors.UnsupportedMediaType:
    return errors.UnsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted)
    )


def read(call: Call) -> Body:
    """The object in the body of a create or update, of the kind that the URL names."""
    object, kind = parse(call), kind_of(call)
    expect_kind(object, kind)
    return checked(call, object, kind, _duplicates(call))


def parse(call: Call) -> Object:
    """The object in a body, of any kind."""
    ask = call.ask
    if len(ask.body) > MOST_BYTES:
        raise too_large()
    given = media(ask.headers.get("content-type", "application/json")) or "application/json"
    try:
        if given == PROTOBUF:
            return protobuf.decode(ask.body)
        if given == "application/yaml":
            return _yaml(ask.body)
        if given == "application/json":
            return _json(ask.body)
    except (Malformed, RecursionError) as error:
        raise errors.BadRequest(f"the object provided is unrecognized: {error}") from error
    raise unsupported(_MEDIA)


def parse_patch(call: Call) -> Json:
    """The JSON of a patch. Raises 400 and 413."""
    if len(call.ask.body) > MOST_BYTES:
        raise too_large()
    try:
        if deeper(call.ask.body, MOST_DEPTH):
            raise Malformed("json: exceeded max depth")
        return codec.parse(call.ask.body)
    except (Malformed, RecursionError) as error:
        raise errors.BadRequest(f"error decoding patch: {error}") from error


def _json(data: bytes) -> Object:
    if not data:
        raise Malformed("must be of type object: unexpected end of JSON input")
    if deeper(data, MOST_DEPTH):
        raise Malformed("json: exceeded max depth")
    return codec.parse_object(data)


def deeper(data: bytes, most: int) -> bool:
    """Whether brackets nest deeper than `most`; brackets in texts count too, which is rare."""
    if data.count(b"[") + data.count(b"{") <= most:
        return False
    depth = 0
    for byte in data:
        if byte in b"[{":
            depth += 1
            if depth > most:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


def _yaml(data: bytes) -> Object:
    try:
        value = yaml.load(data, Loader=yaml.CSafeLoader)
        plain = codec.to_json(value)
    except (yaml.YAMLError, TypeError) as error:
        raise Malformed(" ".join(str(error).split())) from error
    if not isinstance(plain, dict):
        raise Malformed("expected an object")
    return plain


def kind_of(call: Call) -> tuple[str, str]:
    """The apiVersion and kind that a body for this URL has."""
    resource = call.resource
    match call.target.subresource:
        case "scale":
            return "autoscaling/v1", "Scale"
        case "binding":
            return "v1", "Binding"
        case "eviction":
            return "policy/v1", "Eviction"
        case "token":
            return "authentication.k8s.io/v1", "TokenRequest"
        case _:
            return resource.api_version, resource.kind


def expect_kind(object: Object, wanted: tuple[str, str]) -> None:
    api_version, kind = wanted
    object.setdefault("apiVersion", api_version)
    object.setdefault("kind", kind)
    given = object["apiVersion"]
    if not given or not object["kind"]:
        missing = "apiVersion" if not given else "kind"
        raise errors.BadRequest(f"Object '{missing}' is missing in the body")
    if given != api_version:
        raise errors.BadRequest(
            f"the API version in the data ({given}) does not match the expected API version"
            f" ({api_version})"
        )
    if object["kind"] != kind:
        version = api_version.rpartition("/")[2]
        raise errors.BadRequest(
            f'{object["kind"]} in version "{version}" cannot be handled as a {kind}:'
            f" converting to {kind}: unknown conversion"
        )


def checked(call: Call, object: Object, kind: tuple[str, str], twice: list[str]) -> Body:
    """Types always; unknown and duplicate fields as `fieldValidation` says (Warn by default)."""
    mode = _mode(call)
    if mode == "Ignore":
        return Body(object)
    group, _, version = kind[0].rpartition("/")
    schema = None if call.resource.custom else definitions().of(group, version, kind[1])
    if schema is None:
        return judged(object, [f'duplicate field "{path}"' for path in twice], call)
    found = fields.check(object, schema, definitions())
    if found.wrong:
        raise unreadable(kind[1], version, found.wrong)
    faults = [f'unknown field "{path}"' for path in found.unknown]
    faults += [f'duplicate field "{path}"' for path in twice]
    return judged(object, faults, call)


def _mode(call: Call) -> str:
    mode = call.ask.one("fieldValidation") or "Warn"
    if mode not in ("Ignore", "Warn", "Strict"):
        why = unsupported_value("fieldValidation", mode, ["Ignore", "Strict", "Warn"])
        raise refusal("CreateOptions", "meta.k8s.io", "", [why])
    return mode


def judged(object: Object, faults: list[str], call: Call) -> Body:
    """Unknown and duplicate fields: refused, warned of, or let be."""
    mode = _mode(call)
    if faults and mode == "Strict":
        resource = call.resource
        why = f"strict decoding error: {', '.join(faults)}"
        raise unreadable(resource.kind, resource.version, why)
    return Body(object, tuple(faults) if mode == "Warn" else ())


def unreadable(kind: str, version: str, why: str) -> errors.BadRequest:
    return errors.BadRequest(f'{kind} in version "{version}" cannot be handled as a {kind}: {why}')


def _duplicates(call: Call) -> list[str]:
    if _mode(call) == "Ignore":
        return []
    if media(call.ask.headers.get("content-type", "application/json")) != "application/json":
        return []
    return duplicate_fields(call.ask.body)


def duplicate_fields(data: bytes) -> list[str]:
    def parse_with(hook: object) -> Json:
        parsed: Json = json.loads(data, object_pairs_hook=hook)  # type: ignore[arg-type]
        return parsed

    return fields.duplicates(parse_with)
