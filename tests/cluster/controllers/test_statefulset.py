"""StatefulSets on a real API server: order, names, new templates, partitions, what is refused."""

import asyncio

import pytest

from telltale.cluster.controllers import ordinals, standing
from telltale.kube.client import Patch
from telltale.kube.codec import convert
from telltale.kube.core import Pod
from telltale.kube.errors import Invalid, NotFound
from telltale.kube.kinds import CONTROLLER_REVISION, EVENT, POD, STATEFUL_SET
from telltale.kube.statefulset import ControllerRevision, StatefulSet
from tests.cluster.controllers.test_run import with_kubelet

LABELS = {"app": "db"}


def stateful(replicas=3, image="db:1", **spec):
    return {
        "metadata": {"name": "db", "namespace": "default"},
        "spec": {
            "replicas": replicas, "serviceName": "peers", "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": {
                "containers": [{"name": "main", "image": image}]}},
            **spec,
        },
    }  # fmt: skip


async def pods(one):
    found = (await one.client.list(POD, "default", labels="app=db")).items
    return {pod.metadata.name: pod for pod in found}


async def images(one):
    return {name: pod.spec.containers[0].image for name, pod in (await pods(one)).items()}


async def status(one):
    return (await one.client.get(STATEFUL_SET, "db", "default")).status


async def patched(one, spec):
    await one.client.patch(
        STATEFUL_SET, "db", {"spec": spec}, namespace="default", how=Patch.STRATEGIC
    )


async def image(one, name):
    containers = [{"name": "main", "image": name}]
    await patched(one, {"template": {"spec": {"containers": containers}}})


async def rolled_out(one, replicas):
    async def holds():
        found = await one.client.get(STATEFUL_SET, "db", "default")
        now = found.status
        return (
            now.observed_generation == found.metadata.generation
            and now.current_revision == now.update_revision
            and now.replicas == now.ready_replicas == now.updated_replicas == replicas
            and found
        )

    return await one.until(f"{replicas} pods of the newest template", holds)


def test_pods_come_in_order_each_when_the_one_before_is_ready(story):
    async def told(one):
        await one.client.create(STATEFUL_SET, stateful())
        for number in range(3):
            names = [f"db-{index}" for index in range(number + 1)]

            async def there(names=names):
                return sorted(await pods(one)) == names

            await one.until(f"exactly {names}", there)
            pod = (await pods(one))[f"db-{number}"]
            assert (pod.spec.hostname, pod.spec.subdomain) == (f"db-{number}", "peers")
            assert pod.metadata.labels[ordinals.NAME_LABEL] == f"db-{number}"
            assert pod.metadata.labels[ordinals.INDEX_LABEL] == str(number)
            assert pod.metadata.controller.name == "db"
            await one.make_ready(f"db-{number}", f"172.31.1.{number + 1}")
        found = await rolled_out(one, 3)
        assert found.status.available_replicas == 3

        async def announced():
            events = (await one.client.list(EVENT, "default")).items
            return "create Pod db-2 in StatefulSet db successful" in {one.message for one in events}

        await one.until("the event of the last pod", announced)

    story(told)


def test_parallel_pods_do_not_wait(story):
    async def told(one):
        await one.client.create(STATEFUL_SET, stateful(podManagementPolicy="Parallel"))
        await one.pods(3, labels="app=db")

    story(told)


def test_a_pod_that_goes_comes_back_under_its_name(story):
    async def told(one):
        await one.client.create(STATEFUL_SET, stateful())
        await rolled_out(one, 3)
        before = (await pods(one))["db-1"].metadata.uid
        await one.client.delete(POD, "db-1", "default")

        async def another():
            found = (await pods(one)).get("db-1")
            return found and found.metadata.uid != before

        await one.until("another db-1", another)
        await rolled_out(one, 3)

    story(with_kubelet(told))


def test_scaling_takes_the_last_ones(story):
    async def told(one):
        await one.client.create(STATEFUL_SET, stateful())
        await rolled_out(one, 3)
        await one.client.patch(
            STATEFUL_SET, "db", {"spec": {"replicas": 1}}, namespace="default", subresource="scale"
        )
        await rolled_out(one, 1)
        assert sorted(await pods(one)) == ["db-0"]
        await patched(one, {"replicas": 2})
        await rolled_out(one, 2)

    story(with_kubelet(told))


def test_a_new_template_is_rolled_out_from_the_last_and_back_again(story):
    async def told(one):
        await one.client.create(STATEFUL_SET, stateful())
        first = (await rolled_out(one, 3)).status.current_revision
        seen = []

        async def watching(stop):
            async for event in one.client.watch(POD, "", "default"):
                if event.change == "ADDED" and event.object.spec.containers[0].image == "db:2":
                    seen.append(event.object.metadata.name)
                if stop.is_set():
                    return

        stop = asyncio.Event()
        task = asyncio.ensure_future(watching(stop))
        await image(one, "db:2")

        async def renewed():
            return set((await images(one)).values()) == {"db:2"} and await rolled_out(one, 3)

        await one.until("all of db:2", renewed, 10)
        task.cancel()
        assert seen == ["db-2", "db-1", "db-0"]
        await image(one, "db:1")
        found = await one.until("back at the first revision", lambda: back(one, first), 10)
        assert found.update_revision == first
        kept = (await one.client.list(CONTROLLER_REVISION, "default")).items
        assert sorted(one.revision for one in kept) == [2, 3]

    story(with_kubelet(told))


async def back(one, first):
    found = await status(one)
    return found.current_revision == first and found.updated_replicas == 3 and found


def test_below_the_partition_the_old_template_holds_also_for_a_new_pod(story):
    async def told(one):
        strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
        await one.client.create(STATEFUL_SET, stateful(updateStrategy=strategy))
        await rolled_out(one, 3)
        await image(one, "db:2")

        async def split():
            return await images(one) == {"db-0": "db:1", "db-1": "db:1", "db-2": "db:2"}

        await one.until("only db-2 to be new", split)
        before = (await pods(one))["db-0"].metadata.uid
        await one.client.delete(POD, "db-0", "default")

        async def again():
            found = (await pods(one)).get("db-0")
            ready = (await status(one)).ready_replicas == 3
            return found and found.metadata.uid != before and ready

        await one.until("another db-0", again)
        assert await split()
        found = await status(one)
        assert (found.updated_replicas, found.current_replicas) == (1, 2)
        assert found.current_revision != found.update_revision
        await patched(one, {"updateStrategy": {"rollingUpdate": {"partition": 0}}})
        await one.until("all to be new", lambda: all_new(one), 10)

    story(with_kubelet(told))


async def all_new(one):
    return set((await images(one)).values()) == {"db:2"} and len(await images(one)) == 3


def test_on_delete_waits_for_the_user(story):
    async def told(one):
        await one.client.create(STATEFUL_SET, stateful(2, updateStrategy={"type": "OnDelete"}))

        async def ready():
            return (await status(one)).ready_replicas == 2

        await one.until("both to be ready", ready)
        await image(one, "db:2")

        async def known():
            found = await status(one)
            return found.update_revision != found.current_revision

        await one.until("the new revision", known)
        assert set((await images(one)).values()) == {"db:1"}
        await one.client.delete(POD, "db-1", "default")

        async def split():
            return await images(one) == {"db-0": "db:1", "db-1": "db:2"}

        await one.until("db-1 to be new", split)

    story(with_kubelet(told))


def test_a_deleted_set_takes_its_pods_and_revisions_along(story):
    async def told(one):
        await one.client.create(STATEFUL_SET, stateful())
        await rolled_out(one, 3)
        await one.client.delete(STATEFUL_SET, "db", "default")

        async def gone():
            kept = (await one.client.list(CONTROLLER_REVISION, "default")).items
            return not await pods(one) and not kept

        await one.until("all to be gone", gone)
        with pytest.raises(NotFound):
            await status(one)

    story(with_kubelet(told))


def test_what_is_refused_says_why_and_what_else(story):
    async def told(one):
        claim = {"metadata": {"name": "data"}, "spec": {}}
        for spec, said in (
            ({"volumeClaimTemplates": [claim]},
             "spec.volumeClaimTemplates: Forbidden: this cluster keeps nothing beyond a pod"),
            ({"podManagementPolicy": "Best"}, 'supported values: "OrderedReady", "Parallel"'),
            ({"updateStrategy": {"type": "Recreate"}}, 'values: "RollingUpdate", "OnDelete"'),
            ({"updateStrategy": {"rollingUpdate": {"partition": -1}}}, "greater than or equal"),
            ({"selector": {"matchLabels": {"app": "x"}}}, "does not match template"),
        ):  # fmt: skip
            with pytest.raises(Invalid, match=said):
                await one.client.create(STATEFUL_SET, stateful(**spec))
        await one.client.create(STATEFUL_SET, stateful())
        with pytest.raises(Invalid, match="updates to statefulset spec for fields other than"):
            await patched(one, {"serviceName": "others"})

    story(told)


def test_names_and_ordinals_belong_together():
    owner = convert(StatefulSet, {"metadata": {"name": "db"}})

    def number(name):
        return ordinals.ordinal(owner, convert(Pod, {"metadata": {"name": name}}))

    assert [number(one) for one in ("db-0", "db-12", "db-x", "dbx-1", "db", "db-1-2")] == [
        0, 12, None, None, None, None,
    ]  # fmt: skip


def test_only_idle_revisions_beyond_the_limit_go():
    owner = convert(StatefulSet, {"metadata": {"name": "db"}, "spec": {"revisionHistoryLimit": 1}})

    def kept(name, number):
        return convert(ControllerRevision, {"metadata": {"name": name}, "revision": number})

    a, b, c, now = (kept(name, number) for number, name in enumerate("abcd"))
    known = standing.Revisions(now, now, (a, b, c))
    of_b = convert(Pod, {"metadata": {"name": "db-0", "labels": {ordinals.REVISION_LABEL: "b"}}})
    assert [one.name for one in standing.outdated(owner, [of_b], known)] == ["a"]
