"""Names that are looked up when somebody asks for them, in DNS, by the proxy itself. Pure.

For a request by its Host, at the port that this names, or at 80 (443 where it goes on by TLS); for
TLS that passes by the SNI, at a port of our choice. All share one cache of the proxy. Requests need
no filter for it: the cluster looks up what is not in the cache yet, after the Host was rewritten.
Never: which names may be asked for, which is the routes' and the chains' to say.
"""

from collections.abc import Iterable

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.listener.v3.listener_components_pb2 import Filter
from envoy.extensions.clusters.dynamic_forward_proxy.v3.cluster_pb2 import ClusterConfig
from envoy.extensions.common.dynamic_forward_proxy.v3.dns_cache_pb2 import DnsCacheConfig
from envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.sni_dynamic_forward_proxy_pb2 import (  # noqa: E501
    FilterConfig,
)

from telltale.model.options import Options
from telltale.model.service import Discovery, Port, Service
from telltale.pilot.envoy.resources import pack

NAMES_MAX = 1024  # of the whole proxy; names that nobody asks for are forgotten after 5 minutes


def cluster(name: str, options: Options) -> Cluster:
    found = Cluster(name=name, lb_policy=Cluster.CLUSTER_PROVIDED)
    found.cluster_type.name = "envoy.clusters.dynamic_forward_proxy"
    config = ClusterConfig(dns_cache_config=_cache(options))
    # Envoy wants every upstream to be TLS verified by its name; what is asked of it is users' word.
    config.allow_insecure_cluster_options = True
    found.cluster_type.typed_config.CopyFrom(pack(config))
    return found


def look_up(leads_to: Iterable[tuple[Service, Port]], options: Options) -> list[Filter]:
    """What must stand before connections go to these: a TLS client's name is looked up there."""
    for service, port in leads_to:
        if service.discovery is Discovery.ASKED:
            target = port.target if isinstance(port.target, int) and port.target else port.number
            config = FilterConfig(dns_cache_config=_cache(options), port_value=target)
            name = "envoy.filters.network.sni_dynamic_forward_proxy"
            return [Filter(name=name, typed_config=pack(config))]
    return []


def _cache(options: Options) -> DnsCacheConfig:
    """Envoy refuses a second one of the same name that differs, so its name tells what it is."""
    found = DnsCacheConfig(name=f"asked_for_{options.dns_refresh_s:g}s")
    found.dns_lookup_family = Cluster.V4_PREFERRED
    found.dns_refresh_rate.FromNanoseconds(round(options.dns_refresh_s * 1e9))
    found.max_hosts.value = NAMES_MAX
    return found
