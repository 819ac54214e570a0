"""A real, minimal ADS server for tests (delta): one cluster and one inbound listener, or what is to
be rejected.

Arguments: ADDRESS MODE LISTEN_PORT APP_PORT; MODE is good, bad-listener, bad-cluster, or silent.
"""

import sys
import threading
from concurrent import futures

import grpc
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.extensions.filters.http.router.v3 import router_pb2  # noqa: F401
from envoy.extensions.filters.network.http_connection_manager.v3 import (  # noqa: F401
    http_connection_manager_pb2,
)
from envoy.service.discovery.v3 import ads_pb2_grpc
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryResponse, Resource
from google.protobuf.json_format import ParseDict

TYPE = "type.googleapis.com/"
HCM = TYPE + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = TYPE + "envoy.extensions.filters.http.router.v3.Router"


def address(port, host="127.0.0.1"):
    return {"socket_address": {"address": host, "port_value": port}}


def cluster(port):
    endpoint = {"endpoint": {"address": address(port)}}
    return {
        "name": "inbound",
        "alt_stat_name": f"inbound|{port}||;",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": "inbound",
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    }


def listener(port, host="127.0.0.1"):
    route = {"match": {"prefix": "/"}, "route": {"cluster": "inbound", "timeout": "0s"}}
    hosts = [{"name": "all", "domains": ["*"], "routes": [route]}]
    connections = {
        "@type": HCM,
        "stat_prefix": "inbound",
        "route_config": {"virtual_hosts": hosts},
        "http_filters": [{"name": "router", "typed_config": {"@type": ROUTER}}],
    }
    return {
        "name": "virtualInbound",
        "traffic_direction": "INBOUND",
        "address": address(port, host),
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": connections}]}],
    }


def resources(mode, listen_port, app_port):
    """Type to its one resource, as JSON."""
    made = {"Cluster": cluster(app_port), "Listener": listener(listen_port)}
    if mode == "bad-cluster":
        made["Cluster"]["type"] = "EDS"
    if mode == "bad-listener":
        made["Listener"] = listener(listen_port, "not-an-address")
    return made


class Ads(ads_pb2_grpc.AggregatedDiscoveryServiceServicer):
    def __init__(self, mode, made):
        self.mode, self.made = mode, made

    def DeltaAggregatedResources(self, requests, context):
        for request in requests:
            kind = request.type_url.rpartition(".")[2]
            if self.mode == "silent" or request.response_nonce or kind not in self.made:
                continue
            message = {"Cluster": Cluster, "Listener": Listener}[kind]
            resource = Resource(name=self.made[kind]["name"], version="1")
            resource.resource.Pack(ParseDict(self.made[kind], message()))
            yield DeltaDiscoveryResponse(
                type_url=request.type_url, nonce="1", system_version_info="1", resources=[resource]
            )
        threading.Event().wait()


def main(where, mode, listen_port, app_port):
    server = grpc.server(futures.ThreadPoolExecutor(8))
    made = resources(mode, int(listen_port), int(app_port))
    ads_pb2_grpc.add_AggregatedDiscoveryServiceServicer_to_server(Ads(mode, made), server)
    server.add_insecure_port(where)
    server.start()
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
