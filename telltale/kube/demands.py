"""What a message asks of its fields together, where no field's own type can say it. Pure.

A message type states it beside its fields:

    class Redirect(Message):
        demands: ClassVar[Demands] = Demands(one_of=(("port", "derive_port"),))

It becomes part of the CRD's schema (`kube.schema`) and of `kube.strict`. Never: a rule evaluated in
CEL here; those are for the API server.
"""

from dataclasses import dataclass

from msgspec import inspect as types

from telltale.kube.codec import Json


@dataclass(frozen=True, slots=True)
class Cel:
    """A rule in the API server's own language, and what it says when the rule does not hold."""

    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Demands:
    """Fields by their names in Python.

    required   must be there
    one_of     of each of these groups at most one may be given
    cel        `x-kubernetes-validations`
    """

    required: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    cel: tuple[Cel, ...] = ()


NONE = Demands()


def as_json(*rules: Cel) -> list[Json]:
    """As a schema has them."""
    return [{"rule": one.rule, "message": one.message} for one in rules]


def demands_of(shape: type) -> Demands:
    found = getattr(shape, "demands", NONE)
    return found if isinstance(found, Demands) else NONE


def is_required(shape: types.StructType, field: types.Field) -> bool:
    """Said by the message's demands, or at the field by `msgspec.Meta(extra={"required": True})`:
    every field of ours has a default.
    """
    said = isinstance(field.type, types.Metadata) and (field.type.extra or {}).get("required")
    return bool(said) or field.name in demands_of(shape.cls).required
