"""The condition of an object of Istio's kinds."""

from telltale.kube.istio.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from telltale.kube.meta import Config, Meta, Ref
from telltale.pilot.intake.problem import Level, Problem
from telltale.pilot.intake.reconciled import statuses
from telltale.pilot.intake.status import About

CART = Config(metadata=Meta(name="cart", namespace="shop", generation=3))
ABOUT = About(VIRTUAL_SERVICE, "shop", "cart")


def problem(what, level=Level.ERROR, name="cart"):
    return Problem(Ref("VirtualService", "shop", name), "spec.x", what, "why", "hint", level)


def condition(*problems):
    [found] = statuses({VIRTUAL_SERVICE: [CART]}, problems)[ABOUT]["conditions"]
    return found


def test_nothing_wrong_is_said_too():
    assert condition(problem("other", name="other")) == {
        "type": "Reconciled", "status": "True", "reason": "Accepted", "message": "",
        "observedGeneration": 3,
    }  # fmt: skip


def test_an_error_is_told_before_a_warning_and_once():
    found = condition(problem("old", Level.WARNING), problem("bad"), problem("bad"))
    assert (found["status"], found["reason"]) == ("False", "Errors")
    assert found["message"] == "spec.x: bad: why; hint\nspec.x: old: why; hint"


def test_a_warning_alone_does_not_make_it_false():
    found = condition(problem("old", Level.WARNING), problem("by the way", Level.INFO))
    assert (found["status"], found["reason"]) == ("True", "Warnings")
    assert "by the way" not in found["message"]


def test_many_are_counted():
    message = condition(*(problem(f"bad {one}") for one in range(14)))["message"]
    assert message.endswith("and 4 more")


def test_every_object_of_our_kinds_has_one():
    found = statuses({VIRTUAL_SERVICE: [CART], DESTINATION_RULE: [CART]}, [])
    assert len(found) == 2
