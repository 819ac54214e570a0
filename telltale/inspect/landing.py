"""Where a request lands: a cluster, the object that shaped it, and the endpoints behind it. Pure.

Never: how they are balanced.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm,
)
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy

from telltale.inspect import words
from telltale.inspect.dialled import Dialled, named
from telltale.inspect.texts import Message
from telltale.model.policy import Policy
from telltale.model.service import Service
from telltale.model.view import View
from telltale.pilot.envoy.resources import Bundle

HTTP = "envoy.filters.network.http_connection_manager"
TCP = "envoy.filters.network.tcp_proxy"


@dataclass(frozen=True, slots=True)
class Place:
    """An address, and the pod that has it, as far as the mesh knows."""

    address: str
    workload: str = ""

    def __str__(self) -> str:
        if self.address and self.workload:
            return f"{self.address} ({self.workload})"
        return self.address or self.workload


@dataclass(frozen=True, slots=True)
class Landing:
    """`chosen` says how the endpoints come about; `share` is the part of the requests."""

    cluster: str
    because: str
    object: str
    endpoints: tuple[Place, ...]
    chosen: str
    share: float = 1.0


def unpacked(one: Message) -> Message | None:
    """The configuration of a network filter that leads somewhere."""
    kind = {HTTP: hcm.HttpConnectionManager, TCP: TcpProxy}.get(one.name)
    if kind is None:
        return None
    found = kind()
    one.typed_config.Unpack(found)
    return found


def note(message: Message, key: str) -> str:
    """What our metadata says of a route or cluster, "" when nothing."""
    noted = message.metadata.filter_metadata
    return str(noted["istio"][key]) if "istio" in noted and key in noted["istio"] else ""


def land(view: View, bundle: Bundle, name: str, meant: Dialled) -> Landing | None:
    """None when there is no such cluster."""
    cluster = next((one for one in bundle.clusters if one.name == name), None)
    if cluster is None:
        return None
    parts = name.split("|")
    service = view.mesh.services.get(parts[3]) if len(parts) == 4 else None
    subset = parts[2] if len(parts) == 4 else ""
    rule = words.source(note(cluster, "config"))
    endpoints, chosen = _endpoints(view, bundle, cluster, meant)
    if not endpoints and service and not chosen:
        endpoints, chosen = _by_labels(view, service, subset)
    return Landing(
        name, f"subset {subset}" if subset else "", rule or named(service), endpoints,
        chosen or _labels(view, service, subset),
    )  # fmt: skip


def _endpoints(
    view: View, bundle: Bundle, cluster: Message, meant: Dialled
) -> tuple[tuple[Place, ...], str]:
    if cluster.type == Cluster.ORIGINAL_DST:
        place = f"{meant.address}:{meant.port}" if meant.address else "(the address of the name)"
        return (Place(place, _pods(view).get(meant.address, "")),), "the address that is dialled"
    if cluster.cluster_type.name:
        return (Place("(the address that DNS gives the proxy)", ""),), "the name that is asked for"
    inline = cluster.load_assignment
    if cluster.type != Cluster.EDS:
        return _places(view, (inline,)), "named in the configuration" if inline.ByteSize() else ""
    name = cluster.eds_cluster_config.service_name or cluster.name
    return _places(view, (one for one in bundle.endpoints if one.cluster_name == name)), ""


def _places(view: View, assignments: Iterable[Message]) -> tuple[Place, ...]:
    pods = _pods(view)
    return tuple(
        Place(f"{place.address}:{place.port_value}", pods.get(place.address, ""))
        for assignment in assignments for group in assignment.endpoints
        for one in group.lb_endpoints
        if (place := one.endpoint.address.socket_address).address
    )  # fmt: skip


def _pods(view: View) -> dict[str, str]:
    return {
        address: key
        for key, workload in view.mesh.workloads.items() for address in workload.addresses
    }  # fmt: skip


def _by_labels(view: View, service: Service, subset: str) -> tuple[tuple[Place, ...], str]:
    """Before any cluster has endpoints (files only): the workloads that would be behind it."""
    if any(view.mesh.endpoints.get(service.host, {}).values()) or not service.selector:
        return (), ""
    wanted = {**dict(service.selector), **dict(_subset_labels(view, service, subset))}
    found = [
        Place("", key) for key, workload in sorted(view.mesh.workloads.items())
        if workload.namespace == service.namespace
        and not workload.addresses
        and all(workload.labels.get(one) == value for one, value in wanted.items())
    ]  # fmt: skip
    return tuple(found), _labels(view, service, subset)


def _labels(view: View, service: Service | None, subset: str) -> str:
    if service is None or not service.selector:
        return ""
    wanted = {**dict(service.selector), **dict(_subset_labels(view, service, subset))}
    return "pods with " + ",".join(f"{key}={value}" for key, value in sorted(wanted.items()))


def _subset_labels(view: View, service: Service, name: str) -> tuple[tuple[str, str], ...]:
    policy: Policy | None = view.policy(service)
    found = policy.subset(name) if policy and name else None
    return found.labels if found else ()
