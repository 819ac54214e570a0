"""The maker of what Gateways need, before an API server that answers from a script."""

import asyncio

import pytest

from telltale.kube.client import Client
from telltale.kube.errors import Unavailable
from telltale.lib.topic import Topic
from telltale.pilot.making import Maker
from tests.kube.scripted import Scripted, says

OWNER = [{"uid": "u1", "name": "gw"}]
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {
    "name": "gw-istio", "namespace": "edge", "ownerReferences": OWNER}}  # fmt: skip
GONE = says({"message": "no", "reason": "NotFound"}, 404)
OK = says({"metadata": {"name": "gw-istio"}})


def there(uid: str):
    return says({"metadata": {"name": "gw-istio", "ownerReferences": [{"uid": uid}]}})


class Story:
    def __init__(self, *answers) -> None:
        self.api = Scripted(*answers)
        self.maker = Maker(Client(self.api), Topic(()))

    def make(self, *objects: dict) -> bool:
        return asyncio.run(self.maker.make(objects))

    @property
    def asked(self) -> list[str]:
        return [one.method for one in self.api.asked]


def test_what_is_absent_is_made_once_and_again_when_it_is_to_be_another():
    story = Story(GONE, OK, there("u1"), OK)
    assert story.make(SERVICE)
    assert story.make(SERVICE)
    assert story.asked == ["GET", "PATCH"]
    assert story.api.asked[1].content_type == "application/apply-patch+yaml"
    assert story.make({**SERVICE, "spec": {"type": "ClusterIP"}})
    assert story.asked == ["GET", "PATCH", "GET", "PATCH"]


def test_what_is_somebody_elses_is_left_alone():
    story = Story(there("other"))
    assert story.make(SERVICE)
    assert story.make(SERVICE)
    assert story.asked == ["GET"]


def test_what_cannot_be_made_is_tried_again():
    story = Story(GONE, GONE, GONE, OK)
    assert not story.make(SERVICE)
    assert story.make(SERVICE)
    with pytest.raises(Unavailable):
        story.make({**SERVICE, "spec": {}})
