"""Which class of clients a proxy is in: whoever has an equal `Key` gets the same bytes. Pure.

Whatever in the mesh asks about proxies tells them apart, and nothing else does. A key is found
again as long as neither the proxy's workload nor what its namespace is asked about has changed.
Never: what a class gets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from telltale.model import cuts
from telltale.model.calls import Calls
from telltale.model.cuts import Asked
from telltale.model.mesh import Mesh, targets, translation
from telltale.model.place import NOWHERE, Place
from telltale.model.scope import Labels
from telltale.model.service import Discovery
from telltale.model.workload import Proxy, Role, Target, Workload
from telltale.pilot.envoy.gateway.bundle import Edge


@dataclass(frozen=True, slots=True)
class Key:
    """What tells one proxy's configuration from another's; equal keys get the same bytes.

    `labels`: those of its workload's that anything in the mesh asks about; `place` and `node` too.
    `own`: those of its addresses that the mesh would otherwise build a listener for. `edge`: it is
    a gateway's. `said`: what patches ask of the proxy's own word. `calls`: what it is declared to
    call, where no Sidecar is for it.
    """

    namespace: str
    labels: Labels
    targets: tuple[Target, ...]
    own: frozenset[str] = frozenset()
    redirected: bool = True
    place: Place = NOWHERE
    node: str = ""
    edge: Edge | None = None
    said: Labels = ()
    calls: Calls | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """`pod`: the workload that the mesh knows by the proxy's name, which may be gone."""

    proxy: Proxy
    workload: Workload
    pod: Workload | None
    asked: object
    key: Key


@dataclass
class Classes:
    """Of one mesh; `after` and `moved` lead to those of the next (see `plan.Plans`)."""

    mesh: Mesh
    _dialled: frozenset[str] = field(init=False)
    _asked: Asked = field(init=False)
    _labels: frozenset[str] = field(init=False)
    _known: dict[int, _Known] = field(default_factory=dict)
    _asked_in: dict[str, object] = field(default_factory=dict)
    _known_before: Mapping[int, _Known] = field(default_factory=dict)
    _asked_before: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._dialled = _dialled(self.mesh)
        self._asked = cuts.asked(self.mesh)
        self._labels = self.mesh.asked_labels()

    def after(self, mesh: Mesh) -> "Classes":
        return Classes(mesh, _known_before=self._known, _asked_before=self._asked_in)

    def moved(self, mesh: Mesh) -> "Classes":
        """Of a mesh in which workloads alone, and endpoints that are assigned, may differ."""
        self.mesh = mesh
        return self

    def key(self, proxy: Proxy) -> Key:
        workload = self.mesh.workload(proxy)
        asked = self._asked_of(workload.namespace)
        known = self._known.get(id(proxy)) or self._known_before.get(id(proxy))
        pod = self.mesh.workloads.get(workload.key)
        if not (known and known.proxy is proxy and known.workload is workload
                and known.pod is pod and known.asked is asked):  # fmt: skip
            known = _Known(proxy, workload, pod, asked, self._key(proxy, workload))
        self._known[id(proxy)] = known
        return known.key

    def _asked_of(self, namespace: str) -> object:
        """All that a key in this namespace is made of but the workload; the same if equal."""
        if namespace not in self._asked_in:
            mesh = self.mesh
            services = mesh.index.services_in.get(namespace, ())
            found = (
                self._dialled, self._asked, self._labels, services, mesh.sidecars, mesh.patches,
                mesh.gateways, mesh.nodes, mesh.options,
            )  # fmt: skip
            before = self._asked_before.get(namespace)
            self._asked_in[namespace] = before if before == found else found
        return self._asked_in[namespace]

    def _key(self, proxy: Proxy, workload: Workload) -> Key:
        place = self.mesh.place(workload) if self._asked.place else NOWHERE
        node = workload.node if self._asked.node else ""
        said = self.mesh.said(proxy)
        own = workload.labels
        labels = tuple(sorted((key, own[key]) for key in self._labels if key in own))
        if proxy.role is Role.ROUTER:
            edge = _edge(self.mesh, proxy)
            return Key(workload.namespace, labels, (), place=place, node=node, edge=edge, said=said)
        return Key(
            workload.namespace, labels, targets(self.mesh, workload),
            self._dialled.intersection(workload.addresses), proxy.redirected, place, node,
            said=said, calls=_calls(self.mesh, workload),
        )  # fmt: skip


def _calls(mesh: Mesh, workload: Workload) -> Calls | None:
    """A Sidecar goes before what is declared, which then tells nobody apart."""
    if workload.calls is None:
        return None
    labels = tuple(workload.labels.items())
    return None if mesh.sidecar(workload.namespace, labels) else workload.calls


def _edge(mesh: Mesh, proxy: Proxy) -> Edge:
    """What a gateway's proxy stands for.

    Until proxies show an identity, one is believed to be the pod that it says it is when it comes
    from that pod's address: as good as a cluster's network is at keeping senders honest.
    """
    workload = mesh.workload(proxy)
    known = mesh.workloads.get(workload.key)
    held = mesh.gateways_of(workload)
    services = {one.service for one in held}
    ports = translation(mesh, workload, services.pop() if len(services) == 1 else "")
    return Edge(
        tuple(one.name for one in held), tuple(sorted(ports.items())),
        trusted=known is not None and proxy.peer in known.addresses, before=proxy.before,
    )  # fmt: skip


def _dialled(mesh: Mesh) -> frozenset[str]:
    """Endpoints' own addresses that clients dial: those of headless TCP ports."""
    return frozenset(
        endpoint.address
        for service in mesh.services.values()
        if service.discovery is Discovery.HEADLESS
        for port in service.ports
        if not port.protocol.http
        for endpoint in mesh.behind(service, port)
    )
