"""The objects that a mesh is read from. Pure. Never: what any of them means."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from telltale.kube import service as kube
from telltale.kube.cluster import ConfigMap, Node, Secret
from telltale.kube.core import Pod
from telltale.kube.kinds import Kind
from telltale.kube.meta import Config
from telltale.pilot.intake.telemetry.wasmplugins import Known


@dataclass(frozen=True, slots=True)
class Objects:
    """All that the mesh is made of, as the API server has it."""

    services: tuple[kube.Service, ...] = ()
    slices: tuple[kube.EndpointSlice, ...] = ()
    pods: tuple[Pod, ...] = ()
    configs: Mapping[Kind[Config], tuple[Config, ...]] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()
    texts: tuple[ConfigMap, ...] = ()
    nodes: tuple[Node, ...] = ()
    modules: Known = field(default_factory=Known)

    def of(self, kind: Kind[Config]) -> tuple[Config, ...]:
        return self.configs.get(kind, ())


def kept(old: Objects, new: Objects) -> Objects:
    """The new ones, each group of which nothing differs being the old one."""
    configs = {
        kind: old.of(kind) if old.of(kind) == group else group
        for kind, group in new.configs.items()
    }  # fmt: skip
    groups = {
        one.name: before for one in fields(Objects)
        if one.name != "configs" and (before := getattr(old, one.name)) == getattr(new, one.name)
    }  # fmt: skip
    return replace(new, configs=configs, **groups)
