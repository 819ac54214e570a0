"""What is wrong with an object of Istio's kinds, in its own status: condition `Reconciled`. Pure.

Never: a rule about objects; the Gateway API's kinds have conditions of their own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from telltale.kube.istio.kinds import DEFINITIONS
from telltale.kube.kinds import Kind
from telltale.kube.meta import Config, Ref
from telltale.pilot.intake.problem import Level, Problem
from telltale.pilot.intake.status import CONDITIONS, About, Condition, Statuses, conditions

CONDITION = "Reconciled"
_MESSAGES = 10  # in one condition; the rest is counted
_ORDER = (Level.ERROR, Level.WARNING)


def statuses(
    configs: Mapping[Kind[Config], Iterable[Config]], problems: Iterable[Problem]
) -> Statuses:
    """True where all is as it was meant, warnings or not; False with a line for each error."""
    told: dict[Ref, list[Problem]] = defaultdict(list)
    for problem in problems:
        told[problem.object].append(problem)
    return {
        About(kind, one.metadata.namespace, one.metadata.name): {
            CONDITIONS: conditions([_condition(one, told[_ref(kind, one)])])
        }
        for kind in (definition.kind for definition in DEFINITIONS)
        for one in configs.get(kind, ())
    }


def _ref(kind: Kind[Config], one: Config) -> Ref:
    return Ref(kind.kind, one.metadata.namespace, one.metadata.name)


def _condition(one: Config, problems: list[Problem]) -> Condition:
    shown = [problem for level in _ORDER for problem in problems if problem.level is level]
    shown = list(dict.fromkeys(shown))
    wrong = any(problem.level is Level.ERROR for problem in shown)
    lines = [problem.told for problem in shown[:_MESSAGES]]
    if len(shown) > _MESSAGES:
        lines.append(f"and {len(shown) - _MESSAGES} more")
    reason = "Errors" if wrong else "Warnings" if shown else "Accepted"
    return Condition(CONDITION, not wrong, reason, "\n".join(lines), one.metadata.generation)
