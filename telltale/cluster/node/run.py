"""The node put together: the public face of `cluster.node`.

    node = Node(settings, client, clock, ids, images)
    node.kubelet            what the API server asks for; works once `run` has begun
    await node.run()        until cancelled; containers go on, and the next run takes them over
    clean(settings)         takes everything away, also after a kill -9

Never: a rule of its own.
"""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Callable, Iterable

from telltale.cluster.images.store import Images
from telltale.cluster.kubelet import Kubelet
from telltale.cluster.node import linux, registration
from telltale.cluster.node.addresses import Addresses
from telltale.cluster.node.clean import clean
from telltale.cluster.node.events import Events
from telltale.cluster.node.launch import cell_at
from telltale.cluster.node.machine import Machine
from telltale.cluster.node.network import Network
from telltale.cluster.node.pod import PodLife
from telltale.cluster.node.record import Record, fresh, load_all
from telltale.cluster.node.registration import Registration
from telltale.cluster.node.runtime import Runtime
from telltale.cluster.node.serving import Serving
from telltale.cluster.node.settings import NodeSettings
from telltale.cluster.node.tokens import Tokens
from telltale.cluster.node.volumes import Volumes
from telltale.kube.client import Change, Client
from telltale.kube.cluster import ConfigMap, Secret
from telltale.kube.core import Pod
from telltale.kube.informer import Informer
from telltale.kube.kinds import CONFIG_MAP, POD, SECRET, SERVICE
from telltale.kube.meta import Meta
from telltale.kube.service import Service
from telltale.lib.clock import Clock, Ids
from telltale.lib.tasks import Tasks, supervise

__all__ = ["Node", "NodeSettings", "clean", "run"]

log = logging.getLogger(__name__)

_ROTATE_S = 2.0
_KNOWN_S = 10.0  # for pods of an earlier run; one that hangs must not keep the node from its work


class Node:
    """Runs the pods that are bound to it."""

    def __init__(
        self, settings: NodeSettings, client: Client, clock: Clock, ids: Ids, images: Images
    ) -> None:
        self._settings = settings
        self._known = _Known(client)
        self._pods = Informer(client, POD, fields=f"spec.nodeName={settings.name}")
        self._lives: dict[str, PodLife] = {}
        self._records: dict[str, Record] = {}
        self._machine = Machine(
            settings=settings,
            client=client,
            clock=clock,
            images=images,
            sources=self._known,
            events=Events(client, clock, ids, settings.name),
            network=Network(settings),
            addresses=Addresses(settings.network),
            runtime=Runtime(settings.runc, settings.log_bytes),
            volumes=Volumes(self._known, Tokens(client, clock)),
            capacity=registration.capacity(),
            starts=asyncio.Semaphore(settings.starts_at_once),
        )
        self.kubelet: Kubelet = Serving(self._machine, self._lives)

    async def prepare(self) -> None:
        """The bridge and the host's root, before anything else needs them. Raises `OSError`."""
        self._settings.pods.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(self._machine.network.prepare)
        await asyncio.to_thread(self._machine.images.prepare)

    async def run(self) -> None:
        await self.prepare()
        self._lives.clear()
        self._pods.listeners.clear()
        self._records = await asyncio.to_thread(load_all, self._settings.pods)
        await self._clear_unreadable()
        for uid, record in self._records.items():
            if record.address and not record.finished:
                self._machine.addresses.keep(uid, record.address)
        registered = Registration(
            self._settings, self._machine.client, self._machine.clock, self._machine.capacity
        )
        async with supervise() as tasks:
            tasks.start("events", self._machine.events.run)
            tasks.start("log rotation", self._rotate_logs)
            for informer in self._known.informers:
                tasks.start(f"{informer.kind.plural} of the node", informer.run)
            for informer in self._known.informers:
                await informer.wait_synced()
            self._known.changed = self._source_changed
            self._pods.listeners.append(lambda change, pod: self._pod_changed(tasks, change, pod))
            tasks.start("pods of the node", self._pods.run)
            await self._pods.wait_synced()
            self._bury(tasks)
            # The node says that it lives only when the API no longer shows an earlier run's pods.
            await self._all_known()
            tasks.start("node registration", registered.run)
            await asyncio.get_running_loop().create_future()  # until cancelled

    async def _rotate_logs(self) -> None:
        while True:
            await asyncio.sleep(_ROTATE_S)
            lives = [one for pod in self._lives.values() for one in pod.containers.values()]
            for life in lives:
                await asyncio.to_thread(life.rotate_log, self._settings.log_bytes)

    async def _all_known(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KNOWN_S):
                for life in list(self._lives.values()):
                    await life.known.wait()

    async def _clear_unreadable(self) -> None:
        """What is left of pods whose record is lost: their containers would run unseen."""
        for folder in self._settings.pods.iterdir():
            if folder.name in self._records:
                continue
            for run in folder.glob("run/*/*"):
                cell = cell_at(self._machine, folder.name, run.parent.name, int(run.name))
                await self._machine.runtime.remove(cell)
            await self._machine.volumes.remove(folder.name, folder)
            for point in linux.mounts_below(folder):
                linux.unmount(point)
            await asyncio.to_thread(self._machine.network.detach, folder.name)
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _pod_changed(self, tasks: Tasks, change: Change, pod: Pod) -> None:
        uid, life = pod.metadata.uid, self._lives.get(pod.metadata.uid)
        if pod.spec.node_name != self._settings.name:
            return
        if change is Change.DELETED:
            if life:
                life.gone()
        elif life:
            life.seen(pod)
        else:
            self._begin(tasks, self._records.pop(uid, None), pod)

    def _begin(self, tasks: Tasks, record: Record | None, pod: Pod) -> PodLife:
        record = record or fresh(pod, self._machine.now())
        life = PodLife(self._machine, record, pod)
        self._lives[pod.metadata.uid] = life
        meta = pod.metadata
        tasks.start(f"pod {meta.namespace}/{meta.name}", lambda: self._live(life))
        return life

    async def _live(self, life: PodLife) -> None:
        await life.run()  # should it fail, it is run again, and takes over what it had begun
        self._lives.pop(life.uid, None)

    def _bury(self, tasks: Tasks) -> None:
        """Pods of an earlier run that the API no longer has: deleted while nobody looked."""
        for record in self._records.values():
            self._begin(tasks, record, record.pod).gone()
        self._records = {}

    def _source_changed(self, kind: str, meta: Meta) -> None:
        for life in list(self._lives.values()):
            if life.record.pod.metadata.namespace == meta.namespace:
                life.sources_changed(kind, meta.name)


async def run(
    settings: NodeSettings, client: Client, clock: Clock, ids: Ids, images: Images
) -> None:
    """A node from its start until cancelled."""
    await Node(settings, client, clock, ids, images).run()


class _Known:
    """`Sources` by informers: every ConfigMap, Secret and Service, always at hand."""

    def __init__(self, client: Client) -> None:
        self._config_maps: Informer[ConfigMap] = Informer(client, CONFIG_MAP)
        self._secrets: Informer[Secret] = Informer(client, SECRET)
        self._services: Informer[Service] = Informer(client, SERVICE)
        self.informers = (self._config_maps, self._secrets, self._services)
        self.changed: Callable[[str, Meta], None] = lambda kind, meta: None
        self._config_maps.listeners.append(lambda _, one: self.changed("ConfigMap", one.metadata))
        self._secrets.listeners.append(lambda _, one: self.changed("Secret", one.metadata))

    def config_map(self, namespace: str, name: str) -> ConfigMap | None:
        return self._config_maps.get(name, namespace)

    def secret(self, namespace: str, name: str) -> Secret | None:
        return self._secrets.get(name, namespace)

    def services(self) -> Iterable[Service]:
        return self._services.objects.values()
