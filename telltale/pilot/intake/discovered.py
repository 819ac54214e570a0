"""The objects of those namespaces that the mesh takes notice of (`discoverySelectors`). Pure.

The root namespace is always one of them, for the mesh's own objects are there; what has no
namespace stays. Never: an object read.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

from telltale.kube.kinds import Kind
from telltale.kube.meta import Config, Meta
from telltale.model.options import Options
from telltale.pilot.intake.gatewayapi.read import NAMESPACES
from telltale.pilot.intake.objects import Objects

Configs = Mapping[Kind[Config], tuple[Config, ...]]


class Placed(Protocol):
    @property
    def metadata(self) -> Meta: ...


P = TypeVar("P", bound=Placed)


def of(objects: Objects, options: Options) -> Objects:
    """The very same where every namespace is taken."""
    if options.discovery.of_all:
        return objects
    takes = taken(objects.configs, options)

    def kept(given: Iterable[P]) -> tuple[P, ...]:
        return tuple(one for one in given if takes(one.metadata.namespace))

    return replace(
        objects, services=kept(objects.services), slices=kept(objects.slices),
        pods=kept(objects.pods), secrets=kept(objects.secrets), texts=kept(objects.texts),
        configs={kind: kept(given) for kind, given in objects.configs.items()},
    )  # fmt: skip


def taken(configs: Configs, options: Options) -> Callable[[str], bool]:
    """Whether a namespace is one of them; one that is not known is none."""
    if options.discovery.of_all:
        return lambda namespace: True
    names = {
        one.metadata.name for one in configs.get(NAMESPACES, ())
        if options.discovery.takes(one.metadata.labels)
    }  # fmt: skip
    return {"", options.root, *names}.__contains__
