"""What counts as a change."""

import msgspec
import pytest

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.cluster import Node
from telltale.kube.core import Pod
from telltale.kube.istio.kinds import SERVICE_ENTRY
from telltale.kube.meta import Config, Meta
from telltale.kube.service import EndpointSlice, Service
from telltale.lib.clock import FakeClock
from telltale.pilot.watch import Current

META = {"name": "a", "namespace": "shop"}
SERVICE = codec.convert(Service, {"metadata": META, "spec": {"ports": [{"port": 80}]}})
POD = codec.convert(Pod, {"metadata": META, "status": {"podIP": "1.1.1.1", "phase": "Running"}})
SLICE = codec.convert(EndpointSlice, {
    "metadata": {**META, "labels": {"kubernetes.io/service-name": "web"}},
    "endpoints": [{"addresses": ["1.1.1.1"]}],
})  # fmt: skip


@pytest.fixture
def current() -> Current:
    found = Current(FakeClock())
    found.apply_service(Change.ADDED, SERVICE)
    found.apply_pod(Change.ADDED, POD)
    found.apply_slice(Change.ADDED, SLICE)
    found.take_parts()
    return found


def noted(object):
    """The same object with an annotation and a new resourceVersion."""
    meta = msgspec.structs.replace(
        object.metadata, annotations={"seen": "yes"}, resource_version="9"
    )
    return msgspec.structs.replace(object, metadata=meta)


def test_an_edit_of_metadata_alone_is_no_change(current):
    versions = current.whole.version, current.parts.version
    current.apply_service(Change.MODIFIED, noted(SERVICE))
    current.apply_slice(Change.MODIFIED, noted(SLICE))
    status = msgspec.structs.replace(POD.status, message="a heartbeat")
    current.apply_pod(Change.MODIFIED, msgspec.structs.replace(noted(POD), status=status))
    assert (current.whole.version, current.parts.version) == versions


def test_a_service_concerns_the_whole(current):
    before = current.whole.version
    spec = msgspec.structs.replace(SERVICE.spec, cluster_ip="10.0.0.1")
    current.apply_service(Change.MODIFIED, msgspec.structs.replace(SERVICE, spec=spec))
    current.apply_service(Change.DELETED, SERVICE)
    assert current.whole.version == before + 2


def test_of_a_status_only_what_the_mesh_is_made_of_matters(current):
    one = Config(metadata=Meta(name="a", namespace="shop"))
    current.apply_config(SERVICE_ENTRY, Change.ADDED, one)
    before = current.whole.version
    told = {"conditions": [{"type": "Reconciled", "status": "True"}]}
    current.apply_config(SERVICE_ENTRY, Change.MODIFIED, msgspec.structs.replace(one, status=told))
    assert current.whole.version == before
    told = {"addresses": [{"value": "240.240.0.1", "host": "a.example"}]}
    current.apply_config(SERVICE_ENTRY, Change.MODIFIED, msgspec.structs.replace(one, status=told))
    assert current.whole.version == before + 1


def test_endpoints_and_pods_are_parts(current):
    before = current.whole.version
    current.apply_slice(Change.MODIFIED, msgspec.structs.replace(SLICE, endpoints=[]))
    current.apply_pod(Change.DELETED, POD)
    assert current.take_parts() == ({("shop", "web")}, {("shop", "a")})
    assert current.take_parts() == (set(), set())
    assert current.whole.version == before


def test_slices_are_found_by_their_service_and_forgotten(current):
    assert current.slices.of(("shop", "web")) == (SLICE,)
    current.apply_slice(Change.DELETED, SLICE)
    assert current.slices.of(("shop", "web")) == ()
    assert list(current.slices) == []


def test_of_a_node_only_its_labels_matter(current):
    node = codec.convert(Node, {"metadata": {"name": "n1", "labels": {"a": "b"}}})
    current.apply_node(Change.ADDED, node)
    before = current.whole.version
    current.apply_node(Change.MODIFIED, noted(node))
    assert current.whole.version == before
    moved = codec.convert(Node, {"metadata": {"name": "n1", "labels": {"a": "c"}}})
    current.apply_node(Change.MODIFIED, moved)
    assert current.whole.version == before + 1
    current.apply_node(Change.DELETED, moved)
    assert (current.whole.version, current.nodes) == (before + 2, {})
