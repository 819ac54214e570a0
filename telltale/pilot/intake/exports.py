"""Whom an object is shown to: `exportTo`, and what holds where it says nothing. Pure.

Never: whether a namespace exists.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from telltale.kube.istio.message import Config
from telltale.model.scope import EVERYWHERE, Scope

OWN, NOBODY = ".", "~"
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Fault:
    what: str
    hint: str


def scope(names: Iterable[str], namespace: str, default: Iterable[str] = (EVERYWHERE,)) -> Scope:
    said = [*names] or [*default]
    full = [namespace if one == OWN else one for one in said if one != NOBODY]
    return Scope(tuple(dict.fromkeys(full)))


def filled(one: Config, default: tuple[str, ...]) -> Config:
    """The object, which now says whom it is shown to."""
    if one.spec.get("exportTo"):
        return one
    return Config(
        metadata=one.metadata, spec={**one.spec, "exportTo": [*default]}, status=one.status
    )


def faults(names: list[str], namespace: str, *, hidden: bool = False) -> Iterator[Fault]:
    """What is wrong with a list; `hidden`: it may say that nobody sees the object."""
    if EVERYWHERE in names and len(names) > 1:
        yield Fault("'*' stands beside other namespaces", "'*' is all of them: keep it alone")
    if OWN in names and namespace in names:
        yield Fault(f"'.' and {namespace!r} are the same namespace", "keep one of them")
    if NOBODY in names and (len(names) > 1 or not hidden):
        yield Fault(
            "'~' means nobody", "keep it alone" if hidden else "take it out, or delete the object"
        )
    for name in names:
        if name not in (EVERYWHERE, OWN, NOBODY) and not _NAMESPACE.fullmatch(name):
            yield Fault(f"{name!r} is not a namespace", "use '*', '.', '~' or a namespace's name")
    if len(set(names)) < len(names):
        yield Fault("a namespace is there twice", "keep it once")
