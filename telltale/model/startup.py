"""How proxies are started, as objects say it, and which of several holds for a pod. Pure.

    root namespace < the pod's namespace < what the pod says itself < selector of its namespace

Field by field, and variable by variable. Never: a running proxy; it stays as it was started.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telltale.model.scope import Labels, Origin, Scope


@dataclass(frozen=True, slots=True)
class Startup:
    """`workers`: Envoy's threads, 0 for one a core, None where nothing is said of it."""

    workers: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    def over(self, other: "Startup") -> "Startup":
        """What `other` says, where this does not say otherwise."""
        workers = other.workers if self.workers is None else self.workers
        return Startup(workers, {**other.variables, **self.variables})


NOTHING = Startup()


@dataclass(frozen=True, slots=True)
class Starts:
    """One object's word; with no selector it is for all of its namespace, or of the mesh."""

    origin: Origin
    selector: Labels
    startup: Startup


@dataclass(frozen=True, slots=True)
class Around:
    """What holds for one pod: below what it says itself, and above that."""

    below: Startup = NOTHING
    above: Startup = NOTHING


def around(
    given: Iterable[Starts], root: str, namespace: str, labels: Mapping[str, str]
) -> Around:
    """Of several on one level the elder has the last word, as Istio's order of objects has it."""
    known = sorted(given, key=lambda one: one.origin, reverse=True)
    below = above = NOTHING
    for place in dict.fromkeys((root, namespace)):
        for one in known:
            if one.origin.namespace == place and not one.selector:
                below = one.startup.over(below)
    for one in known:
        selected = one.selector and Scope((namespace,), one.selector).selects(labels)
        if one.origin.namespace == namespace and selected:
            above = one.startup.over(above)
    return Around(below, above)
