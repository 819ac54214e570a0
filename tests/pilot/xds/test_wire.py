"""The joined bytes are what the library would have made, for names and sizes of every length."""

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryResponse, DiscoveryResponse
from google.protobuf.any_pb2 import Any
from hypothesis import given, strategies as st

from telltale.pilot.xds import wire
from telltale.pilot.xds.order import CDS
from telltale.pilot.xds.resource import make, of_any

texts = st.text(max_size=300)
resources = st.lists(st.builds(of_any, st.text(min_size=1), st.binary(max_size=20_000)), max_size=5)


@given(texts, texts, st.lists(texts, max_size=3))
def test_state_of_the_world(version, nonce, names):
    made = [make(name, Cluster(name=name)) for name in names]
    told = DiscoveryResponse.FromString(wire.response(CDS, version, nonce, made, plane=nonce))
    assert told.control_plane.identifier == nonce
    assert (told.version_info, told.nonce, told.type_url) == (version, nonce, CDS)
    assert [Cluster.FromString(one.value).name for one in told.resources] == names
    assert all(one.type_url == CDS for one in told.resources)


@given(texts, texts, st.lists(texts, max_size=3), st.lists(texts, max_size=3))
def test_delta(version, nonce, names, removed):
    made = [make(name, Cluster(name=name, alt_stat_name="x" * 40_000)) for name in names]
    body = wire.delta_response(CDS, version, nonce, made, [name for name in removed if name],
                               plane="it is I")  # fmt: skip
    told = DeltaDiscoveryResponse.FromString(body)
    assert told.control_plane.identifier == "it is I"
    assert (told.system_version_info, told.nonce, told.type_url) == (version, nonce, CDS)
    assert [one.name for one in told.resources] == names
    assert [one.version for one in told.resources] == [one.version for one in made]
    assert [Cluster.FromString(one.resource.value).name for one in told.resources] == names
    assert list(told.removed_resources) == [name for name in removed if name]


def test_an_any_is_an_any():
    cluster = Cluster(name="a")
    packed = Any()
    packed.Pack(cluster)
    assert make("a", cluster).any == packed.SerializeToString(deterministic=True)
