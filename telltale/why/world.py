"""Everything known at one instant, frozen, with the look-ups that causes need.

Data plus look-ups. Never: I/O, or a judgement of what is wrong.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from telltale.kube import selector
from telltale.kube.apps import Deployment, ReplicaSet
from telltale.kube.cluster import ConfigMap, Event
from telltale.kube.codec import dig
from telltale.kube.core import Pod
from telltale.kube.service import EndpointSlice, Service
from telltale.why.pods import PodKey, key_of
from telltale.why.reports import AgentReport

T = TypeVar("T", Service, Deployment, ConfigMap)


class Lack(StrEnum):
    """Why a piece of the world is missing."""

    FORBIDDEN = "not permitted"
    TIMED_OUT = "timed out"
    ABSENT = "not there"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Missing:
    """A piece that could not be read; `how` is the command that would have read it."""

    what: str
    lack: Lack
    how: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.what} ({self.lack})"


@dataclass(frozen=True, slots=True)
class World:
    now: datetime
    focus: frozenset[PodKey] = frozenset()
    scope: str | None = None  # the namespace asked about as a whole, "" for all of them
    pods: tuple[Pod, ...] = ()
    services: tuple[Service, ...] = ()
    slices: tuple[EndpointSlice, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    replica_sets: tuple[ReplicaSet, ...] = ()
    events: tuple[Event, ...] = ()
    config_maps: tuple[ConfigMap, ...] = ()
    reports: Mapping[PodKey, AgentReport] = field(default_factory=dict)
    logs: Mapping[tuple[PodKey, str], tuple[str, ...]] = field(default_factory=dict)
    connected: frozenset[PodKey] | None = None  # whom the pilot serves; None when it did not say
    cluster_dns: str = ""  # the nameserver that the kubelet gives to pods; "" when it was not asked
    complete: frozenset[str] = frozenset()  # plurals that were listed over all namespaces
    missing: tuple[Missing, ...] = ()

    def focused(self) -> Iterator[Pod]:
        return (pod for pod in self.pods if key_of(pod) in self.focus)

    def service(self, namespace: str, name: str) -> Service | None:
        return _find(self.services, namespace, name)

    def deployment(self, namespace: str, name: str) -> Deployment | None:
        return _find(self.deployments, namespace, name)

    def config_map(self, namespace: str, name: str) -> ConfigMap | None:
        return _find(self.config_maps, namespace, name)

    def holders(self, address: str) -> tuple[Service, ...]:
        """The Services whose ClusterIP this address is (one at most, in a sane cluster)."""
        return tuple(
            one for one in self.services
            if address and address in (one.spec.cluster_ip, *one.spec.cluster_ips)
        )  # fmt: skip

    def selected(self, service: Service) -> tuple[Pod, ...]:
        if not service.spec.selector:
            return ()
        chosen = selector.equal(service.spec.selector)
        return tuple(
            pod for pod in self.pods
            if pod.metadata.namespace == service.metadata.namespace
            and chosen.matches(pod.metadata.labels)
        )  # fmt: skip

    def pods_of(self, deployment: Deployment) -> tuple[Pod, ...]:
        """Its pods that are not on their way out."""
        chosen = selector.of(deployment.spec.selector)
        return tuple(
            pod for pod in self.pods
            if pod.metadata.namespace == deployment.metadata.namespace
            and not pod.metadata.deletion_timestamp
            and chosen.clauses and chosen.matches(pod.metadata.labels)
        )  # fmt: skip

    def endpoints(self, service: Service) -> int:
        """How many ready addresses stand behind a Service."""
        return sum(
            len(one.addresses)
            for part in self.slices
            if part.metadata.namespace == service.metadata.namespace
            and part.service == service.metadata.name
            for one in part.endpoints
            if one.ready
        )

    def events_of(self, pod: Pod, reason: str, container: str) -> tuple[Event, ...]:
        """Events on one container of a pod, oldest first; uids, where both are said, must agree."""
        path = f"spec.containers{{{container}}}"
        found = [
            one for one in self.events
            if one.reason == reason
            and one.involved_object.name == pod.metadata.name
            and one.involved_object.namespace == pod.metadata.namespace
            and one.involved_object.field_path == path
            and one.involved_object.uid in ("", pod.metadata.uid)
        ]  # fmt: skip
        return tuple(sorted(found, key=lambda one: one.last_timestamp or one.event_time or ""))

    def report(self, pod: Pod) -> AgentReport | None:
        """What the pod's agent says; for one not asked, what all who were asked agree on."""
        own = self.reports.get(key_of(pod))
        if own is not None:
            return own
        stuck = [one for one in self.reports.values() if not one.ready]
        places = {(one.stage, one.nameserver, one.target) for one in stuck}
        return stuck[0].presumed() if len(places) == 1 else None

    def asked(self, pod: Pod) -> bool:
        return key_of(pod) in self.reports

    def nameservers(self) -> list[tuple[str, Pod]]:
        """The nameservers that pods with the cluster's DNS say they ask, the most common first."""
        said = [
            (report.nameserver, pod)
            for pod in self.pods
            if (report := self.reports.get(key_of(pod))) and report.nameserver
            and pod.spec.dns_policy in ("ClusterFirst", "ClusterFirstWithHostNet", "")
        ]  # fmt: skip
        votes = Counter(name for name, _ in said)
        return sorted(said, key=lambda one: (-votes[one[0]], one[0], one[1].metadata.name))

    def lacking(self, word: str) -> Missing | None:
        return next((one for one in self.missing if word in one.what), None)


def template_labels(deployment: Deployment) -> dict[str, str]:
    """The labels that a Deployment gives its pods."""
    found = dig(deployment.spec.template, "metadata", "labels", default={})
    return {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _find(objects: tuple[T, ...], namespace: str, name: str) -> T | None:
    return next(
        (
            one for one in objects
            if one.metadata.name == name and one.metadata.namespace == namespace
        ),
        None,
    )  # fmt: skip
