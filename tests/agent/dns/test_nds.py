"""The bytes of the name table's stream against the protobuf library, and against what is broken."""

import pytest
from envoy.service.discovery.v3.discovery_pb2 import DiscoveryRequest, DiscoveryResponse
from google.protobuf.json_format import MessageToDict

from telltale.agent.dns import nds
from telltale.agent.dns.nds import Node, NoTable
from telltale.pilot import naming
from telltale.pilot.naming import Named

METADATA = {
    "NAMESPACE": "shop", "LABELS": {"app": "a", "long": "x" * 300}, "FLAG": True, "COUNT": 3,
    "PORTS": [{"containerPort": 80.5}, "x", None], "EMPTY": {}, "TEXT": "",
}  # fmt: skip


def test_a_request_is_what_the_library_reads():
    node = Node("sidecar~1.1.1.1~a.shop~x", "a.shop", METADATA)
    found = DiscoveryRequest.FromString(nds.request(node))
    assert (found.type_url, found.node.id, found.node.cluster) == (nds.TYPE, node.id, "a.shop")
    assert MessageToDict(found.node.metadata) == METADATA
    again = DiscoveryRequest.FromString(nds.request(None, "v", "n"))
    assert (again.version_info, again.response_nonce) == ("v", "n")
    assert not again.HasField("node")


def response(table) -> bytes:
    message = DiscoveryResponse(version_info="v7", nonce="n7", type_url=nds.TYPE)
    message.resources.add().MergeFromString(naming.resource(table).any)
    return message.SerializeToString()


def test_a_response_is_read_as_the_pilot_writes_it():
    told = nds.read(response({
        "web.shop.svc.cluster.local": Named(("10.0.0.1",), "Kubernetes", "web", "shop"),
        "A.example.": Named(("240.240.0.1", "240.240.0.2"), "External"),
    }), "shop.svc.cluster.local")  # fmt: skip
    assert (told.version, told.nonce) == ("v7", "n7")
    assert told.names.cluster == {"web.shop.svc.cluster.local": ("10.0.0.1",)}
    assert told.names.declared == {"a.example": ("240.240.0.1", "240.240.0.2")}
    assert told.names.find("web").addresses == ("10.0.0.1",)


def test_an_empty_one_is_a_table_without_names():
    assert nds.read(response({}), "x").names.cluster == {}


def test_broken_bytes_are_told_and_bring_nothing_down():
    whole = response({"a.example": Named(("240.240.0.1",), "External")})
    with pytest.raises(NoTable):
        nds.read(whole[:-1], "x")
    for at in range(len(whole)):
        for value in (0, 7, 0x7F, 0x80, 0xFF):
            try:
                nds.read(whole[:at] + bytes([value]) + whole[at + 1 :], "x")
            except NoTable:
                continue
