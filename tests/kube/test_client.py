"""What is asked, word for word, and what the answers become."""

import asyncio

import pytest

from telltale.kube import codec, errors
from telltale.kube.client import Client, Patch
from telltale.kube.kinds import NODE, POD
from tests.kube.scripted import Scripted, says

POD_JSON = {"kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}}


def test_reads_are_typed():
    server = Scripted(says(POD_JSON), says({"metadata": {"resourceVersion": "7"}, "items": None}))
    client = Client(server)
    assert asyncio.run(client.get(POD, "web", "shop")).metadata.name == "web"
    listing = asyncio.run(client.list(POD, fields="spec.nodeName=node"))
    assert (listing.items, listing.version) == ([], "7")
    assert [request.path for request in server.asked] == [
        "/api/v1/namespaces/shop/pods/web", "/api/v1/pods",
    ]  # fmt: skip
    assert server.asked[1].query == {"fieldSelector": "spec.nodeName=node"}
    assert client.calls == 2


def test_writes_carry_kind_and_version():
    server = Scripted(says(POD_JSON, 201), says(POD_JSON))
    client = Client(server)
    asyncio.run(client.create(POD, {"metadata": {"namespace": "shop"}}, dry_run=True))
    asyncio.run(client.replace(POD, POD_JSON, subresource="status"))
    create, replace = server.asked
    assert (create.method, create.path) == ("POST", "/api/v1/namespaces/shop/pods")
    assert create.query == {"dryRun": "All"}
    assert codec.parse(create.body) == {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop"},
    }  # fmt: skip
    assert (replace.method, replace.path) == ("PUT", "/api/v1/namespaces/shop/pods/web/status")


@pytest.mark.parametrize("how", Patch)
def test_a_patch_says_how_it_is_to_be_read(how: Patch):
    server = Scripted(says({"metadata": {"name": "node"}}))
    asyncio.run(Client(server).patch(NODE, "node", {}, how=how, subresource="status"))
    [request] = server.asked
    assert (request.path, request.content_type) == ("/api/v1/nodes/node/status", how)
    assert ("fieldManager" in request.query) is (how is Patch.APPLY)


def test_an_answer_that_is_no_success_is_raised():
    refusal = {"message": "pods is forbidden", "reason": "Forbidden", "code": 403}
    with pytest.raises(errors.Forbidden, match="pods is forbidden"):
        asyncio.run(Client(Scripted(says(refusal, 403))).list(POD))


def test_an_answer_that_is_no_object_is_malformed_not_a_crash():
    for body in ([], {"items": [{"metadata": "text"}]}):
        with pytest.raises(codec.Malformed):
            asyncio.run(Client(Scripted(says(body))).list(POD))
