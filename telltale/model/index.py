"""Look-ups by name in one mesh, each made once for all who look: classes, edits, checks.

What is here does not depend on who asks; that is for `view.View`. Never: Kubernetes, Envoy, I/O.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from telltale.model.policy import Policy
from telltale.model.route import Routing
from telltale.model.service import Discovery, Service

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ByHost(Generic[T]):
    """What is said of hosts, some of which are wildcards; the order of the mesh in each."""

    exact: Mapping[str, tuple[T, ...]] = field(default_factory=dict)
    wild: bool = False

    def nearest(self, host: str) -> Iterator[tuple[T, ...]]:
        """What is said of the host itself, then of what covers it, the closest first."""
        for form in forms(host) if self.wild else (host,):
            if found := self.exact.get(form):
                yield found


def by_host(found: Iterable[tuple[str, T]]) -> ByHost[T]:
    listed: dict[str, list[T]] = {}
    for host, one in found:
        listed.setdefault(host, []).append(one)
    wild = any(host.startswith("*") for host in listed)
    return ByHost({host: tuple(some) for host, some in listed.items()}, wild)


@dataclass(frozen=True)
class Index:
    """Of these services (by key), routings and policies, in their order."""

    services: Mapping[str, Service]
    routings: tuple[Routing, ...]
    policies: tuple[Policy, ...]

    @cached_property
    def services_of(self) -> Mapping[str, tuple[Service, ...]]:
        """By host; of rivals there are several."""
        return _listed(self.services.values(), lambda one: one.host)

    @cached_property
    def services_in(self) -> Mapping[str, tuple[Service, ...]]:
        """By namespace."""
        return _listed(self.services.values(), lambda one: one.namespace)

    @cached_property
    def aliases_of(self) -> Mapping[str, tuple[Service, ...]]:
        """By host, the services that are another name for it."""
        found = (one for one in self.services.values() if one.discovery is Discovery.ALIAS)
        return _listed(found, lambda one: one.alias_of)

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Of a service among all, by key: the elder has the lower."""
        return {key: number for number, key in enumerate(self.services)}

    @cached_property
    def policies_in(self) -> Mapping[str, ByHost[Policy]]:
        """By namespace."""
        listed = _listed(self.policies, lambda one: one.origin.namespace)
        return {
            namespace: by_host((one.host, one) for one in some)
            for namespace, some in listed.items()
        }

    @cached_property
    def routings_of(self) -> ByHost[Routing]:
        return by_host((host, one) for one in self.routings for host in dict.fromkeys(one.hosts))


def _listed(found: Iterable[T], name: Callable[[T], str]) -> Mapping[str, tuple[T, ...]]:
    listed: dict[str, list[T]] = {}
    for one in found:
        listed.setdefault(name(one), []).append(one)
    return {key: tuple(some) for key, some in listed.items()}


def forms(host: str) -> Iterator[str]:
    """The host, then what covers it, the closest first: `a.b.c`, `*.b.c`, `*.c`, `*`."""
    yield host
    rest = host.removeprefix("*.")
    while "." in rest:
        rest = rest.partition(".")[2]
        yield f"*.{rest}"
    yield "*"
