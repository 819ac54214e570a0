from ipaddress import IPv4Address, IPv4Network

import pytest

from telltale.cluster.node.addresses import Addresses, NoAddress

SMALL = IPv4Network("172.16.3.0/29")  # .1 is the node's, .2 to .6 are pods'


def test_an_address_rests_before_it_is_used_again() -> None:
    addresses = Addresses(SMALL)
    assert [str(addresses.take(uid)) for uid in "ab"] == ["172.16.3.2", "172.16.3.3"]
    addresses.release("a")
    assert str(addresses.take("c")) == "172.16.3.4"
    assert [str(addresses.take(uid)) for uid in "de"] == ["172.16.3.5", "172.16.3.6"]
    assert str(addresses.take("f")) == "172.16.3.2"


def test_a_pod_keeps_its_address_and_a_full_range_says_so() -> None:
    addresses = Addresses(SMALL)
    addresses.keep("old", "172.16.3.4")
    assert addresses.take("old") == IPv4Address("172.16.3.4")
    for uid in "abcd":
        assert addresses.take(uid) != IPv4Address("172.16.3.4")
    with pytest.raises(
        NoAddress, match=r"no IP addresses available in range 172.16.3.0/29: 5 in use"
    ):
        addresses.take("e")
