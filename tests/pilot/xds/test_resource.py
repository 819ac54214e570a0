"""A resource's version follows its content."""

from envoy.config.cluster.v3.cluster_pb2 import Cluster

from telltale.pilot.xds.resource import make


def test_equal_content_has_an_equal_version_whenever_it_is_made():
    assert make("a", Cluster(name="a")) == make("a", Cluster(name="a"))
    assert make("a", Cluster(name="a")).version == "83a0803b2eebfaf3"
    assert make("a", Cluster(name="b")).version != make("a", Cluster(name="a")).version


def test_names_tell_resources_of_equal_content_apart():
    assert make("a", Cluster()).digest != make("b", Cluster()).digest
