"""What the debug pages show of users' objects: which there are, what is wrong, who has them.

Look-ups, as JSON values in Istio's shapes. Never: HTTP, or a Secret.
"""

from collections.abc import Iterator

from telltale.kube.codec import Json, Object, to_object
from telltale.kube.kinds import Kind
from telltale.kube.meta import Config
from telltale.model.service import Discovery
from telltale.pilot.envoy import names
from telltale.pilot.push import Push
from telltale.pilot.status import Connection, Status
from telltale.pilot.xds.order import CDS, EDS, LDS, RDS

_ACKED = {
    "cluster_acked": CDS, "listener_acked": LDS, "route_acked": RDS, "endpoint_acked": EDS,
}  # fmt: skip


def configz(push: Push) -> Json:
    """Every object that configures the mesh, as it was last read."""
    return [
        {"apiVersion": kind.api_version, "kind": kind.kind, **to_object(one)}
        for kind, known in _own(push) for one in known
    ]  # fmt: skip


def resourcesz(push: Push) -> Json:
    """The kinds that are watched and of which there are any."""
    return [
        {"group": kind.group, "version": kind.version, "kind": kind.kind}
        for kind, _ in _own(push)
    ]


def _own(push: Push) -> Iterator[tuple[Kind[Config], tuple[Config, ...]]]:
    """What is there to configure the mesh; Namespaces are read for their labels only."""
    return (pair for pair in push.published.items() if pair[0].group)


def push_status(push: Push) -> Json:
    """What is wrong, by the name of the metric and of the thing, as it was last read."""
    found: dict[str, Object] = {}
    for problem in push.problems:
        key = f"{problem.object}: {problem.field}"
        found.setdefault("telltale_problems", {})[key] = {"message": str(problem)}
    for cluster in _empty(push):
        found.setdefault("pilot_eds_no_instances", {})[cluster] = {}
    return {**found}


def _empty(push: Push) -> Iterator[str]:
    """Clusters that nobody stands behind."""
    for service in push.mesh.services.values():
        if service.discovery is Discovery.VIRTUAL:
            for port in service.ports:
                if not push.mesh.behind(service, port):
                    yield names.outbound(port.number, service.host)


def config_distribution(push: Push, status: Status, resource: str, namespace: str) -> Json:
    """The generation of an object that each proxy has taken, by type; nothing where it has not.

    `resource`: Kind/NAMESPACE/NAME or GROUP/VERSION/KIND/NAMESPACE/NAME. `LookupError`: none such.
    """
    generation = _generation(push, resource)
    return [
        _distributed(push, one, generation)
        for one in status.connections.values()
        if not namespace or one.proxy.namespace == namespace
    ]


def _generation(push: Push, resource: str) -> str:
    parts = resource.split("/")
    if len(parts) not in (3, 5):
        raise LookupError(f"{resource!r} is not Kind/NAMESPACE/NAME")
    wanted, namespace, name = parts[-3:]
    group = parts[0] if len(parts) == 5 else ""
    for kind, known in _own(push):
        if kind.kind.lower() == wanted.lower() and group in ("", kind.group):
            for one in known:
                if (one.metadata.namespace, one.metadata.name) == (namespace, name):
                    return str(one.metadata.generation)
    raise LookupError(f"no {wanted} {namespace}/{name} was read")


def _distributed(push: Push, one: Connection, generation: str) -> Object:
    """A type is taken when the stream is settled on what its class should have now."""
    snapshot = push.snapshots[push.members[one.id].key]
    shown: Object = {"proxy": one.proxy.workload.key}
    for field, type_url in _ACKED.items():
        watch = one.stream.watches.get(type_url)
        if watch is not None and watch.settled(snapshot.of(type_url)):
            shown[field] = generation
    return shown
