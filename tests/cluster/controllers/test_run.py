"""Stories over the real API: what a user applies, and what becomes of it."""

import asyncio
import re
import time

from telltale.kube import codec
from telltale.kube.client import Patch
from telltale.kube.errors import NotFound
from telltale.kube.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    ENDPOINTS,
    EVENT,
    NAMESPACE,
    POD,
    REPLICA_SET,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
)


def deployment(name="details-v1", replicas=1, image="details:1", **spec):
    labels = {"app": name}
    return {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
            **spec,
        },
    }


def service(name, app):
    spec = {"selector": {"app": app}, "ports": [{"name": "http", "port": 9080}]}
    return {"metadata": {"name": name, "namespace": "default"}, "spec": spec}


async def revised(one, image, name="details-v1"):
    container = {"name": "main", "image": image}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    await one.client.patch(DEPLOYMENT, name, patch, namespace="default", how=Patch.STRATEGIC)


async def complete(one, name="details-v1"):
    async def holds():
        found = await one.client.get(DEPLOYMENT, name, "default")
        status, spec = found.status, found.spec
        same = status.updated_replicas == status.available_replicas == spec.replicas
        done = same and status.replicas == spec.replicas
        return done and status.observed_generation >= found.metadata.generation and found

    return await one.until(f"{name} to be rolled out", holds)


async def kubelet(one, stop):
    """Every pod with a node becomes ready; one that is asked to go is gone."""
    count = 0
    while not stop.is_set():
        for pod in (await one.client.list(POD, "default")).items:
            name = pod.metadata.name
            try:
                if pod.metadata.deletion_timestamp:
                    options = {"gracePeriodSeconds": 0}
                    await one.client.delete(POD, name, "default", options=options)
                elif pod.spec.node_name and not pod.ready:
                    count += 1
                    await one.make_ready(name, f"172.31.{count // 250}.{count % 250 + 1}")
            except NotFound:
                pass
        await asyncio.sleep(0.002)


def with_kubelet(told):
    async def inside(one):
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(kubelet(one, stop))
            try:
                await told(one)
            finally:
                stop.set()

    return inside


def test_a_deployment_becomes_pods_and_an_endpoint(story):
    async def told(one):
        await one.client.create(SERVICE, service("details", "details-v1"))
        await one.client.create(DEPLOYMENT, deployment())
        [pod] = await one.pods(1)
        assert re.fullmatch(
            r"details-v1-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[a-z0-9]{5}", pod.metadata.name
        )
        assert pod.metadata.labels["pod-template-hash"] in pod.metadata.name

        async def bound():
            found = await one.client.get(POD, pod.metadata.name, "default")
            return found.spec.node_name == "node"

        await one.until("the pod to be bound", bound)
        await one.make_ready(pod.metadata.name, "172.31.210.5")

        async def listed():
            slices = (await one.client.list(ENDPOINT_SLICE, "default")).items
            ours = [one for one in slices if one.service == "details"]
            return ours and ours[0].endpoints and ours[0]

        slice = await one.until("the endpoint", listed)
        [endpoint] = slice.endpoints
        assert endpoint.addresses == ["172.31.210.5"] and endpoint.ready
        assert endpoint.target_ref.name == pod.metadata.name
        assert [(port.name, port.port) for port in slice.ports] == [("http", 9080)]

        async def older():
            found = await one.client.get(ENDPOINTS, "details", "default")
            return found.subsets and found.subsets[0].addresses

        [address] = await one.until("the Endpoints object", older)
        assert address.ip == "172.31.210.5"
        found = await complete(one)
        conditions = {one.type: (one.status, one.reason) for one in found.status.conditions}
        assert conditions["Available"] == ("True", "MinimumReplicasAvailable")
        assert conditions["Progressing"] == ("True", "NewReplicaSetAvailable")
        assert found.metadata.annotations["deployment.kubernetes.io/revision"] == "1"

        async def told_all():
            events = (await one.client.list(EVENT, "default")).items
            return {"ScalingReplicaSet", "SuccessfulCreate", "Scheduled"} <= {
                event.reason for event in events
            } and events

        events = await one.until("the events", told_all)
        messages = [event.message for event in events]
        assert f"Created pod: {pod.metadata.name}" in messages
        assert f"Successfully assigned default/{pod.metadata.name} to node" in messages

    story(told)


def test_an_endpoint_follows_a_pods_readiness_within_milliseconds(story):
    async def told(one):
        await one.client.create(SERVICE, service("details", "details-v1"))
        await one.client.create(DEPLOYMENT, deployment())
        [pod] = await one.pods(1)
        for turn in range(10):
            ready = turn % 2 == 0
            await one.make_ready(pod.metadata.name, "172.31.210.5", ready=ready)

            async def follows(ready=ready):
                for slice in (await one.client.list(ENDPOINT_SLICE, "default")).items:
                    if [each.ready for each in slice.endpoints] == [ready]:
                        return True
                return False

            await one.until("the endpoint to follow", follows)

    story(told)


def test_many_pods_are_made_at_once(story):
    async def told(one):
        began = time.perf_counter()
        await one.client.create(DEPLOYMENT, deployment(replicas=50))
        await one.pods(50)
        print(f"50 pods in {time.perf_counter() - began:.3f} s")
        await asyncio.sleep(0)
        assert len((await one.client.list(POD, "default")).items) == 50  # never one too many

    story(told)


def test_a_rolling_update_keeps_its_bounds_and_a_rollback_finds_the_old_replica_set(story):
    async def told(one):
        strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
        await one.client.create(DEPLOYMENT, deployment(replicas=3, strategy=strategy))
        await complete(one)
        [first] = (await one.client.list(REPLICA_SET, "default")).items
        await revised(one, "details:2")
        least, most = 99, 0

        async def watched():
            nonlocal least, most
            pods = (await one.client.list(POD, "default")).items
            live = [pod for pod in pods if pod.metadata.deletion_timestamp is None]
            least = min(least, sum(pod.ready for pod in live))
            most = max(most, len(live))
            sets = (await one.client.list(REPLICA_SET, "default")).items
            new = [each for each in sets if each.metadata.name != first.metadata.name]
            old = [each for each in sets if each.metadata.name == first.metadata.name]
            return new and new[0].status.available_replicas == 3 and old[0].spec.replicas == 0

        await one.until("the new template to be out", watched)
        assert (least, most) == (3, 4)
        assert (await complete(one)).metadata.annotations[
            "deployment.kubernetes.io/revision"
        ] == "2"
        await revised(one, "details:1")
        found = await complete(one)

        async def third():
            found = await one.client.get(REPLICA_SET, first.metadata.name, "default")
            return found.spec.replicas == 3 and found

        old = await one.until("the first replica set to be back", third)
        assert old.metadata.annotations["deployment.kubernetes.io/revision"] == "3"
        assert old.metadata.annotations["deployment.kubernetes.io/revision-history"] == "1"
        assert len((await one.client.list(REPLICA_SET, "default")).items) == 2
        assert found.spec.replicas == 3

    story(with_kubelet(told))


def test_a_deleted_deployment_takes_its_own_along(story):
    async def told(one):
        await one.client.create(DEPLOYMENT, deployment(replicas=2))
        await complete(one)
        await one.client.delete(DEPLOYMENT, "details-v1", "default")
        await one.pods(0)

        async def gone():
            sets = (await one.client.list(REPLICA_SET, "default")).items
            return not sets and not (await one.client.list(POD, "default")).items

        await one.until("replica set and pods to be gone", gone)

    story(with_kubelet(told))


def test_foreground_waits_and_orphan_lets_free(story):
    async def told(one):
        await one.client.create(DEPLOYMENT, deployment(replicas=2))
        await complete(one)
        options = {"propagationPolicy": "Orphan"}
        await one.client.delete(DEPLOYMENT, "details-v1", "default", options=options)

        async def free():
            [found] = (await one.client.list(REPLICA_SET, "default")).items
            return not found.metadata.owner_references and found

        orphan = await one.until("the replica set to be free", free)
        await one.pods(2)
        options = {"propagationPolicy": "Foreground"}
        await one.client.delete(REPLICA_SET, orphan.metadata.name, "default", options=options)

        async def gone():
            left = (await one.client.list(REPLICA_SET, "default")).items
            pods = (await one.client.list(POD, "default")).items
            assert left or not pods, "the owner went before its pods"
            return not left

        await one.until("the replica set to be gone", gone)

    story(with_kubelet(told))


def test_a_namespace_gets_its_first_things_and_is_emptied(story):
    async def told(one):
        await one.client.create(NAMESPACE, {"metadata": {"name": "shop"}})

        async def begun():
            try:
                await one.client.get(SERVICE_ACCOUNT, "default", "shop")
                return await one.client.get(CONFIG_MAP, "kube-root-ca.crt", "shop")
            except NotFound:
                return None

        assert (await one.until("its first things", begun)).data == {"ca.crt": "CA"}
        meta = {"name": "token", "namespace": "shop"}
        await one.client.create(SECRET, {"metadata": meta, "data": {}})
        await one.client.delete(NAMESPACE, "shop")

        async def gone():
            names = [each.metadata.name for each in (await one.client.list(NAMESPACE)).items]
            return "shop" not in names

        await one.until("the namespace to be gone", gone)
        path = SECRET.path("shop")
        body = codec.parse_object(await one.client.raw("GET", path))
        assert body["items"] == []

    story(told)


def test_a_pod_that_fits_nowhere_says_why_and_runs_when_there_is_room(story):
    async def told(one):
        asked = {"requests": {"cpu": "3"}}
        body = deployment(replicas=2, image="x:1")
        body["spec"]["template"]["spec"]["containers"][0]["resources"] = asked
        await one.client.create(DEPLOYMENT, body)
        await one.pods(2)

        async def waits():
            pods = (await one.client.list(POD, "default")).items
            return [
                pod for pod in pods if (c := pod.condition("PodScheduled")) and c.status == "False"
            ]

        [pod] = await one.until("one pod to wait", waits)
        condition = pod.condition("PodScheduled")
        assert condition.message == "0/1 nodes are available: 1 Insufficient cpu."
        assert condition.reason == "Unschedulable"

        async def said():
            events = (await one.client.list(EVENT, "default")).items
            return [event for event in events if event.reason == "FailedScheduling"]

        [event] = await one.until("the event", said)
        assert event.type == "Warning" and event.involved_object.name == pod.metadata.name
        others = (await one.client.list(POD, "default")).items
        [running] = [each for each in others if each.metadata.name != pod.metadata.name]
        await one.client.patch(
            DEPLOYMENT, "details-v1", {"spec": {"replicas": 1}}, namespace="default"
        )

        async def one_left():
            left = (await one.client.list(POD, "default")).items
            return [each.metadata.name for each in left] == [running.metadata.name]

        await one.until("the waiting pod to be the one removed", one_left)

    story(told)


def test_an_apps_failure_to_be_admitted_is_told(story):
    async def told(one):
        body = deployment()
        body["spec"]["template"]["spec"]["serviceAccountName"] = "nobody"
        await one.client.create(DEPLOYMENT, body)

        async def said():
            events = (await one.client.list(EVENT, "default")).items
            return [event for event in events if event.reason == "FailedCreate"]

        [event, *_] = await one.until("the event", said)
        assert "nobody" in event.message and event.involved_object.kind == "ReplicaSet"

        async def marked():
            found = await one.client.get(DEPLOYMENT, "details-v1", "default")
            return [each for each in found.status.conditions if each.type == "ReplicaFailure"]

        [condition] = await one.until("the condition", marked)
        assert condition.reason == "FailedCreate"
        meta = {"name": "nobody", "namespace": "default"}
        await one.client.create(SERVICE_ACCOUNT, {"metadata": meta})
        await one.pods(1)

    story(told)
