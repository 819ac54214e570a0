"""What does not fit an object's type, as Problems: unknown fields, wrong types, bounds. Pure.

Never: what a kind asks beyond its type.
"""

from msgspec import Struct

from telltale.kube import strict
from telltale.kube.codec import Malformed, Object
from telltale.kube.meta import Ref
from telltale.kube.strict import Fault, Why
from telltale.pilot.intake.problem import Problem

_MATTERS = {
    Why.UNKNOWN: ("unknown-field", "it has no effect"),
    Why.TYPE: ("wrong-type", "the object is left out"),
    Why.VALUE: ("wrong-value", "the object is left out"),
    Why.MISSING: ("missing-field", "without it this means nothing"),
    Why.EXCLUSIVE: ("exclusive-fields", "only one of them can hold"),
}
_UNREADABLE = (Why.TYPE, Why.VALUE)
UNREADABLE = tuple(_MATTERS[one][0] for one in _UNREADABLE)


def misfits(ref: Ref, spec: type[Struct], given: Object) -> list[Problem]:
    """Everything at once, in the order of the text."""
    return [_problem(ref, fault) for fault in strict.faults(spec, given, "spec")]


def malformed(ref: Ref, spec: type[Struct], given: Object, error: Malformed) -> list[Problem]:
    """Why an object could not be read at all; its decoder's own words where we find no better."""
    found = [one for one in strict.faults(spec, given, "spec") if one.why in _UNREADABLE]
    if found:
        return [_problem(ref, fault) for fault in found]
    why = "the object is left out"
    return [Problem(ref, "spec", str(error), why, "correct the field", code="wrong-type")]


def _problem(ref: Ref, fault: Fault) -> Problem:
    code, why = _MATTERS[fault.why]
    return Problem(ref, fault.path, fault.what, why, fault.hint, code=code)
