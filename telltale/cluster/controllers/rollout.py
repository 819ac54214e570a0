"""How many replicas each ReplicaSet of a Deployment should have now: the arithmetic of a rollout.

Never: objects or words; numbers in, numbers out.
Follows Kubernetes' deployment/rolling.go and sync.go.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from telltale.kube.meta import IntOrString


@dataclass(frozen=True, slots=True)
class Size:
    """One ReplicaSet: how many it asks for, how many are available, how many were allowed."""

    name: str
    wanted: int
    available: int = 0
    most: int = 0  # the deployment's replicas plus surge when it was last sized


@dataclass(frozen=True, slots=True)
class Bounds:
    """A Deployment's wish: replicas, and how far above and below it a rollout may go."""

    replicas: int
    surge: int
    unavailable: int

    @property
    def most(self) -> int:
        return self.replicas + self.surge if self.replicas else 0


def bounds(replicas: int, surge: IntOrString, unavailable: IntOrString) -> Bounds:
    """Percentages resolved: surge up, unavailable down; were both nought, one may go."""
    more = math.ceil(_share(surge, replicas))
    less = math.floor(_share(unavailable, replicas))
    if more == 0 and less == 0:
        less = 1
    return Bounds(replicas, more, min(less, replicas))


def step(limits: Bounds, new: Size, old: Sequence[Size]) -> list[Size]:
    """The sizes to change in this step of a rolling update: the new one up, then old ones down."""
    total = new.wanted + sum(one.wanted for one in old)
    grown = _grown(limits, new, total)
    if grown != new.wanted:
        return [replace(new, wanted=grown)]
    return _shrink_old(limits, new, old)


def spread(limits: Bounds, new: Size | None, old: Sequence[Size]) -> list[Size]:
    """The sizes to change when the Deployment was scaled within a rollout, or is paused."""
    active = [one for one in (*([new] if new else []), *old) if one.wanted > 0]
    if len(active) <= 1:
        latest = active[0] if active else new
        if latest is None or latest.wanted == limits.replicas:
            return []
        return [replace(latest, wanted=limits.replicas)]
    if new and new.wanted == limits.replicas == new.available:
        return [replace(one, wanted=0) for one in old if one.wanted]
    return _proportional(limits, active)


def _share(value: IntOrString, replicas: int) -> float:
    return value if isinstance(value, int) else replicas * int(value.rstrip("%")) / 100


def _grown(limits: Bounds, new: Size, total: int) -> int:
    if new.wanted >= limits.replicas:
        return limits.replicas
    room = limits.replicas + limits.surge - total
    return new.wanted + max(min(room, limits.replicas - new.wanted), 0)


def _shrink_old(limits: Bounds, new: Size, old: Sequence[Size]) -> list[Size]:
    least = limits.replicas - limits.unavailable
    total = new.wanted + sum(one.wanted for one in old)
    removable = total - least - (new.wanted - new.available)
    if removable <= 0:
        return []
    sizes = {one.name: one for one in old}
    for one in old:  # pods that serve nobody go first
        gone = max(min(removable, one.wanted - one.available), 0)
        removable -= gone
        sizes[one.name] = replace(one, wanted=one.wanted - gone)
    spare = new.available + sum(one.available for one in old) - least
    for one in list(sizes.values()):
        gone = max(min(spare, one.wanted), 0)
        spare -= gone
        sizes[one.name] = replace(one, wanted=one.wanted - gone)
    return [sizes[one.name] for one in old if sizes[one.name].wanted != one.wanted]


def _proportional(limits: Bounds, active: list[Size]) -> list[Size]:
    """Each gets its share of what is added or taken; rounding's rest falls to the first."""
    total = sum(one.wanted for one in active)
    left = limits.most - total
    if left == 0:
        return []
    ordered = sorted(active, key=lambda one: -one.wanted)
    sized: list[Size] = []
    for one in ordered:
        share = round(one.wanted * limits.most / (one.most or total)) - one.wanted
        share = max(min(share, left), 0) if left > 0 else min(max(share, left), 0)
        left -= share
        sized.append(replace(one, wanted=max(one.wanted + share, 0)))
    sized[0] = replace(sized[0], wanted=max(sized[0].wanted + left, 0))
    before = {one.name: one.wanted for one in active}
    return [one for one in sized if one.wanted != before[one.name]]
