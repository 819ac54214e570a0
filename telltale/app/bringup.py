"""`up` and `down`: the supervisor in the background, mesh and sample on it, and all away again.

Never: what the parts do. Every wait has a limit and says what it waited for.
"""

import asyncio
import contextlib
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from telltale.app import images, preflight, removal, supervisor
from telltale.app.errors import Refused
from telltale.app.home import ClusterSettings, Home
from telltale.inject.decide import MESH
from telltale.inject.gateways import INGRESS, Exposed, gateway_objects, node_ports
from telltale.inject.install import MeshSettings, mesh_objects
from telltale.kube import codec, kubeconfig
from telltale.kube.apply import ensure
from telltale.kube.client import Client, Patch
from telltale.kube.codec import Object
from telltale.kube.core import Pod
from telltale.kube.errors import ApiError
from telltale.kube.kinds import LEASE, NAMESPACE, POD, SERVICE
from telltale.kube.transport import Http
from telltale.lib.clock import SystemClock

_SHOWN = 3  # late pods named in a line of progress


SYSTEM = ("kube-system", "istio-system")


class Progress(Protocol):
    """Whoever watches: a step begins, what it waits for changes, all is done."""

    def step(self, text: str) -> None: ...
    def detail(self, text: str) -> None: ...
    def done(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `up` should leave running."""

    mesh: bool = True
    sample: str = ""
    limit_s: float = 120.0


async def up(home: Home, settings: ClusterSettings, wanted: Wanted, progress: Progress) -> None:
    """Returns when every pod is n/n. A start that fails, or is interrupted, leaves nothing running.

    Raises `Refused`.
    """
    if wanted.sample and wanted.sample not in images.samples():
        known = ", ".join(images.samples())
        raise Refused(f"--sample {wanted.sample}: no such sample; there is: {known}")
    preflight.check_unchanged(home, settings)
    if home.holder() is None:
        progress.step("checking this machine")
        await asyncio.to_thread(preflight.check, home, settings)
        home.save(settings)
        progress.step("starting the cluster")
        await _start(home, wanted.limit_s, progress)
    else:
        await _until(lambda: _lacking(home), wanted.limit_s, "the API server", progress)
    try:
        async with Http(kubeconfig.load(home.kubeconfig)) as http:
            await _furnish(Client(http), settings, wanted, progress)
    except ApiError as error:
        if home.holder() is None:
            raise Refused(f"the supervisor ended: {_last_words(home.log)}") from error
        raise
    progress.done()


async def last(home: Home) -> None:
    """Returns when the supervisor has ended."""
    while home.holder() is not None:  # noqa: ASYNC110 - a lock tells nobody when it is let go
        await asyncio.sleep(0.5)


async def _start(home: Home, limit_s: float, progress: Progress) -> None:
    """The supervisor in the background, its API ready; or nothing of it."""
    before, process = SystemClock().now(), supervisor.begin(home)
    try:
        await _until(lambda: _lacking(home, process), limit_s, "the API server", progress)
        async with Http(kubeconfig.load(home.kubeconfig)) as http:
            client = Client(http)
            await _until(lambda: _node_silent(client, before), limit_s, "the node", progress)
    except BaseException:
        # Its exit code is taken, or its last words were heard: now the machine is cleared.
        progress.step("taking back what was begun")
        process.poll()
        await removal.stop(home)
        await removal.remove(home)
        progress.done()
        raise


async def _lacking(home: Home, process: "subprocess.Popen[bytes] | None" = None) -> str:
    """What a supervisor that was just begun has not got yet. Raises `Refused` when it has ended."""
    if process and process.poll() is not None:
        raise Refused(f"the cluster cannot start: {_last_words(home.log)}")
    if not home.kubeconfig.exists():
        return "keys and certificates"
    try:
        async with Http(kubeconfig.load(home.kubeconfig), timeout_s=2) as http:
            await Client(http).raw("GET", "/readyz")
    except (ApiError, kubeconfig.BadKubeconfig) as error:
        return str(error)
    return ""


async def _node_silent(client: Client, since: datetime) -> str:
    """Until the node speaks the API shows pods as they were before."""
    try:
        said = codec.parse(await client.raw("GET", LEASE.path("kube-node-lease", "node")))
    except ApiError as error:
        return str(error)
    renewed = codec.dig(said, "spec", "renewTime", default="")
    spoken = str(renewed) > since.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return "" if spoken else "its first word"


async def _furnish(
    client: Client, settings: ClusterSettings, wanted: Wanted, progress: Progress
) -> None:
    progress.step("cluster DNS and the mesh" if wanted.mesh else "cluster DNS")
    if wanted.mesh:
        mesh = MeshSettings(proxy_image=images.PROXY, pilot_image=images.PILOT)
        await ensure(client, mesh_objects(mesh))
    await _pods_ready(client, wanted, progress)
    if wanted.mesh:
        await _gateways(client, Exposed(settings.ingress_port, settings.ingress_tls_port))
    if wanted.sample:
        progress.step(wanted.sample)
        if wanted.mesh:
            label: Object = {"metadata": {"labels": {"istio-injection": "enabled"}}}
            await client.patch(NAMESPACE, "default", label, how=Patch.MERGE)
        for file in sorted((images.samples_directory() / wanted.sample).glob("*.yaml")):
            await ensure(client, codec.parse_yaml(file.read_bytes()))
    if wanted.mesh or wanted.sample:
        await _pods_ready(client, wanted, progress)


async def _gateways(client: Client, exposed: Exposed) -> None:
    """The mesh's gateways, written by the injector, which is ready; at the ports of this start."""
    created = await ensure(client, gateway_objects(exposed))
    if not any((one.kind, one.name) == ("Service", INGRESS) for one in created):
        patch = node_ports(exposed)
        await client.patch(SERVICE, INGRESS, patch, namespace=MESH, how=Patch.STRATEGIC)


async def _pods_ready(client: Client, wanted: Wanted, progress: Progress) -> None:
    """Every pod that the Deployments want is there, and n/n or failing for its own reasons."""

    async def waiting() -> str:
        pods = (await client.list(POD)).items
        deployments = await _unfinished(client)
        return late_line([pod for pod in pods if not settled(pod)]) or deployments

    await _until(waiting, wanted.limit_s, "every pod to be ready", progress)


async def _unfinished(client: Client) -> str:
    from_api = codec.dig(codec.parse(await client.raw("GET", "/apis/apps/v1/deployments")), "items")
    late = []
    for item in from_api if isinstance(from_api, list) else []:
        wanted = codec.dig(item, "spec", "replicas", default=1)
        made = codec.dig(item, "status", "replicas", default=0)
        if wanted != made:
            late.append(f"{codec.dig(item, 'metadata', 'name')} {made}/{wanted}")
    return ", ".join(late)


async def product_page(client: Client) -> str:
    """Where the product page answers, from this machine; empty when there is none."""
    for service in (await client.list(SERVICE, "default")).items:
        if service.metadata.name == "productpage" and service.spec.ports:
            return f"http://{service.spec.cluster_ip}:{service.spec.ports[0].port}/productpage"
    return ""


def settled(pod: Pod) -> bool:
    """Ready, ended, or an application's that the node has given up for now: nothing to wait for."""
    if pod.ready or pod.status.phase in ("Succeeded", "Failed"):
        return True
    states = [one.state.waiting for one in pod.status.container_statuses]
    backing_off = any(one is not None and one.reason.endswith("BackOff") for one in states)
    return backing_off and pod.metadata.namespace not in SYSTEM


def late_line(pods: Sequence[Pod]) -> str:
    """`3 pods: details 1/2, nginx 0/2, …`: how many are late, and the first of them. Pure."""
    if not pods:
        return ""
    shown = [pod_line(pod) for pod in pods[:_SHOWN]]
    more = ["…"] if len(pods) > _SHOWN else []
    return f"{len(pods)} pod{'s' if len(pods) > 1 else ''}: {', '.join(shown + more)}"


def pod_line(pod: Pod) -> str:
    """`details-v1 1/2`: without the parts of the name that its ReplicaSet made."""
    tail = pod.metadata.labels.get("pod-template-hash", "")
    name = pod.metadata.name.partition(f"-{tail}-")[0] if tail else pod.metadata.name
    return f"{name} {pod.readiness}"


async def _until(
    waiting: Callable[[], Awaitable[str]], limit_s: float, what: str, progress: Progress
) -> None:
    """Ask `waiting` (empty: done) until it is done or the limit is reached."""
    left = "nothing"
    try:
        async with asyncio.timeout(limit_s):
            while left := await waiting():
                progress.detail(left)
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise Refused(
            f"waited {limit_s:.0f} s for {what}; still missing: {left} (telltale why says more)"
        ) from None


def _last_words(log: Path) -> str:
    with contextlib.suppress(OSError):
        lines = log.read_text(errors="replace").strip().splitlines()
        if lines:
            return lines[-1].removeprefix("error: ")
    return f"it said nothing in {log}"
