"""How a version of a resource shows what is kept in another form. Never: a conversion itself."""

from collections.abc import Callable
from dataclasses import dataclass

from telltale.kube.codec import Object


@dataclass(frozen=True, slots=True)
class View:
    """How an object is kept, when that is not how this version shows it."""

    shown: Callable[[Object], Object]
    kept: Callable[[Object], Object]
