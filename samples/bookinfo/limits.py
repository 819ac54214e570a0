"""What a rate limit service knows: limits by descriptor, and what was asked in each window. Pure.

The file is that of Envoy's own service: `domain`, and `descriptors` of `key`, `value`, `rate_limit`
and, within each, `descriptors` again. Never: a clock, or a word of gRPC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

UNITS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
Entries = tuple[tuple[str, str], ...]  # what a request is counted by: keys and values, in order


class BadLimits(Exception):
    """A file that cannot be followed; `str()` says where and why."""


@dataclass(frozen=True, slots=True)
class Limit:
    requests: int
    unit: str


@dataclass(frozen=True, slots=True)
class Rule:
    """The limit of a key (with a value, or any), and the rules for what follows it."""

    limit: Limit | None = None
    within: Mapping[tuple[str, str], "Rule"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`limit` None: nothing limits this, and it is not counted."""

    limit: Limit | None = None
    over: bool = False
    remaining: int = 0
    reset_s: int = 0


def read(given: Any) -> tuple[str, Rule]:
    """The domain, and its rules. Raises `BadLimits`."""
    if not isinstance(given, dict) or not isinstance(given.get("domain"), str):
        raise BadLimits("a mapping with `domain` is wanted")
    return given["domain"], Rule(within=_rules(given.get("descriptors"), "descriptors"))


def _rules(given: Any, at: str) -> dict[tuple[str, str], Rule]:
    if not isinstance(given or [], list):
        raise BadLimits(f"{at}: a list is wanted")
    found: dict[tuple[str, str], Rule] = {}
    for index, one in enumerate(given or []):
        here = f"{at}[{index}]"
        if not isinstance(one, dict) or not isinstance(one.get("key"), str):
            raise BadLimits(f"{here}: `key` is wanted")
        if unknown := one.keys() - {"key", "value", "rate_limit", "descriptors"}:
            raise BadLimits(f"{here}: {', '.join(sorted(unknown))} is not known here")
        name = one["key"], str(one.get("value", ""))
        if name in found:
            raise BadLimits(f"{here}: {name[0]} {name[1]} is there twice")
        within = _rules(one.get("descriptors"), f"{here}.descriptors")
        found[name] = Rule(_limit(one.get("rate_limit"), here), within)
    return found


def _limit(given: Any, at: str) -> Limit | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        raise BadLimits(f"{at}.rate_limit: a mapping is wanted")
    unit, count = str(given.get("unit", "")).lower(), given.get("requests_per_unit")
    if unit not in UNITS_S or not isinstance(count, int) or count < 0:
        known = ", ".join(UNITS_S)
        raise BadLimits(f"{at}.rate_limit: unit ({known}) and requests_per_unit are wanted")
    return Limit(count, unit)


def limit_of(rules: Rule, entries: Sequence[tuple[str, str]]) -> Limit | None:
    """A value's own rule before the one for any value; the whole of the entries must be named."""
    here: Rule | None = rules
    for key, value in entries:
        here = here and (here.within.get((key, value)) or here.within.get((key, "")))
    return here.limit if here and entries else None


class Windows:
    """How often each was asked in the second, minute, hour or day that runs now."""

    def __init__(self) -> None:
        self._asked: dict[tuple[Entries, str], tuple[int, int]] = {}

    def ask(self, entries: Entries, limit: Limit, now_s: float, hits: int = 1) -> Verdict:
        length = UNITS_S[limit.unit]
        window = int(now_s // length)
        last, before = self._asked.get((entries, limit.unit), (window, 0))
        asked = (before if last == window else 0) + hits
        self._asked = {
            key: kept for key, kept in self._asked.items() if kept[0] == now_s // UNITS_S[key[1]]
        }
        self._asked[entries, limit.unit] = window, asked
        left = max(0, limit.requests - asked)
        return Verdict(limit, asked > limit.requests, left, length - int(now_s % length))

