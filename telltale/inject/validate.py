"""Whether an object of the mesh's configuration is let in: a question, an answer. Pure.

What is wrong with an object is for `Check` to say, which comes from outside. Never: HTTP, or a rule
about a kind.
"""

from collections.abc import Callable
from dataclasses import dataclass

from telltale.inject.asked import Verdict, answered, failure, read
from telltale.kube.admission import AdmissionRequest
from telltale.kube.codec import Object, dig

SHOWN_MAX = 20  # lines of a refusal; whoever has more mistakes mends these first


@dataclass(frozen=True, slots=True)
class Findings:
    """One line for each thing that is wrong: what refuses the object, and what only warns."""

    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


Check = Callable[[Object], Findings]


def validate(data: bytes, check: Check) -> Verdict:
    asked = read(data)
    return asked if isinstance(asked, Verdict) else _answer(asked, check)


def _answer(request: AdmissionRequest, check: Check) -> Verdict:
    if request.operation not in ("CREATE", "UPDATE") or request.object is None:
        return _allowed(request, Findings(), f"nothing to judge in {request.operation}")
    found = check(_placed(request.object, request.namespace))
    if not found.refusals:
        return _allowed(request, found, "let in")
    if _same_spec(request):
        # It was let in as it is; refusing would only keep its labels and finalizers from changing.
        as_warnings = Findings(warnings=(*found.refusals, *found.warnings))
        return _allowed(request, as_warnings, "let in, for its spec is what it was")
    shown = found.refusals[:SHOWN_MAX]
    left = len(found.refusals) - len(shown)
    message = "; ".join(shown) if len(shown) == 1 else "".join(f"\n  {line}" for line in shown)
    message += f"\n  and {left} more" if left else ""
    response: Object = {"uid": request.uid, "allowed": False, "status": failure(message)}
    if found.warnings:
        response["warnings"] = list(found.warnings)
    return Verdict(answered(response), f"{_named(request)}: refused: {'; '.join(shown)}")


def _placed(object: Object, namespace: str) -> Object:
    """With its namespace, which a body need not repeat."""
    metadata = object.get("metadata")
    known = metadata if isinstance(metadata, dict) else {}
    return {**object, "metadata": {"namespace": namespace, **known}}


def _same_spec(request: AdmissionRequest) -> bool:
    old, new = request.old_object, request.object
    return bool(old and new and old.get("spec") == new.get("spec"))


def _allowed(request: AdmissionRequest, found: Findings, why: str) -> Verdict:
    response: Object = {"uid": request.uid, "allowed": True}
    if found.warnings:
        response["warnings"] = list(found.warnings)
    return Verdict(answered(response), "; ".join([f"{_named(request)}: {why}", *found.warnings]))


def _named(request: AdmissionRequest) -> str:
    kind = str(dig(request.object or request.old_object or {}, "kind", default="object")).lower()
    return f"{kind} {request.namespace}/{request.name}"
