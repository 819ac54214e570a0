"""Where a connection that came in goes: the port that was dialled, or what a Sidecar says. Pure.

Never: limits, protocols.
"""

from envoy.config.cluster.v3.cluster_pb2 import Cluster

from telltale.model.workload import Target
from telltale.pilot.envoy import names
from telltale.pilot.envoy.resources import UNIX, address
from telltale.pilot.envoy.upstream import discovery

_ANY = ("0.0.0.0", "[::]")


def cluster(target: Target) -> Cluster:
    name = names.inbound(target.port)
    if not target.to:
        return discovery.original(name)
    if target.to.startswith(UNIX):
        return _fixed(name, target.to, 0)
    host, _, port = target.to.rpartition(":")
    if host in _ANY:  # the address that was dialled, on a port of the workload's choice
        found = discovery.original(name)
        found.original_dst_lb_config.upstream_port_override.value = int(port)
        return found
    return _fixed(name, host.strip("[]"), int(port))


def _fixed(name: str, host: str, port: int) -> Cluster:
    found = Cluster(name=name, type=Cluster.STATIC)
    found.load_assignment.cluster_name = name
    added = found.load_assignment.endpoints.add().lb_endpoints.add()
    added.endpoint.address.CopyFrom(address(host, port))
    return found
