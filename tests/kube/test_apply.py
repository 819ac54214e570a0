"""Objects put into a cluster when they are not there yet."""

import asyncio

import pytest

from telltale.kube import codec
from telltale.kube.apply import UnknownKind, ensure, kind_of
from telltale.kube.client import Client
from telltale.kube.errors import Forbidden
from telltale.kube.meta import Ref
from telltale.kube.transport import Response
from tests.kube.scripted import Scripted, says

MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}
ROUTE = {"apiVersion": "example.com/v1", "kind": "Route", "metadata": {"name": "r"}}
TAKEN = says({"reason": "AlreadyExists", "message": "there already"}, 409)


def made(name: str) -> Response:
    return says({"metadata": {"name": name, "namespace": "shop"}}, 201)


def test_what_is_there_is_left_as_it_is():
    server = Scripted(TAKEN, made("two"))
    two = {**MAP, "metadata": {"name": "two"}}
    assert asyncio.run(ensure(Client(server), [MAP, two], "shop")) == [
        Ref("ConfigMap", "shop", "two")
    ]
    assert [request.method for request in server.asked] == ["POST", "POST"]
    assert {request.path for request in server.asked} == {"/api/v1/namespaces/shop/configmaps"}


def test_a_namespace_of_its_own_is_kept_and_a_kind_without_one_gets_none():
    server = Scripted(made("one"), made("kube"))
    elsewhere = {**MAP, "metadata": {"name": "one", "namespace": "other"}}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube"}}
    asyncio.run(ensure(Client(server), [elsewhere, namespace], "shop"))
    assert [request.path for request in server.asked] == [
        "/api/v1/namespaces/other/configmaps", "/api/v1/namespaces",
    ]  # fmt: skip
    assert codec.dig(codec.parse(server.asked[1].body), "metadata", "namespace") is None


def test_a_refusal_ends_it():
    server = Scripted(says({"message": "no"}, 403))
    with pytest.raises(Forbidden):
        asyncio.run(ensure(Client(server), [MAP, MAP]))
    assert len(server.asked) == 1


def test_a_kind_of_the_cluster_s_own_is_asked_for():
    entries = [
        {"name": "routes/status", "kind": "Route", "namespaced": True},
        {"name": "routes", "kind": "Route", "namespaced": True},
    ]
    server = Scripted(says({"resources": entries}))
    kind = asyncio.run(kind_of(Client(server), ROUTE))
    assert kind.path("shop", "r") == "/apis/example.com/v1/namespaces/shop/routes/r"
    assert server.asked[0].path == "/apis/example.com/v1"


def test_a_kind_that_nobody_serves_is_named():
    client = Client(Scripted(says({"resources": []})))
    with pytest.raises(UnknownKind, match=r'kind "Route" in version "example\.com/v1"'):
        asyncio.run(kind_of(client, ROUTE))
