"""The shape of what is special about a kind; every part has a harmless default. Never: I/O."""

from collections.abc import Callable
from dataclasses import dataclass

from telltale.cluster.api import names
from telltale.cluster.api.names import NameRule
from telltale.cluster.api.problems import Problem
from telltale.kube.codec import Object


def _leave(object: Object) -> None:
    pass


def _no_fields(object: Object) -> dict[str, str]:
    return {}


def _fine(object: Object) -> list[Problem]:
    return []


def _may_change(object: Object, old: Object) -> list[Problem]:
    return []


def _keep_nothing(object: Object, old: Object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Kind:
    """`default` fills what the user left out; `prepare` is what creation adds beyond defaults.

    `status` says that the status is written through /status only; `generation`, that the spec's
    changes are counted; `fields`, what field selectors may ask beside the name and namespace.
    `carry` takes over what an ordinary update may not change.
    `held_by` is the finalizer that a delete adds: what must be done before the object may go.
    `prune` drops what a custom resource's schema does not know, and names it.
    """

    name_rule: NameRule = names.subdomain
    default: Callable[[Object], None] = _leave
    prepare: Callable[[Object], None] = _leave
    validate: Callable[[Object], list[Problem]] = _fine
    validate_update: Callable[[Object, Object], list[Problem]] = _may_change
    fields: Callable[[Object], dict[str, str]] = _no_fields
    carry: Callable[[Object, Object], None] = _keep_nothing
    status: bool = False
    generation: bool = False
    held_by: str = ""
    prune: Callable[[Object], list[str]] | None = None
