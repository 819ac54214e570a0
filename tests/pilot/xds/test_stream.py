"""Conversations with one client. Each step is said by the client, published, or expected.

X01 and so on number the situations of the xDS protocol that a server must get right.
"""

from dataclasses import dataclass, field

import pytest

from telltale.pilot.xds.order import CDS, EDS, LDS, RDS
from telltale.pilot.xds.resource import of_any
from telltale.pilot.xds.snapshot import Snapshot, set_of
from telltale.pilot.xds.stream import (
    Accepted,
    Action,
    Asked,
    AskedDelta,
    Close,
    Joined,
    Published,
    Rejected,
    Send,
    Stream,
)  # fmt: skip


def state(**types: str) -> Snapshot:
    """`state(cds="a b2")`: resources a and b; a digit is the resource's content."""
    urls = {"cds": CDS, "eds": EDS, "lds": LDS, "rds": RDS}
    return Snapshot({
        urls[short]: set_of(of_any(one.rstrip("0123456789"), one.encode()) for one in text.split())
        for short, text in types.items()
    })  # fmt: skip


@dataclass
class Client:
    """One side of the conversation; the stream must do what is expected, to the letter."""

    delta: bool
    stream: Stream = field(default_factory=Stream)
    nonces: dict[str, str] = field(default_factory=dict)
    got: list[Action] = field(default_factory=list)
    met: bool = False

    def publish(self, **types: str) -> None:
        self.feed(Published(state(**types)))

    def ask(self, type_url, *names, nonce="", error=None, node=None, drop=(), has=None):
        node = ("" if self.met else "me") if node is None else node
        self.met = True
        if self.delta:
            self.feed(AskedDelta(type_url, names, drop, has or {}, nonce, error, node))
        else:
            self.feed(Asked(type_url, names, nonce, error, node))

    def ack(self, type_url, *names, error=None, **more):
        self.ask(type_url, *names, nonce=self.nonces[type_url], error=error, **more)

    def feed(self, event) -> None:
        assert not self.got, f"not expected: {self.got}"
        self.got = [one for one in self.stream.receive(event)
                    if not isinstance(one, Joined | Accepted)]  # fmt: skip

    def hears(self, type_url, names="", removed="") -> Send:
        assert self.got, f"silence, where {type_url} was expected"
        sent = self.got.pop(0)
        assert isinstance(sent, Send), sent
        found = " ".join(one.any.decode() for one in sent.resources)
        assert (sent.type, found, " ".join(sent.removed)) == (type_url, names, removed)
        assert sent.nonce and sent.nonce not in self.nonces.values()
        assert sent.version
        self.nonces[type_url] = sent.nonce
        return sent

    def takes(self, type_url, names="", removed="") -> Send:
        """Hears, and accepts without asking for anything else."""
        sent = self.hears(type_url, names, removed)
        rest, self.got = self.got, []
        self.ack(type_url, *(() if self.delta else self._held(type_url)))
        self.got = rest + self.got
        return sent

    def _held(self, type_url):
        return tuple(sorted(self.stream.watches[type_url].names))

    def silence(self) -> None:
        assert self.got == []

    def rejected(self, type_url, error, blamed="") -> None:
        told = self.got.pop(0)
        assert isinstance(told, Rejected)
        assert (told.type, told.error, " ".join(told.blamed)) == (type_url, error, blamed)


@pytest.fixture(params=[False, True], ids=["sotw", "delta"])
def client(request) -> Client:
    return Client(request.param)


@pytest.fixture
def whole() -> Client:
    return Client(delta=False)


@pytest.fixture
def delta() -> Client:
    return Client(delta=True)


# Beginning


def test_x01_the_first_request_is_answered_with_everything(client):
    client.publish(cds="a b")
    client.ask(CDS)
    client.takes(CDS, "a b")
    client.silence()


def test_asked_before_there_is_a_state_is_answered_when_there_is(client):
    client.ask(CDS)
    client.silence()
    client.publish(cds="a")
    client.hears(CDS, "a")


def test_x02_the_node_is_remembered_and_told_once():
    stream = Stream()
    assert stream.receive(Asked(CDS, node="me")) == [Joined("me")]
    assert stream.receive(Asked(EDS, ("a",))) == []


def test_x03_another_node_ends_the_stream(client):
    client.ask(CDS)
    client.ask(CDS, node="somebody")
    [close] = client.got
    assert close == Close("node.id is 'somebody' but this stream is 'me''s")


def test_x04_no_node_ends_the_stream(client):
    client.ask(CDS, node="")
    [close] = client.got
    assert isinstance(close, Close) and "node.id" in close.reason


def test_x42_an_unknown_type_is_left_alone(client):
    client.publish(cds="a")
    client.ask("type.googleapis.com/nobody.knows.This")
    client.silence()
    client.ask(CDS)
    client.hears(CDS, "a")


def test_x43_an_empty_type_ends_the_stream(client):
    client.ask("")
    [close] = client.got
    assert isinstance(close, Close) and "type_url" in close.reason


def test_an_empty_set_is_an_answer(client):
    client.publish()
    client.ask(CDS)
    client.takes(CDS, "")
    client.ask(LDS)
    client.takes(LDS, "")
    client.silence()


# Accepting and rejecting


def test_x05_x06_an_ack_is_met_with_silence(whole):
    whole.publish(eds="a b")
    whole.ask(EDS, "a", "b")
    whole.hears(EDS, "a b")
    whole.ack(EDS, "b", "a")
    whole.silence()
    whole.ack(EDS, "a", "b")
    whole.silence()


def test_x07_x08_x09_a_rejected_set_is_told_and_not_sent_again(client):
    client.publish(cds="a")
    client.ask(CDS)
    client.takes(CDS, "a")
    client.publish(cds="a2")
    client.hears(CDS, "a2")
    client.ack(CDS, error="bad port")
    client.rejected(CDS, "bad port", "a")
    client.silence()
    client.publish(cds="a2")
    client.silence()
    client.publish(cds="a3")
    client.takes(CDS, "a3")
    client.silence()


def test_what_is_named_in_the_refusal_is_withheld_and_the_rest_goes_on(client):
    """The client has nothing of a rejected response: cart must not be forgotten."""
    client.publish(cds="web")
    client.ask(CDS)
    client.takes(CDS, "web")
    client.publish(cds="web2 cart")
    client.hears(CDS, "cart web2")
    client.ack(CDS, error="Error adding/updating cluster(s) web: bad")
    client.rejected(CDS, "Error adding/updating cluster(s) web: bad", "web")
    client.takes(CDS, "cart" if client.delta else "cart web")
    client.silence()
    client.publish(cds="web2 cart2")
    client.takes(CDS, "cart2" if client.delta else "cart2 web")
    client.publish(cds="web3 cart2")
    client.takes(CDS, "web3" if client.delta else "cart2 web3")
    client.silence()


def test_what_was_refused_and_never_had_is_not_there_at_all(whole):
    whole.publish(cds="web cart")
    whole.ask(CDS)
    whole.hears(CDS, "cart web")
    whole.ack(CDS, error="cluster cart: no")
    whole.rejected(CDS, "cluster cart: no", "cart")
    whole.takes(CDS, "web")
    whole.publish(cds="web2 cart")
    whole.takes(CDS, "web2")
    whole.publish(cds="web3 cart2")
    whole.takes(CDS, "cart2 web3")
    whole.silence()


def test_when_nobody_is_named_halves_are_tried(client):
    client.publish(cds="a b c d")
    client.ask(CDS)
    client.hears(CDS, "a b c d")
    client.ack(CDS, error="bad")
    client.rejected(CDS, "bad")
    client.takes(CDS, "a b")
    client.hears(CDS, "c d" if client.delta else "a b c d")
    client.ack(CDS, error="bad")
    client.rejected(CDS, "bad")
    client.hears(CDS, "c" if client.delta else "a b c")
    client.ack(CDS, error="bad")
    client.rejected(CDS, "bad", "c")
    client.takes(CDS, "d" if client.delta else "a b d")
    client.silence()


def test_two_that_are_bad_are_both_found(delta):
    delta.publish(rds="a b c d")
    delta.ask(RDS, "a", "b", "c", "d")
    delta.hears(RDS, "a b c d")
    told, error = [], "bad"
    for _ in range(10):
        delta.ack(RDS, error=error)
        actions, delta.got = delta.got, []
        told += [one.blamed for one in actions if isinstance(one, Rejected) and one.blamed]
        sent = [one for one in actions if isinstance(one, Send)]
        if not sent:
            break
        delta.nonces[RDS] = sent[0].nonce
        error = "bad" if {"a", "d"} & {one.name for one in sent[0].resources} else None
    assert told == [("a",), ("d",)]
    assert delta.stream.watches[RDS].doubt.refused.keys() == {"a", "d"}


def test_what_changes_while_halves_are_tried_waits_for_its_turn(delta):
    delta.publish(cds="a b")
    delta.ask(CDS)
    delta.hears(CDS, "a b")
    delta.ack(CDS, error="bad")
    delta.rejected(CDS, "bad")
    delta.hears(CDS, "a")
    delta.publish(cds="a b2 new")
    delta.silence()
    delta.ack(CDS, error="bad")
    delta.rejected(CDS, "bad", "a")
    delta.takes(CDS, "b2")
    delta.takes(CDS, "new")
    delta.silence()


def test_what_was_refused_and_goes_is_forgotten(client):
    client.publish(cds="a b")
    client.ask(CDS)
    client.takes(CDS, "a b")
    client.publish(cds="a2 b")
    client.hears(CDS, "a2" if client.delta else "a2 b")
    client.ack(CDS, error="bad")
    client.rejected(CDS, "bad", "a")
    client.silence()
    client.publish(cds="b")
    client.takes(CDS, *(("", "a") if client.delta else ("b",)))
    client.silence()
    assert not client.stream.watches[CDS].doubt
    client.publish(cds="a2 b")
    client.takes(CDS, "a2" if client.delta else "a2 b")


def test_nothing_is_taken_away_that_an_old_table_may_still_point_at(client):
    connected(client, cds="a b", eds="a", lds="l", rds="r")
    client.publish(cds="b", eds="a", lds="l", rds="r2")
    client.hears(RDS, "r2")
    client.ack(RDS, *(() if client.delta else ("r",)), error="bad")
    client.rejected(RDS, "bad", "r")
    client.silence()  # the client goes on with r, which may point at a
    client.publish(cds="b", eds="a", lds="l", rds="r3")
    client.takes(RDS, "r3")
    client.takes(CDS, *(("", "a") if client.delta else ("b",)))


def test_x10_a_stale_request_changes_nothing(whole):
    whole.publish(eds="a b")
    whole.ask(EDS, "a")
    whole.takes(EDS, "a")
    whole.publish(eds="a2 b")
    whole.hears(EDS, "a2")
    whole.ask(EDS, "a", "b", nonce="1")
    whole.silence()
    whole.ack(EDS, "a")
    whole.silence()


def test_x11_a_stale_request_still_subscribes(delta):
    delta.publish(eds="a b")
    delta.ask(EDS, "a")
    delta.takes(EDS, "a")
    delta.publish(eds="a2 b")
    delta.hears(EDS, "a2")
    delta.ask(EDS, "b", nonce="1")
    delta.silence()  # one answer is still open
    delta.ack(EDS)
    delta.hears(EDS, "b")


def test_x12_a_nonce_of_an_earlier_stream_counts_as_a_first_request(client):
    client.publish(cds="a")
    client.ask(CDS, nonce="77")
    client.hears(CDS, "a")


def test_x37_what_changes_while_an_answer_is_open_goes_in_one(client):
    client.publish(cds="a")
    client.ask(CDS)
    client.hears(CDS, "a")
    for number in range(2, 50):
        client.publish(cds=f"a{number}")
        client.silence()
    client.ack(CDS)
    client.hears(CDS, "a49")


def test_two_first_requests_before_the_answer_are_answered_once(whole):
    whole.ask(EDS, "a")
    whole.ask(EDS, "a", "b")
    whole.publish(eds="a b")
    whole.takes(EDS, "a b")
    whole.silence()


# Subscriptions, state of the world


def test_x13_more_names(whole):
    whole.publish(eds="a b")
    whole.ask(EDS, "a")
    whole.hears(EDS, "a")
    whole.ack(EDS, "a", "b")
    whole.hears(EDS, "b")


def test_x14_a_name_dropped_and_asked_for_again_is_sent_again(whole):
    whole.publish(eds="a b")
    whole.ask(EDS, "a", "b")
    whole.takes(EDS, "a b")
    whole.ack(EDS, "a")
    whole.silence()
    whole.ack(EDS, "a", "b")
    whole.hears(EDS, "b")


def test_x15_x16_fewer_names_and_none(whole):
    whole.publish(eds="a b")
    whole.ask(EDS, "a", "b")
    whole.takes(EDS, "a b")
    whole.ack(EDS, "a")
    whole.silence()
    whole.publish(eds="a b2")
    whole.silence()
    whole.ack(EDS)
    whole.silence()
    whole.publish(eds="a2 b2")
    whole.silence()


def test_x17_from_everything_to_nothing(whole):
    whole.publish(lds="a b")
    whole.ask(LDS)
    whole.hears(LDS, "a b")
    whole.ack(LDS, "*", "a")
    whole.hears(LDS, "a b")
    whole.ack(LDS, "a")
    whole.silence()
    whole.publish(lds="a b2")
    whole.silence()
    whole.publish(lds="a2 b2")
    whole.hears(LDS, "a2")
    whole.ack(LDS)
    whole.silence()
    whole.publish(lds="a3 b3")
    whole.silence()


def test_x26_a_missing_name_is_no_fake_and_x25_comes_later(whole):
    whole.publish(eds="a")
    whole.ask(EDS, "a", "ghost")
    whole.hears(EDS, "a")
    whole.ack(EDS, "a", "ghost")
    whole.silence()
    whole.publish(eds="a ghost")
    whole.hears(EDS, "ghost")


def test_x29_x30_the_whole_of_clusters_but_only_the_changed_endpoints(whole):
    whole.publish(cds="a b c", eds="a b c")
    whole.ask(CDS)
    whole.takes(CDS, "a b c")
    whole.ask(EDS, "a", "b", "c")
    whole.takes(EDS, "a b c")
    whole.publish(cds="a b c", eds="a b2 c")
    whole.takes(EDS, "b2")
    whole.publish(cds="a b c", eds="a b2 c")
    whole.silence()


def test_x32_a_deleted_cluster_is_omitted(whole):
    whole.publish(cds="a b")
    whole.ask(CDS)
    whole.takes(CDS, "a b")
    whole.publish(cds="a")
    whole.takes(CDS, "a")
    whole.publish()
    whole.takes(CDS, "")


# Subscriptions, delta


@pytest.mark.parametrize("first", [(), ("*",)], ids=["x18 legacy", "x19 explicit"])
def test_x18_x19_wildcard_and_names(delta, first):
    delta.publish(lds="a b")
    delta.ask(LDS, *first)
    delta.takes(LDS, "a b")
    delta.ask(LDS, "a")
    delta.takes(LDS, "a")
    delta.ask(LDS, drop=("*",))
    delta.publish(lds="a2 b2")
    delta.takes(LDS, "a2")
    delta.ask(LDS, drop=("a",))
    delta.publish(lds="a3 b3")
    delta.silence()


def test_x20_x21_dropping_a_name_that_the_wildcard_covers(delta):
    delta.publish(lds="a")
    delta.ask(LDS)
    delta.takes(LDS, "a")
    delta.ask(LDS, "a", "ghost")
    delta.takes(LDS, "a", "ghost")
    delta.ask(LDS, drop=("a",))
    delta.takes(LDS, "a")
    delta.ask(LDS, drop=("ghost",))
    delta.takes(LDS, "", "ghost")


def test_x22_dropping_what_was_never_asked_for(delta):
    delta.publish(eds="a b")
    delta.ask(EDS, "a")
    delta.takes(EDS, "a")
    delta.ask(EDS, drop=("b", "ghost"))
    delta.silence()


def test_x23_asking_again_for_what_is_held(delta):
    delta.publish(eds="a")
    delta.ask(EDS, "a")
    delta.takes(EDS, "a")
    delta.ask(EDS, "a")
    delta.takes(EDS, "a")


def test_x24_x25_a_missing_name_is_told_and_sent_when_it_comes(delta):
    delta.publish(eds="a")
    delta.ask(EDS, "ghost")
    delta.takes(EDS, "", "ghost")
    delta.publish(eds="a ghost")
    delta.takes(EDS, "ghost")


def test_x31_x33_exactly_what_changed_and_what_is_gone_once(delta):
    delta.publish(cds="a b c")
    delta.ask(CDS)
    delta.takes(CDS, "a b c")
    delta.publish(cds="a b2 c")
    delta.takes(CDS, "b2")
    delta.publish(cds="a b2")
    delta.takes(CDS, "", "c")
    delta.publish(cds="a b2")
    delta.silence()


def test_x39_x40_a_client_that_comes_back_gets_what_it_lacks(delta):
    now = state(cds="a b").of(CDS).resources
    delta.publish(cds="a b2")
    delta.ask(CDS, has={"a": now["a"].version, "b": now["b"].version, "gone": "1"})
    delta.takes(CDS, "b2", "gone")


def test_x39_a_client_that_has_all_is_sent_nothing(delta):
    now = state(eds="a b").of(EDS).resources
    delta.publish(eds="a b")
    delta.ask(EDS, "a", "b", has={name: one.version for name, one in now.items()})
    delta.silence()


# Order


def test_x45_types_are_independent(client):
    client.publish(cds="a", eds="a")
    client.ask(CDS)
    first = client.hears(CDS, "a")
    client.ask(EDS, "a")
    second = client.hears(EDS, "a")
    assert first.nonce != second.nonce
    client.ack(EDS, *(() if client.delta else ("a",)))
    client.silence()


def connected(client: Client, **types: str) -> None:
    """A client that has everything that is published, of all four types."""
    client.publish(**types)
    for type_url, short in ((CDS, "cds"), (EDS, "eds"), (LDS, "lds"), (RDS, "rds")):
        names = types[short].split() if short in ("eds", "rds") else ()
        client.ask(type_url, *names)
        client.takes(type_url, types[short])


def test_x51_make_before_break(client):
    """New cluster, then the route to it; the old cluster goes when nothing points at it."""
    connected(client, cds="old", eds="old", lds="l", rds="r")
    client.publish(cds="new", eds="new", lds="l2", rds="r2")
    client.hears(CDS, "new" if client.delta else "new old")
    client.silence()
    client.ask(EDS, *(("new",) if client.delta else ("old", "new")),
               nonce="" if client.delta else client.nonces[EDS])  # fmt: skip
    client.takes(EDS, "new")
    client.ack(CDS)
    client.hears(LDS, "l2")
    client.hears(RDS, "r2")
    client.silence()
    client.ack(LDS)
    client.silence()
    client.ack(RDS, *(() if client.delta else ("r",)))
    if client.delta:
        client.takes(EDS, "", "old")
        client.takes(CDS, "", "old")
    else:
        client.takes(CDS, "new")
    client.silence()


def test_a_cluster_that_comes_back_before_it_went_stays(client):
    connected(client, cds="a", eds="a", lds="l", rds="r")
    client.publish(cds="", eds="a", lds="l2", rds="r")
    client.hears(LDS, "l2")
    client.publish(cds="a", eds="a", lds="l2", rds="r")
    client.takes(CDS, "a")
    client.ack(LDS)
    client.silence()


def test_listeners_wait_for_clusters_to_be_accepted(client):
    connected(client, cds="a", eds="a", lds="l", rds="r")
    client.publish(cds="a b", eds="a", lds="l2", rds="r")
    client.hears(CDS, "b" if client.delta else "a b")
    client.silence()
    client.ack(CDS)
    client.hears(LDS, "l2")


def test_rejected_clusters_do_not_hold_up_listeners(client):
    connected(client, cds="a", eds="a", lds="l", rds="r")
    client.publish(cds="a2", eds="a", lds="l2", rds="r")
    client.hears(CDS, "a2")
    client.hears(EDS, "a")
    client.ack(EDS, *(() if client.delta else ("a",)))
    client.ack(CDS, error="bad")
    client.rejected(CDS, "bad", "a")
    client.hears(LDS, "l2")


def test_x53_endpoints_follow_a_changed_cluster_at_once(client):
    connected(client, cds="a b", eds="a b", lds="l", rds="r")
    client.publish(cds="a2 b", eds="a b", lds="l", rds="r")
    client.hears(CDS, "a2" if client.delta else "a2 b")
    client.hears(EDS, "a")
    client.silence()


def test_x53_also_for_a_client_that_comes_back(delta):
    """It asks for clusters first; that one changed is remembered until it asks for endpoints."""
    old = state(cds="a", eds="a")
    delta.publish(cds="a2", eds="a")
    delta.ask(CDS, has={"a": old.of(CDS).resources["a"].version})
    delta.hears(CDS, "a2")
    delta.ask(EDS, "a", has={"a": old.of(EDS).resources["a"].version})
    delta.hears(EDS, "a")


# Versions and memory


def test_x35_x38_versions_follow_content_alone(client):
    client.publish(cds="a b")
    client.ask(CDS)
    first = client.takes(CDS, "a b")
    client.publish(cds="b a")
    client.silence()
    client.publish(cds="a2 b")
    second = client.takes(CDS, "a2" if client.delta else "a2 b")
    client.publish(cds="a b")
    third = client.takes(CDS, "a" if client.delta else "a b")
    assert first.version == third.version != second.version


def test_the_last_events_are_remembered_and_no_more(client):
    client.publish(cds="a")
    client.ask(CDS)
    client.takes(CDS, "a")
    for number in range(300):
        client.publish(cds=f"a{number}")
        client.takes(CDS, f"a{number}")
    assert len(client.stream.log) == 200
    assert client.stream.log[-1][0].startswith("asked Cluster")


def test_what_follows_a_changed_cluster_may_have_another_name(client):
    def published(content: str) -> Published:
        changed = of_any("a", content.encode(), follower="a@eu")
        return Published(Snapshot({CDS: set_of([changed]), EDS: state(eds="a@eu").of(EDS)}))

    client.feed(published("a1"))
    client.ask(CDS)
    client.takes(CDS, "a1")
    client.ask(EDS, "a@eu")
    client.takes(EDS, "a@eu")
    client.feed(published("a2"))
    client.takes(CDS, "a2")
    client.takes(EDS, "a@eu")
    client.silence()
