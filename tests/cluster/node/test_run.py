"""Pods on a real node: real API, runc, namespaces."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telltale.cluster.kubelet import ExecRequest
from telltale.kube.client import Patch
from telltale.kube.kinds import CONFIG_MAP, NODE, POD
from tests.cluster.node.world import Typed, World

pytestmark = [pytest.mark.live, pytest.mark.root]

Play = Callable[[Any], None]
SERVE = ["python3", "-u", "-m", "http.server", "8000", "--directory", "/usr/share/doc"]
PROBE = {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 1}


def app(*command: str, **more: Any) -> dict[str, Any]:
    return {"name": "app", "image": "busy", "command": list(command), **more}


def test_a_pod_lives_and_goes(play: Play) -> None:
    async def story(world: World) -> None:
        init = {
            "name": "init",
            "image": "busy",
            "command": ["sh", "-c", "echo ready for $WHO"],
            "env": [{"name": "WHO", "value": "all"}],
        }
        side = {"name": "side", "image": "busy", "command": ["sleep", "1000"]}
        spec = {"initContainers": [init], "containers": [app(*SERVE, readinessProbe=PROBE), side]}
        await world.create("one", spec)
        await world.wait_ready("one")
        pod = await world.client.get(POD, "one", "default")
        assert pod.status.phase == "Running"
        assert pod.status.pod_ip.startswith("172.31.200.")
        assert [one.restart_count for one in pod.status.container_statuses] == [0, 0]
        assert await world.logs("one", "init") == "ready for all\n"
        assert '"GET / HTTP/1.1" 200' in await world.logs("one", tail_lines=1)
        created = [text for _, reason, text in await world.events("one") if reason == "Created"]
        assert "Created container: side" in created
        await world.client.delete(POD, "one", "default")

        async def unready() -> bool:
            return not await world.ready("one")

        await world.until("a pod that goes down is not ready", unready, 0.5)
        await world.wait_gone("one")
        assert not list(world.settings.pods.iterdir())
        assert await world.wait_event("one", "Killing", "Stopping container side")

    play(story)


def test_who_a_container_is_and_what_it_sees(play: Play) -> None:
    async def story(world: World) -> None:
        await world.create("one", {"containers": [app("sleep", "1000")]})
        await world.wait_ready("one")
        _, out, _ = await world.exec("one", "sh", "-c", "id; cat /etc/resolv.conf; hello; hostname")
        assert out == (
            "uid=1337(istio-proxy) gid=1337(istio-proxy) groups=1337(istio-proxy)\n"
            "nameserver 172.31.201.10\n"
            "search default.svc.cluster.local svc.cluster.local cluster.local localdomain\n"
            "options ndots:5\nhello\none\n"
        )
        code, out, _ = await world.exec("one", "ls", "-A", "/root", "/home", "/etc/shadow")
        assert code != 0
        assert "shadow" not in out and "ssh" not in out
        code, out, error = await world.exec("one", "sh", "-c", "echo a; echo b >&2; exit 7")
        assert (code, out, error) == (7, "a\n", "b\n")
        code, _, error = await world.exec("one", "touch", "/usr/x")
        assert code == 1 and "Read-only" in error
        _, out, _ = await world.exec("one", "sh", "-c", "echo $KUBERNETES_SERVICE_HOST:$PPID")
        assert out.startswith("172.19.0.1:")

    play(story)


def test_a_terminal_has_a_size_and_a_prompt(play: Play) -> None:
    async def story(world: World) -> None:
        await world.create("one", {"containers": [app("sleep", "1000")]})
        await world.wait_ready("one")
        far = Typed([b"stty size; tty; exit 4\n"], (100, 30))
        request = ExecRequest("default", "one", "app", ("bash", "-i"), stdin=True, tty=True)
        assert await world.node.kubelet.exec(request, far) == 4
        assert b"istio-proxy@one" in far.out
        assert b"30 100" in far.out and b"/dev/pts/0" in far.out

    play(story)


def test_a_crash_loop_backs_off_and_says_so(play: Play) -> None:
    async def story(world: World) -> None:
        words = "echo try; echo why > /dev/termination-log; exit 3"
        await world.create("one", {"containers": [app("sh", "-c", words)]})
        found = await world.wait_state("one", "CrashLoopBackOff")
        assert found["state"]["waiting"]["message"].startswith("back-off ")
        assert (
            "restarting failed container=app pod=one_default("
            in found["state"]["waiting"]["message"]
        )
        last = found["lastState"]["terminated"]
        assert (last["exitCode"], last["reason"], last["message"]) == (3, "Error", "why\n")
        assert found["restartCount"] >= 1
        await world.wait_event(
            "one", "BackOff", "Back-off restarting failed container app in pod one_"
        )

        async def third() -> bool:
            return bool((await world.status("one"))["restartCount"] >= 3)

        await world.until("it is restarted again and again", third)
        assert await world.logs("one", previous=True) == "try\n"

        async def told() -> bool:
            """Between two tries: while one runs, the container counts as ready."""
            pod = await world.client.get(POD, "one", "default")
            ready = pod.condition("Ready")
            said = ready.message if ready else ""
            return (pod.status.phase, said) == ("Running", "containers with unready status: [app]")

        await world.until("the condition names the container", told)

    play(story)


def test_a_missing_image_says_how_to_bring_it(play: Play) -> None:
    async def story(world: World) -> None:
        await world.create("one", {"containers": [app("true", image="nope:1")]})
        found = await world.wait_state("one", "ImagePullBackOff")
        assert found["state"]["waiting"]["message"] == (
            'Back-off pulling image "nope:1": ErrImagePull: image "nope:1" is not on this node '
            "and nothing is pulled here: import it with: telltale image import FILE.tar"
        )
        await world.wait_event("one", "Failed", "Error: ErrImagePull")
        assert (await world.client.get(POD, "one", "default")).status.phase == "Pending"
        await world.client.delete(POD, "one", "default")
        await world.wait_gone("one")

    play(story)


def test_what_is_missing_is_waited_for(play: Play) -> None:
    async def story(world: World) -> None:
        volume = {"name": "v", "configMap": {"name": "later"}}
        mount = {"name": "v", "mountPath": "/etc/later"}
        env = [{"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "keys", "key": "k"}}}]
        await world.create(
            "vol", {"volumes": [volume], "containers": [app("sleep", "1000", volumeMounts=[mount])]}
        )
        await world.create("env", {"containers": [app("sleep", "1000", env=env)]})
        await world.wait_event(
            "vol",
            "FailedMount",
            'MountVolume.SetUp failed for volume "v" : configmap "later" not found',
        )
        await world.wait_state("vol", "ContainerCreating")
        found = await world.wait_state("env", "CreateContainerConfigError")
        assert found["state"]["waiting"]["message"] == 'configmap "keys" not found'
        for name, data in (("later", {"a": "1"}), ("keys", {"k": "v"})):
            meta = {"name": name, "namespace": "default"}
            await world.client.create(CONFIG_MAP, {"metadata": meta, "data": data})
        await world.wait_ready("vol")
        await world.wait_ready("env")
        assert (await world.exec("env", "sh", "-c", "echo $KEY"))[1] == "v\n"
        await world.client.patch(CONFIG_MAP, "later", {"data": {"a": "2"}}, namespace="default")

        async def updated() -> bool:
            return (await world.exec("vol", "cat", "/etc/later/a"))[1] == "2"

        await world.until("the file follows its ConfigMap", updated)

    play(story)


def test_liveness_restarts_and_readiness_does_not(play: Play) -> None:
    async def story(world: World) -> None:
        fails = {
            "exec": {"command": ["sh", "-c", "echo sick; exit 1"]},
            "periodSeconds": 1,
            "failureThreshold": 2,
        }
        await world.create("live", {"containers": [app("sleep", "1000", livenessProbe=fails)]})
        await world.create("ready", {"containers": [app("sleep", "1000", readinessProbe=fails)]})
        hangs = {"exec": {"command": ["sleep", "77"]}, "periodSeconds": 1}
        await world.create("hangs", {"containers": [app("sleep", "1000", readinessProbe=hangs)]})
        assert await world.wait_event("live", "Unhealthy") == "Liveness probe failed: sick\n"
        await world.wait_event(
            "live", "Killing", "Container app failed liveness probe, will be restarted"
        )

        async def restarted() -> bool:
            return bool((await world.status("live"))["restartCount"] >= 1)

        await world.until("it has been restarted", restarted)
        assert (await world.status("live"))["lastState"]["terminated"]["exitCode"] == 137
        found = await world.status("ready")
        assert (found["restartCount"], found["ready"], found["started"]) == (0, False, True)
        words = await world.wait_event("hangs", "Unhealthy")
        assert words == 'Readiness probe failed: command timed out: "sleep 77" timed out after 1s'
        _, seen, _ = await world.exec(
            "hangs", "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
        )
        assert seen.count("sleep 77") <= 1  # at most the one that hangs just now

    play(story)


def test_restart_policies_and_the_end_of_a_pod(play: Play) -> None:
    async def story(world: World) -> None:
        for name, code in (("well", 0), ("ill", 1)):
            spec = {
                "restartPolicy": "Never",
                "containers": [app("sh", "-c", f"echo x; exit {code}")],
            }
            await world.create(name, spec)
        for name, phase in (("well", "Succeeded"), ("ill", "Failed")):

            async def ended(name: str = name, phase: str = phase) -> bool:
                return (await world.client.get(POD, name, "default")).status.phase == phase

            await world.until(f"{name} is {phase}", ended)
            assert await world.logs(name) == "x\n"
        assert not [p for p in Path("/run/netns").iterdir() if p.name.startswith("telltale-tstn-")]

    play(story)


def test_too_much_memory_is_called_so(play: Play) -> None:
    async def story(world: World) -> None:
        eat = "x = bytearray(200 << 20)"
        limits = {"limits": {"memory": "48Mi"}}
        spec = {
            "restartPolicy": "Never",
            "containers": [app("python3", "-c", eat, resources=limits)],
        }
        await world.create("one", spec)
        found = await world.wait_state("one", "terminated")
        ended = found["state"]["terminated"]
        assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)

    play(story)


def test_hooks_run_at_both_ends(play: Play) -> None:
    async def story(world: World) -> None:
        shared = {"name": "s", "emptyDir": {}}
        mount = {"name": "s", "mountPath": "/s"}
        hooks = {
            "postStart": {"exec": {"command": ["sh", "-c", "echo first > /s/a"]}},
            "preStop": {"exec": {"command": ["sh", "-c", "echo bye > /proc/1/fd/1"]}},
        }
        one = app("sh", "-c", "sleep 1000 & wait", volumeMounts=[mount], lifecycle=hooks)
        two = {
            "name": "two",
            "image": "busy",
            "command": ["sh", "-c", "cat /s/a; sleep 1000"],
            "volumeMounts": [mount],
        }
        await world.create("one", {"volumes": [shared], "containers": [one, two]})
        await world.wait_ready("one")
        assert await world.logs("one", "two") == "first\n"
        lines = []

        async def follow() -> None:
            lines.append(await world.logs("one", follow=True))

        async with asyncio.TaskGroup() as group:
            group.create_task(follow())
            await world.client.delete(POD, "one", "default")
        assert lines == ["bye\n"]
        await world.wait_gone("one")

    play(story)


def test_tokens_and_the_downward_api_are_files(play: Play) -> None:
    async def story(world: World) -> None:
        down = {
            "name": "d",
            "downwardAPI": {
                "items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]
            },
        }
        env = [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
        spec = {
            "automountServiceAccountToken": True,
            "volumes": [down],
            "containers": [
                app("sleep", "1000", env=env, volumeMounts=[{"name": "d", "mountPath": "/d"}])
            ],
        }
        await world.create("one", spec, labels={"app": "x"})
        await world.wait_ready("one")
        account = "/var/run/secrets/kubernetes.io/serviceaccount"
        _, out, _ = await world.exec(
            "one", "sh", "-c", f"cd {account} && cat namespace ca.crt && wc -c < token"
        )
        assert out.startswith("defaultCA") and int(out.removeprefix("defaultCA")) > 100
        pod = await world.client.get(POD, "one", "default")
        assert (await world.exec("one", "sh", "-c", "echo $IP"))[1] == f"{pod.status.pod_ip}\n"
        assert (await world.exec("one", "cat", "/d/labels"))[1] == 'app="x"'
        await world.client.patch(
            POD, "one", {"metadata": {"labels": {"app": "y"}}}, namespace="default", how=Patch.MERGE
        )

        async def follows() -> bool:
            return (await world.exec("one", "cat", "/d/labels"))[1] == 'app="y"'

        await world.until("the labels file follows the labels", follows)

    play(story)


def test_the_node_is_ready(play: Play) -> None:
    async def story(world: World) -> None:
        async def ready() -> bool:
            nodes = (await world.client.list(NODE)).items
            return any(
                one.type == "Ready" and one.status == "True"
                for node in nodes
                for one in node.status.conditions
            )

        await world.until("the node is ready", ready)
        node = await world.client.get(NODE, "node")
        assert [one.address for one in node.status.addresses] == ["172.31.200.1", "node"]
        assert node.spec.pod_cidr == "172.31.200.0/24"

    play(story)


def test_the_hosts_nginx_runs_as_an_image(play: Play) -> None:
    async def story(world: World) -> None:
        probe = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1}
        one = {"name": "app", "image": "web", "readinessProbe": probe}
        await world.create("one", {"containers": [one]})
        await world.wait_ready("one")
        code, _, _ = await world.exec("one", "test", "-s", "/var/log/nginx/access.log")
        assert code == 0

    if shutil.which("nginx"):
        play(story)
    else:
        pytest.skip("not installed: nginx")
