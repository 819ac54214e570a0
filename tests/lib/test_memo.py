"""Results found again by identity."""

from telltale.lib.memo import Memo


def test_the_same_parts_give_the_same_result_and_are_asked_once():
    memo, made = Memo(), []

    def join(one, two):
        made.append((one, two))
        return [one, two]

    part, twin = ("a",), tuple("a")
    first = memo.of(join, part, "x")
    assert memo.of(join, part, "x") is first and len(made) == 1
    assert memo.of(join, twin, "x") is not first  # equal, and not the same
    assert memo.of(join, part, "y") is not first


def test_none_is_a_result_too():
    memo, made = Memo(), []

    def note(one):
        made.append(one)

    assert memo.of(note, 1) is None
    assert memo.of(note, 1) is None
    assert made == [1]


def test_parts_may_be_said_apart_from_what_makes_of_them():
    memo, part = Memo(), ("a",)
    first = memo.by(("thing", part), lambda: [*part])
    assert memo.by(("thing", part), list) is first
    assert memo.by(("other", part), list) == []


def test_it_does_not_grow_without_end():
    memo = Memo(most=10)
    for number in range(1000):
        memo.of(str, number)
    assert len(memo._young) + len(memo._old) <= 22


def test_what_is_not_asked_for_between_two_sweeps_is_forgotten():
    memo, made = Memo(), []

    def make(one):
        made.append(one)
        return object()

    kept = memo.of(make, "kept")
    memo.of(make, "dropped")
    memo.sweep()
    assert memo.of(make, "kept") is kept
    memo.sweep()
    assert memo.of(make, "kept") is kept
    memo.of(make, "dropped")
    assert made == ["kept", "dropped", "dropped"]


def test_of_a_group_each_is_made_once_and_forgotten_when_it_is_gone():
    memo, made = Memo(), []

    def make(one, end):
        made.append(one[0])
        return one[0] + end

    a, b, c = ("a",), ("b",), ("c",)
    group = (a, b)
    first = memo.each(make, group, "!")
    assert first == ("a!", "b!") and memo.each(make, group, "!") is first
    assert memo.each(make, (b, c), "!") == ("b!", "c!") and made == ["a", "b", "c"]
    assert memo.each(make, (a, b), "!") == first and made == ["a", "b", "c", "a"]
    assert memo.each(make, (a,), "?") == ("a?",)
