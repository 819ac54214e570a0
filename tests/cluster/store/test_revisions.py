"""The store: one number, no lost write, history that can be asked and is forgotten in time."""

import asyncio
import sqlite3

import pytest
from hypothesis import given, settings, strategies as st

from telltale.cluster.store.journal import Journal, StoreUnusable
from telltale.cluster.store.revisions import Stale, Store
from telltale.cluster.store.stored import Index, Key
from telltale.cluster.store.watches import Event, Forgotten
from telltale.lib.clock import FakeClock


def index(resource, object):
    return Index(object["metadata"].get("labels", {}), {})


def opened(path="", clock=None):
    return Store(Journal(str(path) if path else ""), clock or FakeClock(), index)


def named(name="a", **more):
    return {"metadata": {"name": name, **more}}


A, B, OTHER = Key("maps", "n", "a"), Key("maps", "n", "b"), Key("pods", "n", "a")


def test_one_number_grows_over_all_resources():
    store = opened()
    revisions = [store.put(key, named(), None).revision for key in (A, B, OTHER)]
    revisions.append(store.put(A, named(), revisions[0]).revision)
    revisions.append(store.remove(A, named(), revisions[-1]).revision)
    assert revisions == [1, 2, 3, 4, 5]
    assert store.get(A) is None
    assert store.get(B).object()["metadata"]["resourceVersion"] == "2"


@pytest.mark.parametrize("expected", [None, 7])
def test_a_writer_who_read_something_else_changes_nothing(expected):
    store = opened()
    store.put(A, named(), None)
    with pytest.raises(Stale):
        store.put(A, named(), expected)
    assert store.revision == 1


def test_changes_since_a_revision():
    store = opened()
    made = store.put(A, named(), None)
    changed = store.put(A, named(x="y"), made.revision)
    store.put(OTHER, named(), None)
    gone = store.remove(A, named(), changed.revision)
    events = [(one.event, one.stored.revision) for one in store.log("maps").since(0)]
    assert events == [(Event.ADDED, 1), (Event.MODIFIED, 2), (Event.DELETED, 4)]
    assert store.log("maps").since(gone.revision) == []
    deleted = store.log("maps").since(2)[0]
    assert b'"resourceVersion":"4"' in deleted.line(Event.DELETED)
    assert deleted.line(Event.DELETED) is deleted.line(Event.DELETED)  # made once, for everyone


def test_a_list_as_it_was():
    store = opened()
    a = store.put(A, named(), None)
    store.put(B, named("b"), None)
    store.remove(A, named(), a.revision)
    assert [one.key.name for one in store.all_at("maps", "", 1)] == ["a"]
    assert [one.key.name for one in store.all_at("maps", "", 2)] == ["a", "b"]
    assert [one.key.name for one in store.all("maps")] == ["b"]


def test_everything_survives_a_restart(tmp_path):
    store = opened(tmp_path / "db")
    a = store.put(A, named(), None)
    a = store.put(A, named(labels={"l": "1"}), a.revision)
    b = store.put(B, named("b"), None)
    store.remove(B, named("b"), b.revision)
    again = opened(tmp_path / "db")  # the first one is still open, as after kill -9
    assert again.revision == store.revision == 4
    assert again.get(A).body == a.body
    assert again.get(A).index.labels == {"l": "1"}
    assert again.get(B) is None
    assert [one.stored.revision for one in again.log("maps").since(2)] == [3, 4]
    assert again.put(B, named("b"), None).revision == 5


def test_forgetting_keeps_what_is_and_the_number(tmp_path):
    clock = FakeClock()
    store = opened(tmp_path / "db", clock)
    a = store.put(A, named(), None)
    a = store.put(A, named(), a.revision)
    b = store.put(B, named("b"), None)
    store.remove(B, named("b"), b.revision)
    assert store.compact(300) == 0
    clock.advance(301)
    late = store.put(A, named(), a.revision)
    assert store.compact(300) == 3  # a's first version, b and its deletion
    with pytest.raises(Forgotten):
        store.log("maps").since(3)
    assert [one.stored.revision for one in store.log("maps").since(4)] == [late.revision]
    with pytest.raises(Forgotten):
        store.all_at("maps", "", 2)
    store.close()
    again = opened(tmp_path / "db", clock)
    assert again.revision == late.revision
    assert again.get(A).body == late.body
    with pytest.raises(Forgotten):
        again.log("maps").since(3)


def test_the_number_never_goes_back_when_the_last_row_is_forgotten(tmp_path):
    clock = FakeClock()
    store = opened(tmp_path / "db", clock)
    store.remove(A, named(), store.put(A, named(), None).revision)
    clock.advance(1000)
    store.compact()
    store.close()
    assert opened(tmp_path / "db", clock).put(A, named(), None).revision == 3


def test_a_waiter_is_woken_by_the_next_change():
    async def story():
        store = opened()
        waiting = asyncio.ensure_future(store.log("maps").wait(0))
        await asyncio.sleep(0)
        store.put(OTHER, named(), None)
        await asyncio.sleep(0)
        assert not waiting.done()
        store.put(A, named(), None)
        async with asyncio.timeout(1):
            (change,) = await waiting
        assert change.stored.key == A

    asyncio.run(story())


def test_nobody_waits_for_a_store_that_is_closing():
    async def story():
        store = opened()
        waiting = asyncio.ensure_future(store.log("maps").wait(0))
        await asyncio.sleep(0)
        store.close()
        async with asyncio.timeout(1):
            assert await waiting == []
            assert await store.log("maps").wait(0) == []

    asyncio.run(story())


def test_a_write_that_the_disk_refuses_changes_nothing(tmp_path):
    store = opened(tmp_path / "db")
    a = store.put(A, named(), None)
    with sqlite3.connect(tmp_path / "db") as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON log BEGIN SELECT RAISE(FAIL, 'disk full'); END"
        )
    other.close()
    with pytest.raises(StoreUnusable, match="disk full"):
        store.put(A, named(x="y"), a.revision)
    assert store.revision == 1
    assert store.get(A).body == a.body
    assert len(store.log("maps")) == 1


def test_a_file_that_is_no_store(tmp_path):
    (tmp_path / "db").write_text("not a database, but long enough to look like a file of one" * 20)
    with pytest.raises(
        StoreUnusable, match="db: the store cannot be opened: file is not a database"
    ):
        opened(tmp_path / "db")


WRITES = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["put", "put", "remove"])), max_size=30
)


@settings(max_examples=40, deadline=None)
@given(WRITES, st.integers(0, 30))
def test_history_agrees_with_what_was(writes, since):
    """Replaying the changes after any revision over the list of then gives the list of now."""
    store = opened()
    for name, action in writes:
        key = Key("maps", "n", name)
        known = store.get(key)
        if action == "put":
            store.put(key, named(name), known.revision if known else None)
        elif known:
            store.remove(key, named(name), known.revision)
    at = min(since, store.revision)
    state = {one.key: one.revision for one in store.all_at("maps", "", at)}
    for change in store.log("maps").since(at):
        if change.event is Event.DELETED:
            del state[change.stored.key]
        else:
            state[change.stored.key] = change.stored.revision
    assert state == {one.key: one.revision for one in store.all("maps")}
