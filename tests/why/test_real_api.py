"""The commands that we print, run by real kubectl against our API server.

The objects of a sick world are written to the server as they are; no node runs, so that agents and
logs, which only a node could answer, stay those of the world in memory.
"""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from story import sick
from worlds import Cluster

from telltale.cluster.api.run import ApiServer, ApiSettings, build, serve
from telltale.kube import errors, kinds
from telltale.kube.client import Client, Patch
from telltale.kube.transport import Request, Response, Transport
from telltale.lib.clock import SystemClock, SystemIds
from telltale.why.answer import Answer
from telltale.why.apply import Hands, apply
from telltale.why.ask import Settings, ask
from telltale.why.symptom import Question

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl on this machine"),
]

LATER = ("Service", "ConfigMap", "Deployment", "ReplicaSet", "Pod", "EndpointSlice")
WRITTEN_BY_THE_SERVER = ("uid", "resourceVersion", "creationTimestamp")


class Split:
    """Objects from the server; what only a node could answer from the world in memory."""

    def __init__(self, real: Transport, world: Cluster) -> None:
        self._real, self._world = real, world

    async def send(self, request: Request) -> Response:
        inside = ":150" in request.path or request.path.endswith("/log")
        return await (self._world if inside else self._real).send(request)

    def lines(self, request: Request):
        return self._real.lines(request)


async def fill(client: Client, world: Cluster) -> None:
    for namespace in ("default", "kube-system", "istio-system"):
        for kind, one in (
            (kinds.NAMESPACE, {"metadata": {"name": namespace}}),
            (kinds.SERVICE_ACCOUNT, {"metadata": {"name": "default", "namespace": namespace}}),
        ):
            try:
                await client.create(kind, one)
            except errors.AlreadyExists:
                continue
    by_name = {kind.kind: kind for kind in kinds.BUILT_IN}
    for word in LATER:
        for one in world.of(word):
            meta = {k: v for k, v in one["metadata"].items() if k not in WRITTEN_BY_THE_SERVER}
            kind = by_name[word]
            plain = {**one, "metadata": meta}
            status = plain.pop("status", None)
            if word == "EndpointSlice":
                plain["addressType"] = "IPv4"
            if word == "ReplicaSet":
                labels = {"app": meta["name"]}
                plain["spec"] = {**plain["spec"], "selector": {"matchLabels": labels}}
                plain["spec"]["template"]["metadata"]["labels"] = labels
            await client.create(kind, plain)
            if status:
                await client.patch(
                    kind, meta["name"], {"status": {**status, "podIP": "127.0.0.1"}},
                    namespace=meta["namespace"], how=Patch.MERGE, subresource="status",
                )  # fmt: skip


def kubectl(kubeconfig: Path, command: str) -> str:
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env=environment, timeout=30,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


async def diagnosed(built: ApiServer, world: Cluster) -> Answer:
    client = Client(Split(built.transport, world))
    return await ask(client, Question(), Settings(world.clock, seconds_most=20))


def served(tmp_path: Path, name: str, act) -> None:
    """Runs `act(built, world, kubeconfig)` against a server that holds the sick world."""
    world = sick(name)

    async def story() -> None:
        settings = ApiSettings((("127.0.0.1", 0),), tmp_path / "pki", str(tmp_path / "store.db"))
        async with serve(build(settings, SystemClock(), SystemIds())) as built:
            built.write_kubeconfig(tmp_path / "kubeconfig")
            await fill(Client(built.transport), world)
            await act(built, world, tmp_path / "kubeconfig")

    asyncio.run(story())


@pytest.mark.parametrize(
    "name",
    [
        "dns-service-moved", "dns-address-taken", "dns-no-ready-pod", "dns-service-port-wrong",
        "pilot-service-selects-nothing", "pilot-crash-loop", "image-missing", "envoy-crashed",
    ],
)  # fmt: skip
def test_evidence_holds_when_run_again(tmp_path: Path, name: str):
    async def act(built: ApiServer, world: Cluster, kubeconfig: Path) -> None:
        answer = await diagnosed(built, world)
        [finding] = answer.diagnosis.findings
        assert finding.cause == name
        for line in finding.evidence:
            if ":15020" in line.how or " logs " in line.how:
                continue
            shown = await asyncio.to_thread(kubectl, kubeconfig, line.how)
            assert line.value in shown and (line.value or not shown.strip()), line

    served(tmp_path, name, act)


@pytest.mark.parametrize("name", ["dns-service-moved", "dns-address-taken"])
def test_printed_fix_moves_the_services(tmp_path: Path, name: str):
    async def act(built: ApiServer, world: Cluster, kubeconfig: Path) -> None:
        [finding] = (await diagnosed(built, world)).diagnosis.findings
        for command in finding.fix.commands:
            await asyncio.to_thread(kubectl, kubeconfig, command)
        dns = await Client(built.transport).get(kinds.SERVICE, "kube-dns", "kube-system")
        assert dns.spec.cluster_ip == "172.19.0.10"
        assert dns.spec.selector == {"k8s-app": "kube-dns"}

    served(tmp_path, name, act)


@pytest.mark.parametrize("name", ["dns-service-port-wrong", "pilot-service-selects-nothing"])
def test_printed_and_applied_fix_are_the_same(tmp_path: Path, name: str):
    async def act(built: ApiServer, world: Cluster, kubeconfig: Path) -> None:
        [finding] = (await diagnosed(built, world)).diagnosis.findings
        client = Client(built.transport)
        ref = finding.object
        await asyncio.to_thread(kubectl, kubeconfig, finding.fix.commands[0])
        printed = await client.get(kinds.SERVICE, ref.name, ref.namespace)
        await apply(Hands(client), finding.fix.steps[0])
        applied = await client.get(kinds.SERVICE, ref.name, ref.namespace)
        assert applied.spec == printed.spec
        assert name not in [one.cause for one in (await diagnosed(built, world)).diagnosis.findings]

    served(tmp_path, name, act)
