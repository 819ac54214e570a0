"""The writer of statuses, before an API server that answers from a script."""

import asyncio
from datetime import UTC, datetime

import pytest

from telltale.kube.client import Change, Client
from telltale.kube.codec import parse
from telltale.kube.errors import Unavailable
from telltale.kube.gatewayapi.kinds import HTTP_ROUTE
from telltale.kube.meta import Config, Meta
from telltale.lib.clock import FakeClock
from telltale.lib.topic import Topic
from telltale.pilot.intake.status import About, Condition, conditions
from telltale.pilot.statuses import Writer
from telltale.pilot.watch import Current
from tests.kube.scripted import Scripted, says

ABOUT = About(HTTP_ROUTE, "default", "a")
SAID = {"conditions": conditions([Condition("Accepted", True, "Accepted", "", 1)])}
OTHER = {"conditions": conditions([Condition("Accepted", False, "NotAllowed", "", 1)])}


def route(version: str, status: dict | None = None) -> Config:
    meta = Meta(name="a", namespace="default", uid="u", resource_version=version)
    return Config(metadata=meta, status=status or {})


class Story:
    def __init__(self, *answers) -> None:
        self.api = Scripted(*answers)
        self.clock = FakeClock(datetime(2026, 1, 2, tzinfo=UTC))
        self.current = Current(self.clock)
        self.writer = Writer(Client(self.api), self.current, Topic({}), self.clock)
        self.hear(route("7"))

    def hear(self, one: Config) -> None:
        self.current.apply_config(HTTP_ROUTE, Change.MODIFIED, one)

    def write(self, status: dict) -> bool:
        return asyncio.run(self.writer.write({ABOUT: status}))


OK = says({"metadata": {"name": "a"}})


def test_it_is_written_once_with_the_version_that_was_looked_at():
    story = Story(OK)
    assert not story.write(SAID)
    assert not story.write(SAID)
    [asked] = story.api.asked
    assert asked.path.endswith("/namespaces/default/httproutes/a/status")
    body = parse(asked.body)
    assert body["metadata"] == {"resourceVersion": "7"}
    assert body["status"]["conditions"][0]["lastTransitionTime"] == "2026-01-02T00:00:00Z"


def test_what_stands_there_already_is_not_written():
    story = Story()
    at = {"conditions": [{**SAID["conditions"][0], "lastTransitionTime": "2025-01-01T00:00:00Z"}]}
    story.hear(route("8", at))
    assert not story.write(SAID)
    assert story.api.asked == []


def test_another_word_is_written_anew_and_an_overwritten_one_is_not():
    story = Story(OK, OK)
    story.write(SAID)
    story.hear(route("8", {"conditions": []}))  # somebody took it away
    story.write(SAID)
    assert len(story.api.asked) == 1
    story.write(OTHER)
    assert len(story.api.asked) == 2


def test_a_lost_race_is_tried_again():
    conflict = says({"message": "changed", "reason": "Conflict"}, 409)
    story = Story(conflict, OK)
    assert story.write(SAID)
    story.hear(route("8"))
    assert not story.write(SAID)
    assert parse(story.api.asked[1].body)["metadata"] == {"resourceVersion": "8"}


def test_a_refusal_is_not_repeated_and_silence_is_raised():
    story = Story(says({"message": "no", "reason": "Forbidden"}, 403))
    assert not story.write(SAID)
    assert not story.write(SAID)
    assert len(story.api.asked) == 1
    with pytest.raises(Unavailable):
        story.write(OTHER)


def test_what_is_not_there_is_left_alone():
    story = Story()
    assert not asyncio.run(story.writer.write({About(HTTP_ROUTE, "default", "b"): SAID}))
    assert story.api.asked == []
