"""The API server put together: `build` makes it from settings, `serve` lives as long as it serves.

The public face of `cluster.api`. Never: a rule.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from telltale.cluster.api import pki
from telltale.cluster.api.addresses import Addresses
from telltale.cluster.api.admission.accounts import ServiceAccounts
from telltale.cluster.api.admission.caller import Caller, HttpsCaller
from telltale.cluster.api.admission.chain import Chain
from telltale.cluster.api.admission.namespaces import Namespaces
from telltale.cluster.api.admission.webhooks import Webhooks
from telltale.cluster.api.api import Api
from telltale.cluster.api.auth import trust
from telltale.cluster.api.auth.identity import Identities
from telltale.cluster.api.auth.tokens import Tokens
from telltale.cluster.api.core import Core
from telltale.cluster.api.custom.served import Custom
from telltale.cluster.api.indexes import Indexes
from telltale.cluster.api.inprocess import InProcess
from telltale.cluster.api.kinds.every import EveryKind
from telltale.cluster.api.pki import Pki
from telltale.cluster.api.resources import BUILT_IN, Registry
from telltale.cluster.api.server import Server
from telltale.cluster.api.subresources import every as subresources
from telltale.cluster.api.subresources.door import Door
from telltale.cluster.store.journal import Journal
from telltale.cluster.store.revisions import Store
from telltale.kube.transport import Transport
from telltale.lib.clock import Clock, Ids
from telltale.lib.tasks import supervise

COMPACT_S = 5.0


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """`addresses` are listened on from the start, the first is the one in the kubeconfig.

    `names` and `ips` are further names that the server's certificate is good for.
    `node_ports` may be asked for besides those of Kubernetes' range.
    """

    addresses: tuple[tuple[str, int], ...]
    pki: Path
    store: str
    services: IPv4Network = field(default_factory=lambda: IPv4Network("172.19.0.0/16"))
    names: tuple[str, ...] = (
        "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    )  # fmt: skip
    ips: tuple[str, ...] = ("127.0.0.1",)
    node_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ApiServer:
    """What `build` makes. `transport` works at once; `server` once `serve` has been entered.

    `door.kubelet = ...` hands in the node's kubelet, at any time.
    """

    settings: ApiSettings
    api: Api
    transport: Transport
    server: Server
    store: Store
    core: Core
    pki: Pki
    door: Door
    ports: dict[str, int] = field(default_factory=dict)

    def url(self) -> str:
        """Of the first address that is listened on."""
        host, port = self.settings.addresses[0]
        return f"https://{host}:{self.ports.get(host, port)}"

    async def listen(self, host: str, port: int) -> int:
        """Serve on one more address: the bridge's, once the node has made it."""
        found = await self.server.listen(host, port)
        self.ports[host] = found
        return found

    def write_kubeconfig(self, path: Path) -> None:
        pki.write_kubeconfig(path, self.pki, self.url())


def build(settings: ApiSettings, clock: Clock, ids: Ids, caller: Caller | None = None) -> ApiServer:
    """Keys, store, rules; `caller` reaches webhooks. Raises `PkiUnusable`, `StoreUnusable`."""
    made = pki.ensure(settings.pki, settings.names, _ips(settings), clock.now())
    registry, kinds = Registry(BUILT_IN), EveryKind()
    store = Store(Journal(settings.store), clock, Indexes(kinds, registry).of)
    identities = Identities(store, Tokens(made.accounts_key, clock, ids))
    door = Door()
    core = Core(
        store, registry, kinds,
        _admission(store, registry, ids, caller or HttpsCaller(store)),
        Addresses(store, settings.services, settings.node_ports), clock, ids,
    )  # fmt: skip
    parts = subresources.parts(identities, door)
    custom = Custom(store, registry, kinds, clock)
    api = Api(core, custom, parts, trust.pages(identities.tokens))
    server = Server(api, identities, _tls(made))
    return ApiServer(settings, api, InProcess(api), server, store, core, made, door)


def _admission(store: Store, registry: Registry, ids: Ids, caller: Caller) -> Chain:
    """Accounts again behind the webhooks: a container that one added has its token too."""
    accounts = ServiceAccounts(store, ids)
    return Chain(
        [
            Namespaces(store, registry), accounts,
            Webhooks(store, caller, ids, mutating=True), accounts,
            Webhooks(store, caller, ids, mutating=False),
        ]
    )  # fmt: skip


@asynccontextmanager
async def serve(built: ApiServer) -> AsyncIterator[ApiServer]:
    """Listens, and keeps the store in shape, until the block is left. Raises `PortTaken`."""
    try:
        await built.server.start()
        for host, port in built.settings.addresses:
            await built.listen(host, port)
        async with supervise() as tasks:
            tasks.start("compaction of the store", lambda: _keep(built.store))
            yield built
    finally:
        built.store.stop()
        await built.server.stop()
        built.store.close()


async def _keep(store: Store) -> None:
    while True:
        await asyncio.sleep(COMPACT_S)
        store.compact()
        await store.checkpoint()


def _ips(settings: ApiSettings) -> tuple[str, ...]:
    listened = tuple(host for host, _ in settings.addresses if host[:1].isdigit())
    return (*settings.ips, *listened, str(settings.services[1]))


def _tls(made: Pki) -> ssl.SSLContext:
    return pki.server_context(made)
