"""Sets and their versions."""

from hypothesis import given, strategies as st

from telltale.pilot.xds.resource import of_any
from telltale.pilot.xds.snapshot import EMPTY, Difference, Snapshot, set_of

contents = st.dictionaries(st.text(min_size=1, max_size=2), st.binary(max_size=2), max_size=8)


def built(content):
    return set_of(of_any(name, body) for name, body in content.items())


@given(contents, contents)
def test_the_difference_leads_from_one_to_the_other(old, new):
    difference = built(new).since(built(old))
    assert difference.removed == old.keys() - new.keys()
    assert difference.changed == {name for name in new if old.get(name) != new[name]}


@given(contents, contents)
def test_versions_are_equal_if_and_only_if_contents_are(old, new):
    assert (built(old).version == built(new).version) == (old == new)


@given(contents, contents)
def test_changing_parts_is_building_anew(old, new):
    changed = built(old).with_changes(built(new).resources.values(), old.keys() - new.keys())
    assert changed.version == built(new).version
    assert changed.resources == built(new).resources


def test_of_two_of_one_name_the_first_stays():
    one = set_of([of_any("a", b"1"), of_any("a", b"2")])
    assert one.version == set_of([of_any("a", b"1")]).version


def test_the_difference_is_found_once_for_all_streams():
    old, new = built({"a": b"1"}), built({"a": b"2"})
    assert new.since(old) is new.since(old)
    assert new.since(EMPTY) == Difference(frozenset("a"), frozenset())


def test_snapshots_are_the_same_when_no_client_can_tell():
    one, same = ({"t": built({"a": b"1"})} for _ in range(2))
    assert Snapshot(one, 1.0).same_as(Snapshot(same, 2.0))
    assert Snapshot({"t": EMPTY}).same_as(Snapshot())
    assert not Snapshot({"t": built({"a": b"1"})}).same_as(Snapshot())
