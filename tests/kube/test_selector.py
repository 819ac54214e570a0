"""Selectors as kubectl writes them, and as objects carry them."""

import pytest

from telltale.kube import selector
from telltale.kube.errors import BadRequest
from telltale.kube.meta import LabelSelector, Requirement

LABELS = {"app": "web", "tier": "front", "empty": ""}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True), (" , ", True),
        ("app=web", True), ("app==web", True), ("app = web", True), ("app=db", False),
        ("app!=db", True), ("app!=web", False), ("other!=web", True),
        ("app in (web, db)", True), ("app in (db)", False), ("other in (web)", False),
        ("app notin (db)", True), ("other notin (web)", True), ("app notin (web,db)", False),
        ("app", True), ("other", False), ("!other", True), ("! app", False), ("empty=", True),
        ("app in (web,db),tier=front,!other", True), ("app in (web,db),tier=back", False),
    ],
)  # fmt: skip
def test_what_a_selector_selects(text: str, matches: bool):
    assert selector.parse(text).matches(LABELS) is matches


@pytest.mark.parametrize("text", ["app in web", "a b", "app=a=b", "in (a)", "(a)", "app in (a"])
def test_what_cannot_be_read_is_named(text: str):
    with pytest.raises(BadRequest, match="unable to parse requirement"):
        selector.parse(text)


def test_an_object_s_selector_is_both_of_its_halves():
    both = LabelSelector(
        match_labels={"app": "web"},
        match_expressions=[Requirement(key="tier", operator="NotIn", values=["back"])],
    )
    assert selector.of(both).matches(LABELS)
    assert not selector.of(both).matches({**LABELS, "tier": "back"})
    assert selector.equal({"app": "web"}).matches(LABELS)
