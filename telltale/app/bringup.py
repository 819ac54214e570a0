"""`up` and `down`: the supervisor in the background, mesh and sample on it, and all away again.

Never: what the parts do. Every wait has a limit and says what it waited for.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from telltale.app import images, preflight
from telltale.app.errors import Refused
from telltale.app.home import ClusterSettings, Home
from telltale.app.removal import remove
from telltale.inject.install import MeshSettings, mesh_objects
from telltale.kube import codec, kubeconfig
from telltale.kube.apply import ensure
from telltale.kube.client import Client, Patch
from telltale.kube.codec import Object
from telltale.kube.core import Pod
from telltale.kube.errors import ApiError
from telltale.kube.kinds import NAMESPACE, POD, SERVICE
from telltale.kube.transport import Http


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
    """Returns when every pod is n/n. Raises `Refused`."""
    if wanted.sample and wanted.sample not in images.samples():
        known = ", ".join(images.samples())
        raise Refused(f"--sample {wanted.sample}: no such sample; there is: {known}")
    if not home.running():
        progress.step("checking this machine")
        await asyncio.to_thread(preflight.check, home, settings)
        home.save(settings)
        progress.step("starting the cluster")
        await _supervisor(home, wanted.limit_s, progress)
    async with Http(kubeconfig.load(home.kubeconfig)) as http:
        await _furnish(Client(http), wanted, progress)
    progress.done()


async def down(home: Home, progress: Progress) -> bool:
    """Stop the supervisor, take all of the cluster out of the machine; False if none was there."""
    pid = home.running()
    if pid:
        progress.step("stopping the supervisor")
        os.kill(pid, signal.SIGTERM)
        await _until(lambda: _gone(home), 20.0, f"the supervisor (pid {pid}) to stop", progress)
    settings = home.settings()
    if settings is None:
        return False
    progress.step("removing pods, networks and rules")
    await remove(home, settings)
    progress.done()
    return True


async def _supervisor(home: Home, limit_s: float, progress: Progress) -> None:
    log = home.log.open("ab")
    process = subprocess.Popen(  # noqa: ASYNC220 - it must outlive us, so asyncio may not own it
        [sys.executable, "-m", "telltale", "--home", str(home.path), "node"],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/",
    )  # fmt: skip
    log.close()

    async def ready() -> str:
        if process.poll() is not None:
            raise Refused(f"the supervisor ended at once: {_last_words(home.log)}")
        if not home.kubeconfig.exists():
            return "keys and certificates"
        try:
            async with Http(kubeconfig.load(home.kubeconfig), timeout_s=2) as http:
                await Client(http).raw("GET", "/readyz")
        except ApiError as error:
            return str(error)
        return ""

    await _until(ready, limit_s, "the API server", progress)


async def _furnish(client: Client, wanted: Wanted, progress: Progress) -> None:
    progress.step("cluster DNS and the mesh" if wanted.mesh else "cluster DNS")
    if wanted.mesh:
        settings = MeshSettings(proxy_image=images.PROXY, pilot_image=images.PILOT)
        await ensure(client, mesh_objects(settings))
    await _pods_ready(client, wanted, progress)
    if wanted.sample:
        progress.step(wanted.sample)
        if wanted.mesh:
            label: Object = {"metadata": {"labels": {"istio-injection": "enabled"}}}
            await client.patch(NAMESPACE, "default", label, how=Patch.MERGE)
        for file in sorted((images.samples_directory() / wanted.sample).glob("*.yaml")):
            await ensure(client, codec.parse_yaml(file.read_bytes()))
        await _pods_ready(client, wanted, progress)


async def _pods_ready(client: Client, wanted: Wanted, progress: Progress) -> None:
    """Every pod that the Deployments want is there and n/n."""

    async def waiting() -> str:
        pods = (await client.list(POD)).items
        deployments = await _unfinished(client)
        late = [pod_line(pod) for pod in pods if not pod.ready]
        return ", ".join(late or deployments)

    await _until(waiting, wanted.limit_s, "every pod to be ready", progress)


async def _unfinished(client: Client) -> list[str]:
    from_api = codec.dig(codec.parse(await client.raw("GET", "/apis/apps/v1/deployments")), "items")
    late = []
    for item in from_api if isinstance(from_api, list) else []:
        wanted = codec.dig(item, "spec", "replicas", default=1)
        ready = codec.dig(item, "status", "readyReplicas", default=0)
        if wanted != ready:
            late.append(f"{codec.dig(item, 'metadata', 'name')} {ready}/{wanted}")
    return late


async def product_page(client: Client) -> str:
    """Where the product page answers, from this machine; empty when there is none."""
    for service in (await client.list(SERVICE, "default")).items:
        if service.metadata.name == "productpage" and service.spec.ports:
            return f"http://{service.spec.cluster_ip}:{service.spec.ports[0].port}/productpage"
    return ""


def pod_line(pod: Pod) -> str:
    """`details-v1-… 1/2`."""
    statuses = pod.status.container_statuses
    ready = sum(status.ready for status in statuses)
    return f"{pod.metadata.name} {ready}/{len(pod.spec.containers)}"


async def _gone(home: Home) -> str:
    return "it to end" if home.running() else ""


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
            return lines[-1]
    return f"it said nothing in {log}"
