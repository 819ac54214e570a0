"""What one cluster puts into the machine, as the node and the service proxy are told it.

Never: what runs inside. Apart from `parts`, so that stopping a cluster loads little.
"""

from ipaddress import IPv4Network

from telltale.app.home import ClusterSettings, Home
from telltale.cluster.node.settings import NodeSettings
from telltale.cluster.services.settings import Settings as ServiceSettings


def node(home: Home, settings: ClusterSettings) -> NodeSettings:
    return NodeSettings(
        home=home.path,
        id=home.id,
        bridge=home.bridge,
        node_cidr=settings.node_cidr,
        dns_address=settings.dns_address,
        searches=(settings.search_domain,),
    )


def services(home: Home, settings: ClusterSettings) -> ServiceSettings:
    return ServiceSettings(
        id=home.id,
        bridge=home.bridge,
        pod_cidr=IPv4Network(settings.pod_cidr),
        node_cidr=IPv4Network(settings.node_cidr),
        service_cidr=IPv4Network(settings.service_cidr),
        egress=tuple(IPv4Network(cidr) for cidr in settings.egress_cidrs),
    )
