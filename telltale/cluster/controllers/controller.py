"""What a controller is: a name, what it listens to, and a pure `reconcile`. Never: a loop."""

from collections.abc import Callable
from dataclasses import dataclass

from telltale.cluster.controllers.action import Action
from telltale.cluster.controllers.view import Subscribe, View
from telltale.kube.meta import Ref

Reconcile = Callable[[View, Ref], list[Action]]


@dataclass(frozen=True, slots=True)
class Controller:
    """`reconcile(view, key)` says what is to be done; `at_once` keys are worked on together."""

    name: str
    reconcile: Reconcile
    hears: tuple[Subscribe, ...]
    at_once: int = 8
