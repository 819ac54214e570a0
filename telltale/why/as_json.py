"""An answer as the JSON that scripts rely on (`why -o json`). Pure. Never: prose."""

from telltale.kube.codec import Json, Object
from telltale.kube.meta import Ref
from telltale.why.answer import Answer
from telltale.why.cause import Finding
from telltale.why.fix import Fix
from telltale.why.pods import PodKey
from telltale.why.reason import Latent
from telltale.why.world import Missing


def as_json(answer: Answer) -> Object:
    """The shape is a contract; keys may be added, none changes its meaning."""
    found, cost = answer.diagnosis, answer.cost
    return {
        "subject": answer.subject.text,
        "verdict": found.verdict.value,
        "findings": [_finding(one) for one in found.findings],
        "latent": [_latent(one) for one in found.latent],
        "starting": _pods(found.starting),
        "unexplained": _pods(found.unexplained),
        "unmade": [
            {"object": _ref(one.owner), "there": one.there, "wanted": one.wanted, "why": one.said}
            for one in found.unmade
        ],
        "ruled_out": list(found.ruled_out),
        "would_decide": [_missing(one) for one in found.deciding],
        "not_read": [_missing(one) for one in answer.world.missing],
        "notes_hidden": found.hidden,
        "cost": {"api_calls": cost.api_calls, "probes": cost.probes, "seconds": cost.seconds},
    }


def _finding(one: Finding) -> Json:
    return {
        "cause": one.cause,
        "title": one.title,
        "certain": one.certain,
        "object": _ref(one.object),
        "field": one.field,
        "expected": one.expected,
        "found": one.found,
        "because": list(one.because),
        "evidence": [
            {"claim": line.claim, "how": line.how, "value": line.value} for line in one.evidence
        ],
        "ruled_out": list(one.ruled_out),
        "affected": _pods(one.affected),
        "notes": list(one.notes),
        "fix": _fix(one.fix),
    }


def _latent(one: Latent) -> Json:
    root = one.root
    return {
        "claim": one.claim,
        "affected": _pods(one.pods),
        "cause": root.cause if root else None,
        "object": _ref(root.object) if root else None,
        "field": root.field if root else None,
        "expected": root.expected if root else None,
        "found": root.found if root else None,
        "fix": _fix(root.fix) if root else None,
    }


def _fix(fix: Fix) -> Json:
    return {
        "title": fix.title,
        "commands": list(fix.commands),
        "advice": [{"text": one.text, "command": one.command} for one in fix.advice],
        "scope": fix.scope,
        "automatic": fix.automatic,
        "expect": fix.expect,
    }


def _ref(ref: Ref) -> Json:
    return {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name}


def _pods(keys: tuple[PodKey, ...]) -> Json:
    return [f"{namespace}/{name}" for namespace, name in keys]


def _missing(one: Missing) -> Json:
    return {"what": one.what, "why": one.lack.value, "how": one.how, "detail": one.detail}
