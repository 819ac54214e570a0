"""What is to be written into a status, given what stands there."""

from telltale.pilot.intake.status import CONTROLLER, Condition, conditions, settled

NOW, BEFORE = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"
OURS = {"parentRef": {"name": "gw"}, "controllerName": CONTROLLER}
THEIRS = {"parentRef": {"name": "gw"}, "controllerName": "example.com/other",
          "conditions": [{"type": "Accepted", "status": "False"}]}  # fmt: skip


def said(holds: bool, message: str = "") -> list:
    return conditions([Condition("Accepted", holds, "Why", message, 3)])


def at(when: str, *of: dict) -> list:
    return [{**one, "lastTransitionTime": when} for one in of]


def test_the_first_word_has_the_time_of_now():
    assert settled({}, {"conditions": said(True)}, NOW) == {"conditions": at(NOW, *said(True))}


def test_what_is_said_already_is_not_said_again():
    known = {"conditions": at(BEFORE, *said(True))}
    assert settled(known, {"conditions": said(True)}, NOW) is None
    assert settled({}, {"parents": []}, NOW) is None


def test_the_time_moves_with_the_status_not_with_the_words():
    known = {"conditions": at(BEFORE, *said(True, "old"))}
    found = settled(known, {"conditions": said(True, "new")}, NOW)
    assert found == {"conditions": at(BEFORE, *said(True, "new"))}
    found = settled(known, {"conditions": said(False)}, NOW)
    assert found == {"conditions": at(NOW, *said(False))}


def test_conditions_of_other_types_stay():
    other = {"type": "Ready", "status": "True", "lastTransitionTime": BEFORE}
    found = settled({"conditions": [other], "x": 1}, {"conditions": said(True)}, NOW)
    assert found == {"conditions": [other, *at(NOW, *said(True))], "x": 1}


def test_parents_of_other_controllers_stay_and_ours_are_told_apart_by_reference():
    second = {**OURS, "parentRef": {"name": "gw2"}}
    known = {"parents": [{**OURS, "conditions": at(BEFORE, *said(True))}, THEIRS]}
    wanted = {"parents": [{**OURS, "conditions": said(True)},
                          {**second, "conditions": said(True)}]}  # fmt: skip
    found = settled(known, wanted, NOW)
    assert found == {"parents": [
        THEIRS, {**OURS, "conditions": at(BEFORE, *said(True))},
        {**second, "conditions": at(NOW, *said(True))},
    ]}  # fmt: skip
    assert settled(found, wanted, NOW) is None
    assert settled(found, {"parents": []}, NOW) == {"parents": [THEIRS]}


def test_listeners_are_replaced_as_a_whole():
    known = {"listeners": [{"name": "gone", "conditions": []},
                           {"name": "http", "conditions": at(BEFORE, *said(True))}]}  # fmt: skip
    wanted = {"listeners": [{"name": "http", "attachedRoutes": 1, "conditions": said(True)}]}
    assert settled(known, wanted, NOW) == {"listeners": [
        {"name": "http", "attachedRoutes": 1, "conditions": at(BEFORE, *said(True))},
    ]}  # fmt: skip
