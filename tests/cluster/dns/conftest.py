"""Services and slices in a few words."""

from collections.abc import Callable

import pytest

from telltale.cluster.dns.names import Zone
from telltale.kube.codec import convert
from telltale.kube.service import EndpointSlice, Service


def service(name: str, namespace: str, address: str, *ports: tuple[str, str, int], **spec):
    numbered = [
        {"name": each, "protocol": protocol, "port": port} for each, protocol, port in ports
    ]
    return convert(
        Service,
        {
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"clusterIP": address, "ports": numbered, **spec},
        },
    )


def slice_of(one: Service, *endpoints, ports: tuple[tuple[str, str, int], ...] = ()):
    return convert(
        EndpointSlice,
        {
            "metadata": {
                "name": f"{one.metadata.name}-abcde",
                "namespace": one.metadata.namespace,
                "labels": {"kubernetes.io/service-name": one.metadata.name},
            },
            "ports": [
                {"name": name, "protocol": protocol, "port": port} for name, protocol, port in ports
            ],
            "endpoints": [
                {"addresses": [address], "hostname": hostname, "conditions": {"ready": ready}}
                for address, hostname, ready in endpoints
            ],
        },
    )


def filled() -> Zone:
    """A zone with one Service of each sort."""
    zone = Zone()
    pilot = service(
        "istio-pilot", "istio-system", "172.31.220.77",
        ("grpc-xds", "TCP", 15010), ("dns", "UDP", 53),
    )  # fmt: skip
    stateful = service("db", "shop", "None", ("sql", "TCP", 3306))
    places = (
        ("172.31.210.7", "db-0", True),
        ("172.31.210.8", "", True),
        ("172.31.210.9", "db-2", False),
    )
    zone.put(pilot, [])
    zone.put(stateful, [slice_of(stateful, *places, ports=(("sql", "TCP", 3307),))])
    zone.put(service("empty", "shop", "None", ("x", "TCP", 1)), [])
    alias = {"type": "ExternalName", "externalName": "istio-pilot.istio-system.svc.cluster.local"}
    zone.put(service("inner", "shop", "", **alias), [])
    outer = {"type": "ExternalName", "externalName": "db.example.com"}
    zone.put(service("outer", "shop", "", **outer), [])
    return zone


@pytest.fixture
def zone() -> Zone:
    return filled()


@pytest.fixture
def make_service() -> Callable[..., Service]:
    return service


@pytest.fixture
def make_zone() -> Callable[[], Zone]:
    return filled


@pytest.fixture
def make_slice() -> Callable[..., EndpointSlice]:
    return slice_of
