"""Shelves: what one's own writes teach, and what the watch says later."""

from telltale.cluster.controllers.view import Shelf
from telltale.kube.codec import convert
from telltale.kube.core import Pod
from telltale.kube.kinds import POD


def pod(name="a", version=1, uid="u1", owner=""):
    owners = [{"uid": owner, "kind": "ReplicaSet", "name": "r", "controller": True}]
    meta = {"name": name, "namespace": "x", "uid": uid, "resourceVersion": str(version)}
    return convert(Pod, {"metadata": {**meta, "ownerReferences": owners if owner else []}})


def test_what_a_write_taught_is_not_unlearnt_by_older_news():
    shelf = Shelf(POD)
    shelf.learn(pod(version=7))
    shelf.hear(pod(version=5), gone=False)
    assert shelf.get("a", "x").metadata.resource_version == "7"


def test_a_late_answer_does_not_bring_back_what_the_watch_saw_go():
    shelf = Shelf(POD)
    shelf.hear(pod(version=5), gone=False)
    shelf.hear(pod(version=6), gone=True)
    shelf.learn(pod(version=5))
    assert shelf.get("a", "x") is None


def test_a_namesake_is_another():
    shelf = Shelf(POD)
    shelf.hear(pod(version=9, uid="new"), gone=False)
    shelf.hear(pod(version=8, uid="old"), gone=True)
    assert shelf.get("a", "x").metadata.uid == "new"


def test_owned_follows_the_owner_references():
    shelf = Shelf(POD)
    shelf.put(pod(owner="o1"))
    assert [one.metadata.name for one in shelf.owned("o1")] == ["a"]
    shelf.put(pod(version=2))
    assert shelf.owned("o1") == []


def test_an_accepted_delete_counts_at_once_and_a_broken_watch_undoes_guesses():
    shelf = Shelf(POD)
    first = pod(version=5)
    shelf.hear(first, gone=False)
    shelf.leaving("a", "x", "2019-08-30T16:43:50Z")
    assert shelf.get("a", "x").metadata.deletion_timestamp
    shelf.learn(pod("ghost", version=8))
    shelf.forget_learnt({("x", "a"): first})
    assert shelf.get("a", "x") is first and shelf.get("ghost", "x") is None
