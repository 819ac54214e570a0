"""Patches: what RFC 6902, RFC 7396 and Kubernetes' strategic merge patch say must come out."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, strategies as st

from telltale.kube import patch
from telltale.kube.errors import BadRequest, Invalid, TooLarge


@dataclass(frozen=True)
class Tree:
    """A shape written by hand: {"containers": Tree(key="name")}."""

    fields: dict = field(default_factory=dict)
    key: str = ""
    merges: bool = False
    replaces: bool = False

    @property
    def merge_key(self) -> str:
        return self.key

    def field(self, name):
        return self.fields.get(name, Tree())

    def element(self):
        return Tree(self.fields)


POD = Tree(
    {
        "containers": Tree({"env": Tree(key="name", merges=True)}, key="name", merges=True),
        "finalizers": Tree(merges=True),
        "strategy": Tree(),
        "selector": Tree(replaces=True),
    }
)


def strategic(target, change):
    return patch.strategic_patch(target, change, POD)


@pytest.mark.parametrize(
    ("target", "change", "result"),
    [  # the examples of RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge(target, change, result):
    assert patch.merge_patch(target, change) == result


def test_json_patch_and_its_errors():
    add = [{"op": "add", "path": "/a/b", "value": 1}]
    assert patch.json_patch({"a": {}}, add) == {"a": {"b": 1}}
    with pytest.raises(Invalid):
        patch.json_patch({"a": 1}, [{"op": "test", "path": "/a", "value": 2}])
    with pytest.raises(Invalid):
        patch.json_patch({}, [{"op": "remove", "path": "/a"}])
    with pytest.raises(BadRequest):
        patch.json_patch({}, [{"op": "nonsense", "path": "/a"}])
    with pytest.raises(BadRequest):
        patch.json_patch({}, ["nonsense"])
    with pytest.raises(BadRequest):
        patch.json_patch({}, {"op": "add"})
    with pytest.raises(TooLarge):
        patch.json_patch({}, [{"op": "add", "path": "/a", "value": 1}] * 10_001)


def test_a_list_is_merged_by_its_key():
    target = {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]}
    change = {"containers": [{"name": "b", "image": "2"}, {"name": "c", "image": "3"}]}
    assert strategic(target, change) == {
        "containers": [
            {"name": "a", "image": "1"},
            {"name": "b", "image": "2"},
            {"name": "c", "image": "3"},
        ]
    }


def test_an_element_is_deleted_by_its_key():
    target = {"containers": [{"name": "a"}, {"name": "b"}]}
    change = {"containers": [{"name": "a", "$patch": "delete"}]}
    assert strategic(target, change) == {"containers": [{"name": "b"}]}


def test_a_list_within_a_list_is_merged_too():
    target = {"containers": [{"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y"}]}]}
    change = {"containers": [{"name": "a", "env": [{"name": "X", "value": "2"}]}]}
    env = strategic(target, change)["containers"][0]["env"]
    assert env == [{"name": "X", "value": "2"}, {"name": "Y"}]


def test_directives_that_replace():
    target = {"containers": [{"name": "a"}], "strategy": {"type": "X", "rolling": {"a": 1}}}
    whole = {"containers": [{"$patch": "replace"}, {"name": "z"}]}
    assert strategic(target, whole)["containers"] == [{"name": "z"}]
    retain = {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}
    assert strategic(target, retain)["strategy"] == {"type": "Recreate"}
    other = {"strategy": {"$patch": "replace", "x": 1}}
    assert strategic(target, other)["strategy"] == {"x": 1}
    assert "strategy" not in strategic(target, {"strategy": {"$patch": "delete"}})


def test_lists_of_plain_values():
    target = {"finalizers": ["a", "b"]}
    assert strategic(target, {"finalizers": ["b", "c"]})["finalizers"] == ["a", "b", "c"]
    gone = {"$deleteFromPrimitiveList/finalizers": ["a"]}
    assert strategic(target, gone)["finalizers"] == ["b"]
    assert strategic({"args": ["a"]}, {"args": ["b"]})["args"] == ["b"]  # not merged: replaced


def test_the_order_that_kubectl_asks_for():
    target = {"containers": [{"name": "a"}, {"name": "server"}, {"name": "b"}]}
    change = {
        "$setElementOrder/containers": [{"name": "b"}, {"name": "new"}, {"name": "a"}],
        "containers": [{"name": "new"}],
    }
    names = [one["name"] for one in strategic(target, change)["containers"]]
    assert [name for name in names if name != "server"] == ["b", "new", "a"]
    assert "server" in names


def test_a_map_that_is_replaced_whole():
    assert strategic({"selector": {"a": 1}}, {"selector": {"b": 2}}) == {"selector": {"b": 2}}


def test_what_cannot_be_a_strategic_patch():
    with pytest.raises(BadRequest, match="does not contain declared merge key: name"):
        strategic({}, {"containers": [{"image": "x"}]})
    with pytest.raises(BadRequest, match="unrecognized patch directive"):
        strategic({}, {"$patch": "what"})
    with pytest.raises(BadRequest):
        strategic({}, [])


NAMED = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abcd"), "image": st.text(max_size=3)}),
    max_size=4,
    unique_by=lambda one: one["name"],
)


@given(NAMED, NAMED)
def test_merging_never_loses_or_doubles_an_element(target, change):
    merged = strategic({"containers": target}, {"containers": change})["containers"]
    names = [one["name"] for one in merged]
    assert len(names) == len(set(names))
    assert set(names) == {one["name"] for one in target + change}
    wanted = {one["name"]: one["image"] for one in target} | {
        one["name"]: one["image"] for one in change
    }
    assert {one["name"]: one["image"] for one in merged} == wanted


@given(NAMED, NAMED)
def test_the_given_object_is_never_changed(target, change):
    before = repr(target)
    strategic({"containers": target}, {"containers": change})
    assert repr(target) == before
