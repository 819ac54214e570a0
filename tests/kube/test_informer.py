"""A kind kept current through everything that happens to a watch."""

import asyncio

import pytest

from telltale.kube.client import Change, Client
from telltale.kube.codec import Json
from telltale.kube.errors import ApiError, Gone, Unavailable
from telltale.kube.informer import Informer
from telltale.kube.kinds import POD
from tests.kube.scripted import Scripted, says


def pod(name: str, version: int, uid: str = "") -> Json:
    meta = {"name": name, "namespace": "shop", "resourceVersion": str(version), "uid": uid or name}
    return {"kind": "Pod", "metadata": meta}


def listing(version: int, *pods: Json) -> Json:
    return {"metadata": {"resourceVersion": str(version)}, "items": list(pods)}


def event(change: str, object: Json) -> Json:
    return {"type": change, "object": object}


def follow(server: Scripted, runs: int = 1) -> tuple[Informer, list[tuple[str, str, str]]]:
    """Runs an informer as its caller's loop does; returns it, and what its listeners heard."""
    informer = Informer(Client(server), POD, labels="app=web")
    heard: list[tuple[str, str, str]] = []
    informer.listeners.append(
        lambda change, one: heard.append((change, one.metadata.name, one.metadata.uid))
    )
    for _ in range(runs):
        with pytest.raises(ApiError):
            asyncio.run(informer.run())
    return informer, heard


def test_lists_then_watches_from_there():
    server = Scripted(
        says(listing(5, pod("a", 3))),
        [
            event("ADDED", pod("b", 6)),
            event("MODIFIED", pod("a", 7)),
            event("DELETED", pod("b", 8)),
        ],
    )
    informer, heard = follow(server)
    assert [name for _, name in informer.objects] == ["a"]
    assert informer.get("a", "shop").metadata.resource_version == "7"
    assert [one[:2] for one in heard] == [
        (Change.ADDED, "a"), (Change.ADDED, "b"), (Change.MODIFIED, "a"), (Change.DELETED, "b"),
    ]  # fmt: skip
    assert informer.synced.value
    watch = server.asked[1].query
    assert (watch["resourceVersion"], watch["labelSelector"]) == ("5", "app=web")


def test_a_stream_that_ends_goes_on_where_it_was_bookmarks_counted():
    bookmark = event("BOOKMARK", {"metadata": {"resourceVersion": "40"}})
    server = Scripted(says(listing(5)), [event("ADDED", pod("a", 6)), bookmark], [], [])
    _, heard = follow(server)
    assert [request.query.get("resourceVersion") for request in server.asked[1:]] == [
        "5", "40", "40", "40",
    ]  # fmt: skip
    assert len(heard) == 1


@pytest.mark.parametrize("gap", [Gone("too old"), Unavailable("connection reset")])
def test_a_gap_loses_no_deletion(gap: ApiError):
    server = Scripted(
        says(listing(5, pod("stays", 1), pod("changes", 2), pod("goes", 3))), gap,
        says(listing(9, pod("stays", 1), pod("changes", 8), pod("comes", 9))), gap,
    )  # fmt: skip
    informer, heard = follow(server, runs=2)
    assert heard[3:] == [
        (Change.DELETED, "goes", "goes"),
        (Change.MODIFIED, "changes", "changes"),
        (Change.ADDED, "comes", "comes"),
    ]
    assert {name for _, name in informer.objects} == {"stays", "changes", "comes"}


def test_what_came_back_under_the_same_name_is_another_object():
    server = Scripted(
        says(listing(5, pod("a", 3, uid="first"))), Gone("too old"),
        says(listing(9, pod("a", 8, uid="second"))),
    )  # fmt: skip
    _, heard = follow(server, runs=2)
    assert heard[1:] == [(Change.DELETED, "a", "first"), (Change.ADDED, "a", "second")]


def test_an_error_inside_the_stream_is_raised_as_what_it_means():
    expired = {"kind": "Status", "code": 410, "message": "too old resource version"}
    server = Scripted(says(listing(5)), [event("ERROR", expired)])
    informer = Informer(Client(server), POD)
    with pytest.raises(Gone, match="too old"):
        asyncio.run(informer.run())


def test_nothing_is_forgotten_while_the_server_is_away():
    server = Scripted(says(listing(5, pod("a", 3))), Unavailable("refused"), Unavailable("refused"))
    informer, heard = follow(server, runs=2)
    assert informer.get("a", "shop")
    assert len(heard) == 1


def test_waiting_for_the_first_list():
    async def story():
        informer = Informer(Client(Scripted(says(listing(5)))), POD)
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            waiting = group.create_task(informer.wait_synced())
            await asyncio.sleep(0)
            assert not waiting.done()
            with pytest.raises(Unavailable):
                await informer.run()
        await informer.wait_synced()

    asyncio.run(story())
