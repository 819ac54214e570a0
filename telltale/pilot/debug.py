"""What the debug pages show, as JSON values in Istio's shapes, from the push and the status.

Pure look-ups. Never: HTTP, who may look (that is `access`), or a secret.
"""

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.json_format import MessageToDict

from telltale.kube.codec import Json, Object
from telltale.lib.moment import rfc3339
from telltale.model.service import Discovery, Endpoint, Service
from telltale.pilot import naming
from telltale.pilot.push import Push
from telltale.pilot.redact import redacted
from telltale.pilot.status import Connection, Status, TypeStatus
from telltale.pilot.xds.order import CDS, ECDS, EDS, LDS, RDS, SDS, SHORT, TYPES
from telltale.pilot.xds.resource import Resource
from telltale.pilot.xds.snapshot import Snapshot

_ISTIO_WORD = {
    CDS: "cluster", LDS: "listener", RDS: "route", EDS: "endpoint", ECDS: "extensionconfig",
}  # fmt: skip
_RESOLUTION = {
    Discovery.VIRTUAL: 0, Discovery.LISTED: 0, Discovery.NAMES: 1, Discovery.HEADLESS: 2,
    Discovery.DIALLED: 2, Discovery.NAME: 3, Discovery.ALIAS: 4,
    Discovery.ASKED: 5,
}  # fmt: skip
_SECTIONS = {
    CDS: ("ClustersConfigDump", "dynamic_active_clusters", "cluster"),
    ECDS: ("EcdsConfigDump", "ecds_filters", "ecds_filter"),
    EDS: ("EndpointsConfigDump", "dynamic_endpoint_configs", "endpoint_config"),
    LDS: ("ListenersConfigDump", "dynamic_listeners", "listener"),
    RDS: ("RoutesConfigDump", "dynamic_route_configs", "route_config"),
    SDS: ("SecretsConfigDump", "dynamic_active_secrets", "secret"),
}


class Unknown(LookupError):
    """No such proxy is connected here."""


def syncz(status: Status, namespace: str = "") -> Json:
    """Every connected proxy with the nonces sent and acknowledged of each type."""
    wanted = [
        one for one in status.connections.values()
        if not namespace or one.proxy.namespace == namespace
    ]  # fmt: skip
    wanted.sort(key=lambda one: (one.proxy.cluster, one.proxy.namespace, one.proxy.id))
    return [_sync(one) for one in wanted]


def connections(status: Status) -> Json:
    clients: list[Json] = [
        {"connectionId": one.id, "connectedAt": rfc3339(one.connected_at), "address": one.peer}
        for one in status.connections.values()
    ]
    return {"totalClients": len(clients), "clients": clients}


def registryz(push: Push) -> Json:
    """Every service of the mesh."""
    return [_service(one) for one in push.mesh.services.values()]


def endpointz(push: Push) -> Json:
    """Host to namespace to the endpoints that can answer."""
    mesh = push.mesh
    return {
        service.host: {
            service.namespace: {
                "Shards": {
                    "Kubernetes/Kubernetes": [
                        _endpoint(push, service, port.name, endpoint)
                        for port in service.ports
                        for endpoint in mesh.behind(service, port)
                    ]
                },
                "ServiceAccounts": {},
            }
        }
        for service in mesh.services.values()
    }


def problems(push: Push) -> Json:
    """What users got wrong, as far as reading the objects shows it."""
    return [
        {
            "kind": one.object.kind, "namespace": one.object.namespace, "name": one.object.name,
            "field": one.field, "what": one.what, "why": one.why, "hint": one.hint,
            "level": str(one.level), "code": one.code,
        }
        for one in push.problems
    ]  # fmt: skip


def streamz(status: Status, proxy_id: str) -> Json:
    """The last events of a proxy's stream, each with what was done about it."""
    found = _find(status, proxy_id)
    return [{"event": event, "actions": actions} for event, actions in found.stream.log]


def adsz(status: Status, proxy_id: str = "") -> Json:
    """Who is connected, what each says of itself and watches."""
    clients: list[Json] = [
        {
            "connectionId": one.id, "connectedAt": rfc3339(one.connected_at), "address": one.peer,
            "labels": dict(one.proxy.workload.labels),
            "watches": {kind: [*sorted(watch.names)] for kind, watch in one.stream.watches.items()},
        }
        for one in status.connections.values() if proxy_id in one.id
    ]  # fmt: skip
    return {"totalClients": len(clients), "clients": clients}


def instancesz(push: Push, status: Status) -> Json:
    """By proxy, where its workload serves which service."""
    return {
        one.proxy.workload.key: [
            {"Service": target.host, "Port": {
                "ServicePort": {"port": target.service_port, "protocol": str(target.protocol)},
                "TargetPort": target.port}}
            for target in push.members[one.id].key.targets
        ]
        for one in status.connections.values()
    }  # fmt: skip


def names(push: Push, status: Status, proxy_id: str) -> Json:
    """The names that the agent beside a proxy is told, if it asks. Raises `Unknown`."""
    key = push.members[_find(status, proxy_id).id].key
    found = naming.table(push.plans.view(key))
    told: Json = {host: found[host].json() for host in sorted(found)}
    return {"configs": [{"@type": naming.NDS, "table": told}]}


def config_dump(
    push: Push, status: Status, proxy_id: str, types: tuple[str, ...] = (),
    *, endpoints: bool = False,
) -> Json:  # fmt: skip
    """What a proxy should have, in the shape of Envoy's own dump. Raises `Unknown`.

    `types` (`cds`, `lds` ...): their resources alone, one after another. Keys are redacted.
    """
    connection = _find(status, proxy_id)
    snapshot = push.snapshots[push.members[connection.id].key]
    if types:
        wanted = [kind for kind in TYPES if SHORT[kind] in types]
        flat = [
            MessageToDict(Packed.FromString(one.any), preserving_proto_field_name=True)
            for kind in wanted for _, one in sorted(snapshot.of(kind).resources.items())
        ]  # fmt: skip
        return redacted({"configs": [*flat]})
    shown = [kind for kind in _SECTIONS if endpoints or kind != EDS]
    return redacted({"configs": [_section(snapshot, kind) for kind in shown]})


def _find(status: Status, proxy_id: str) -> Connection:
    for one in status.connections.values():
        if proxy_id in one.id:
            return one
    raise Unknown(
        "Proxy not connected to this Pilot instance. It may be connected to another instance."
    )


def _section(snapshot: Snapshot, type_url: str) -> Object:
    title, field, inner = _SECTIONS[type_url]
    held = snapshot.of(type_url)
    entries: list[Json] = []
    for name in sorted(held.resources):
        packed = Packed.FromString(held.resources[name].any)
        shown: Object = {"version_info": held.resources[name].version}
        plain: Object = MessageToDict(packed, preserving_proto_field_name=True)
        if type_url == LDS:
            entries.append({"name": name, "active_state": {**shown, inner: plain}})
        elif type_url == SDS:
            entries.append({"name": name, **shown, inner: plain})
        else:
            entries.append({**shown, inner: plain})
    kind = f"type.googleapis.com/envoy.admin.v3.{title}"
    version: Object = {"version_info": held.version} if type_url in (CDS, LDS) else {}
    return {"@type": kind, **version, field: entries}


def _sync(one: Connection) -> Object:
    shown: Object = {
        "cluster_id": one.proxy.cluster, "proxy": one.proxy.workload.key,
        "proxy_type": str(one.proxy.role), "istio_version": one.proxy.version,
    }  # fmt: skip
    known = one.known()
    for type_url, word in _ISTIO_WORD.items():
        if status := known.get(type_url):
            shown.update({f"{word}_sent": status.sent, f"{word}_acked": status.acked})
    shown["resources"] = {
        kind: _resource(status, one.stream.withheld(kind)) for kind, status in known.items()
    }
    return {key: value for key, value in shown.items() if value != ""}


def _resource(status: TypeStatus, withheld: list[tuple[Resource, str]]) -> Object:
    shown: Object = {
        "sent": status.sent, "acked": status.acked, "sentVersion": status.sent_version,
        "ackedVersion": status.acked_version, "lastError": status.error,
        "sentTime": rfc3339(status.sent_at) if status.sent_at else "",
        "rejected": status.rejected,
        "withheld": {resource.name: error for resource, error in withheld},
    }  # fmt: skip
    return {key: value for key, value in shown.items() if value not in ("", 0, {})}


def _service(service: Service) -> Object:
    ports: list[Json] = [
        {"name": port.name, "port": port.number, "protocol": str(port.protocol)}
        for port in service.ports
    ]
    return {
        "Attributes": {
            "ServiceRegistry": "External" if service.declared else "Kubernetes",
            "Name": service.name, "Namespace": service.namespace,
            "LabelSelectors": dict(service.selector),
        },
        "ports": ports, "hostname": service.host, "creationTime": service.created,
        "clusterVIPs": {"Addresses": {"Kubernetes": [*service.addresses]}},
        "defaultAddress": next(iter(service.addresses), "0.0.0.0"),
        "autoAllocatedIPv4Address": next(iter(service.automatic), ""),
        "Resolution": _RESOLUTION[service.discovery], "MeshExternal": service.external,
    }  # fmt: skip


def _account(push: Push, endpoint: Endpoint) -> str:
    """Whom it runs as: a pod's is known, a machine's is what its object says."""
    known = push.mesh.workloads.get(endpoint.workload)
    return known.service_account if known else endpoint.account


def _endpoint(push: Push, service: Service, port: str, endpoint: Endpoint) -> Object:
    return {
        "Addresses": [endpoint.address], "EndpointPort": endpoint.port, "ServicePortName": port,
        "HostName": service.host, "Namespace": service.namespace,
        "WorkloadName": endpoint.workload.rpartition(".")[0], "NodeName": endpoint.node,
        "Locality": {"Label": endpoint.zone, "ClusterID": "Kubernetes"},
        "TLSMode": "disabled", "HealthStatus": 1, "ServiceAccount": _account(push, endpoint),
    }  # fmt: skip
