"""Owners that go, on a real API: circles, two owners, owners elsewhere, custom resources."""

import asyncio

from telltale.kube.kinds import CONFIG_MAP, CRD, EVENT, Kind
from telltale.kube.meta import Anything


async def make(one, name, *owners, namespace="default"):
    references = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": each.metadata.name,
            "uid": each.metadata.uid,
            "blockOwnerDeletion": True,
        }
        for each in owners
    ]
    meta = {"name": name, "namespace": namespace, "ownerReferences": references}
    return await one.client.create(CONFIG_MAP, {"metadata": meta})


async def names(one, namespace="default"):
    found = (await one.client.list(CONFIG_MAP, namespace)).items
    return {each.metadata.name for each in found} - {"kube-root-ca.crt"}


def test_a_circle_is_collected_foreground(story):
    async def told(one):
        a = await make(one, "a")
        b = await make(one, "b", a)
        c = await make(one, "c", b)
        owner = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": "c",
            "uid": c.metadata.uid,
            "blockOwnerDeletion": True,
        }
        patch = {"metadata": {"ownerReferences": [owner]}}
        await one.client.patch(CONFIG_MAP, "a", patch, namespace="default")
        options = {"propagationPolicy": "Foreground"}
        await one.client.delete(CONFIG_MAP, "a", "default", options=options)

        async def gone():
            return not await names(one)

        await one.until("all three to be gone", gone)

    story(told)


def test_with_one_owner_left_it_lives(story):
    async def told(one):
        a, b = await make(one, "a"), await make(one, "b")
        await make(one, "both", a, b)
        await make(one, "only-a", a)
        await one.client.delete(CONFIG_MAP, "a", "default")

        async def collected():
            return "only-a" not in await names(one)

        await one.until("the one with no other owner to go", collected)
        assert await names(one) == {"b", "both"}

    story(told)


def test_an_owner_in_another_namespace_is_missing_and_that_is_said(story):
    async def told(one):
        far = await make(one, "far", namespace="kube-system")
        await make(one, "near", far)

        async def collected():
            return "near" not in await names(one)

        await one.until("it to be collected", collected)

        async def said():
            events = (await one.client.list(EVENT, "default")).items
            return [event for event in events if event.reason == "OwnerRefInvalidNamespace"]

        await one.until("the event", said)
        assert await names(one, "kube-system") == {"far"}

    story(told)


def test_custom_resources_own_and_are_owned(story):
    async def told(one):
        names_ = {"plural": "boats", "singular": "boat", "kind": "Boat", "listKind": "BoatList"}
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version = {
            "name": "v1",
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": schema},
        }
        spec = {"group": "sea.example", "scope": "Namespaced", "names": names_}
        body = {"metadata": {"name": "boats.sea.example"}, "spec": {**spec, "versions": [version]}}
        await one.client.create(CRD, body)
        boat = Kind("sea.example", "v1", "Boat", "boats", Anything)

        async def made():
            try:
                meta = {"name": "b", "namespace": "default"}
                return await one.client.create(boat, {"metadata": meta})
            except Exception:
                return None

        owner = await one.until("the new kind to be served", made)
        reference = {
            "apiVersion": "sea.example/v1",
            "kind": "Boat",
            "name": "b",
            "uid": owner.metadata.uid,
        }
        meta = {"name": "sail", "namespace": "default", "ownerReferences": [reference]}
        await one.client.create(CONFIG_MAP, {"metadata": meta})
        await asyncio.sleep(0)
        assert "sail" in await names(one)
        await one.client.delete(boat, "b", "default")

        async def gone():
            return "sail" not in await names(one)

        await one.until("what the boat owned to be gone", gone)

    story(told)
