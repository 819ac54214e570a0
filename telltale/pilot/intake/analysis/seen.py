"""What a check of the whole mesh looks at: the objects, and the mesh that was read from them. Pure.

Never: a judgement.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from telltale.kube.cluster import Namespace
from telltale.kube.codec import Malformed, convert
from telltale.kube.istio import gateway, virtualservice
from telltale.kube.istio.kinds import GATEWAY, VIRTUAL_SERVICE
from telltale.kube.istio.message import Message
from telltale.kube.kinds import Kind
from telltale.kube.meta import Config, Ref
from telltale.model.mesh import Mesh
from telltale.model.service import Service
from telltale.model.workload import Workload
from telltale.pilot.intake.istio import Reader, origin
from telltale.pilot.intake.problem import Level, Problem
from telltale.pilot.intake.read import Objects

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Written:
    """An object as it was written, and what is needed to read the names in it."""

    ref: Ref
    reader: Reader

    def host(self, name: str) -> str:
        return self.reader.host(name)

    def problem(
        self, field: str, what: str, why: str, hint: str, *, code: str, level: Level = Level.ERROR
    ) -> Problem:
        return Problem(self.ref, field, what, why, hint, level, code)


def selects(service: Service, workload: Workload) -> bool:
    """Whether a workload is behind a service by its labels, ready or not."""
    if service.namespace != workload.namespace or not service.selector:
        return False
    return all(workload.labels.get(key) == value for key, value in service.selector)


@dataclass(frozen=True)
class Seen:
    """`partial`: a few files, so that what is missing in them may well be in the cluster.

    `namespaces`: by name, as far as they are known.
    """

    objects: Objects
    mesh: Mesh
    partial: bool = False
    namespaces: Mapping[str, Namespace] = field(default_factory=dict)

    @cached_property
    def virtual_services(self) -> tuple[tuple[Written, virtualservice.VirtualService], ...]:
        """Those that can be read; of the others their own problems tell."""
        return tuple(self.read(VIRTUAL_SERVICE, virtualservice.VirtualService))

    @cached_property
    def gateways(self) -> Mapping[str, gateway.Gateway]:
        """By NAMESPACE/NAME."""
        found = self.read(GATEWAY, gateway.Gateway)
        return {f"{one.ref.namespace}/{one.ref.name}": spec for one, spec in found}

    def tells_of(self, host: str) -> bool:
        """Whether it can be said that a host is not there: its namespace is known here."""
        if not self.partial:
            return True
        suffix = f".svc.{self.mesh.options.domain}"
        namespace = host.removesuffix(suffix).rpartition(".")[2] if host.endswith(suffix) else ""
        return any(one.namespace == namespace for one in self.mesh.services.values())

    def read(self, kind: Kind[Config], spec: type[M]) -> Iterator[tuple[Written, M]]:
        """The objects of a kind that can be read."""
        for one in self.objects.of(kind):
            source = origin(kind, one)
            ref = Ref(kind.kind, source.namespace, source.name)
            reader = Reader(ref, source, self.mesh.options.domain)
            try:
                yield Written(ref, reader), convert(spec, one.spec)
            except Malformed:
                continue
