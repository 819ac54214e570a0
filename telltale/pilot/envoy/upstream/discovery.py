"""How a cluster of a service finds its endpoints: told, looked up in DNS, or where the client went.

Pure. Never: limits, balancing, protocols.
"""

from dataclasses import replace

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.config_source_pb2 import ApiVersion

from telltale.model import cuts
from telltale.model.mesh import Mesh
from telltale.model.policy import Balance, Subset, Traffic
from telltale.model.service import Discovery, Port, Service
from telltale.model.spread import Cut
from telltale.model.view import View
from telltale.pilot.envoy import names
from telltale.pilot.envoy.upstream import dynamic, endpoints

JITTER_MS = 100  # so that proxies do not ask the DNS server at the same instant
_DNS = {Discovery.NAMES: Cluster.STRICT_DNS, Discovery.NAME: Cluster.LOGICAL_DNS}


def cluster(
    view: View, service: Service, port: Port, subset: Subset | None, traffic: Traffic
) -> Cluster | None:
    """Of a service's port or of a subset there; None for one that has nothing to look up."""
    name = names.outbound(port.number, service.host, subset.name if subset else "")
    if endpoints.discovered(view, service, traffic):
        return _told(name, *endpoints.named(view, service, port, subset))
    balancing = traffic.balancing
    as_dialled = balancing is not None and balancing.algorithm is Balance.PASSTHROUGH
    if service.discovery.resolved and not as_dialled:
        return _looked_up(view.mesh, service, name, cuts.cut(view, service, port, subset))
    if service.discovery is Discovery.ASKED and not as_dialled:
        return dynamic.cluster(name, view.mesh.options)
    return original(name)


def original(name: str) -> Cluster:
    """To wherever the client went."""
    return Cluster(name=name, type=Cluster.ORIGINAL_DST, lb_policy=Cluster.CLUSTER_PROVIDED)


def _told(name: str, assignment: str, cut: Cut) -> Cluster:
    found = Cluster(name=name, type=Cluster.EDS)
    if assignment != name:
        found.eds_cluster_config.service_name = assignment
    _weigh_places(found, cut)
    found.eds_cluster_config.eds_config.ads.SetInParent()
    found.eds_cluster_config.eds_config.resource_api_version = ApiVersion.V3
    # Wait for endpoints as long as it takes: without them the cluster could only answer 503.
    found.eds_cluster_config.eds_config.initial_fetch_timeout.SetInParent()
    return found


def _weigh_places(found: Cluster, cut: Cut) -> None:
    if cut.spread is not None:  # the weights of places count, also where some endpoints are out
        found.common_lb_config.locality_weighted_lb_config.SetInParent()


def _looked_up(mesh: Mesh, service: Service, name: str, cut: Cut) -> Cluster | None:
    found = Cluster(name=name, type=_DNS[service.discovery])
    if service.discovery is Discovery.NAME:  # has one endpoint, and no places to choose from
        cut = replace(cut, spread=None)
    found.load_assignment.CopyFrom(endpoints.assignment(mesh, name, cut))
    if not found.load_assignment.endpoints:
        return None
    if service.discovery is Discovery.NAME:
        del found.load_assignment.endpoints[1:]
        del found.load_assignment.endpoints[0].lb_endpoints[1:]
    _weigh_places(found, cut)
    found.dns_refresh_rate.FromNanoseconds(round(mesh.options.dns_refresh_s * 1e9))
    found.dns_jitter.FromMilliseconds(JITTER_MS)
    found.respect_dns_ttl = True
    found.dns_lookup_family = Cluster.V4_PREFERRED
    return found
