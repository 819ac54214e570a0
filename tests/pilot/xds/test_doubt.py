"""Who is to blame for a rejected response."""

import pytest

from telltale.pilot.xds.doubt import Doubt, halves, named
from telltale.pilot.xds.resource import of_any

CLUSTERS = [
    "outbound|80||cart.shop.svc.cluster.local", "outbound|80|v1|cart.shop.svc.cluster.local",
    "outbound|8080||cart.shop.svc.cluster.local", "inbound|80||",
]  # fmt: skip
TEXTS = [
    ("Error adding/updating cluster(s) outbound|80||cart.shop.svc.cluster.local: bad",
     CLUSTERS, [CLUSTERS[0]]),
    ("cluster outbound|80|v1|cart.shop.svc.cluster.local: a; inbound|80||: b",
     CLUSTERS, [CLUSTERS[1], CLUSTERS[3]]),
    ("Error adding/updating listener(s) 172.19.0.20_9080: no chain\n",
     ["172.19.0.20_9080", "172.19.0.2_9080", "0.0.0.0_9080", "virtualInbound"],
     ["172.19.0.20_9080"]),
    ('Duplicate entry of domain "x" in route http.8080', ["http.80", "http.8080"], ["http.8080"]),
    ("port 9080 is out of range", ["9080", "80"], []),
    ("a is bad", ["a"], []),
    ("Proto constraint validation failed (field: \"name\")", CLUSTERS, []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "names", "guilty"), TEXTS)
def test_names_are_found_in_the_clients_words(text, names, guilty):
    assert named(text, names) == guilty


def test_halves_lose_nothing():
    assert halves(["c", "a", "b"]) == [frozenset("a"), frozenset("bc")]


def test_one_alone_is_to_blame_whatever_is_said():
    doubt = Doubt()
    one = of_any("web", b"1")
    assert doubt.blame({"web": one}, {}, "no") == ("web",)
    doubt.refresh({"web": one})
    assert doubt.refused["web"].error == "no"
    doubt.refresh({"web": of_any("web", b"2")})
    assert not doubt


def test_what_nobody_wants_any_more_ends_the_trial():
    doubt = Doubt()
    doubt.blame({name: of_any(name, b"") for name in "abcd"}, {}, "no")
    assert doubt.next({"c", "e"}) == {"c"}
    doubt.accepted(["c"])
    assert doubt.next({"e"}) == {"e"}
    doubt.accepted(["e"])
    assert not doubt
