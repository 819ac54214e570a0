"""The way of a request out of a workload: listener, route, cluster, endpoints, and who decided.

Pure: what the pilot would tell the workload's Envoy (`plan`), judged as Envoy judges it. Never: a
request sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from envoy.config.route.v3.route_components_pb2 import VirtualHost

from telltale.inspect import chains, dialled, landing, matching, words
from telltale.inspect.chains import Connection
from telltale.inspect.dialled import Dialled
from telltale.inspect.landing import Landing
from telltale.inspect.request import Request
from telltale.inspect.texts import Message, Undecided
from telltale.model.mesh import Mesh
from telltale.model.view import View
from telltale.model.workload import Proxy, Role
from telltale.pilot.envoy.resources import Bundle
from telltale.pilot.plan import plan


class Outcome(StrEnum):
    FORWARDED = "forwarded"
    ANSWERED = "answered"  # by the proxy itself
    REFUSED = "refused"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Step:
    """`name` is Envoy's; `object` is the one that decided, "" for a default of the mesh."""

    kind: str
    name: str
    because: str = ""
    object: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """`said`: the answer, why it was refused, or what nobody can decide from here."""

    source: str
    request: Request
    steps: tuple[Step, ...]
    outcome: Outcome
    said: str = ""
    landings: tuple[Landing, ...] = ()


def way(mesh: Mesh, proxy: Proxy, request: Request) -> Way:
    """Where the request goes. Raises nothing: what is undecided is the outcome."""
    workload = mesh.workload(proxy)
    labels = mesh.told_apart(workload)
    view = View(mesh, workload.namespace, labels, calls=workload.calls)
    if mesh.gateways_of(workload):
        proxy = replace(proxy, role=Role.ROUTER)
        meant = dialled.at_gateway(view, workload, request)
    else:
        meant = dialled.find(view, request)
    walk = _Walk(view, plan(mesh, proxy), replace(request, port=meant.port), meant)
    try:
        outcome, said = walk.go()
    except Undecided as error:
        outcome, said = Outcome.UNDECIDED, str(error)
    return Way(workload.key, walk.request, tuple(walk.steps), outcome, said, tuple(walk.landings))


@dataclass
class _Walk:
    view: View
    bundle: Bundle
    request: Request
    meant: Dialled
    steps: list[Step] = field(default_factory=list)
    landings: list[Landing] = field(default_factory=list)

    def go(self) -> tuple[Outcome, str]:
        request, meant = self.request, self.meant
        self._step("host", request.host, meant.because, meant.object)
        connection = Connection(
            meant.address, meant.port, request.authority if request.tls else "",
            request.tls, request.http,
        )  # fmt: skip
        listener = chains.listener(self.bundle.listeners, connection)
        if listener is None:
            return Outcome.REFUSED, f"nothing listens for port {meant.port}"
        caught = bool(listener.use_original_dst.value)
        why = "claimed by no service: it passes through" if caught else f"port {meant.port}"
        self._step("listener", listener.name, why, "" if caught else meant.object)
        chain = chains.chain(listener, connection)
        if chain is None:
            return Outcome.REFUSED, "no filter chain fits: the connection is closed"
        return self._filters(chain)

    def _filters(self, chain: Message) -> tuple[Outcome, str]:
        for one in chain.filters:
            found = landing.unpacked(one)
            if found is None:
                continue
            if one.name == landing.TCP:
                names = [(item.name, item.weight) for item in found.weighted_clusters.clusters]
                return self._land(names or [(found.cluster, 1)])
            if one.name == landing.HTTP:
                return self._http(found)
        return Outcome.REFUSED, "the filter chain leads nowhere"

    def _http(self, connection: Message) -> tuple[Outcome, str]:
        name = connection.rds.route_config_name
        table = next((one for one in self.bundle.routes if one.name == name), None)
        if connection.HasField("route_config"):
            table = connection.route_config
        if table is None:
            return Outcome.REFUSED, f"there is no route table {name}"
        asked = self.request.authority
        host = matching.virtual_host(table, asked)
        if host is None:
            return Outcome.REFUSED, f"404: no virtual host of table {table.name} is {asked}"
        owner = dialled.owner(self.view, host.name)
        self._step("virtual host", host.name, f"of table {table.name}", owner)
        if host.require_tls == VirtualHost.ALL and not self.request.tls:
            return Outcome.ANSWERED, f"301 to https://{asked}{self.request.path}"
        route = matching.route(host, self.request)
        if route is None:
            return Outcome.REFUSED, f"404: no route of {host.name} matches"
        return self._route(route, owner)

    def _route(self, route: Message, owner: str) -> tuple[Outcome, str]:
        path = landing.note(route, "config")
        also = words.does(route)
        because = words.asks(route.match) + (f"; {also}" if also else "")
        self._step("route", route.name or "(unnamed)", because, words.source(path) or owner)
        if said := words.answer(route):
            return Outcome.ANSWERED, said
        kind = route.route.WhichOneof("cluster_specifier")
        if kind == "weighted_clusters":
            clusters = route.route.weighted_clusters.clusters
            return self._land([(one.name, one.weight.value) for one in clusters])
        if kind == "cluster":
            return self._land([(route.route.cluster, 1)])
        raise Undecided(f"a route with {kind or 'no cluster'}")

    def _land(self, names: list[tuple[str, int]]) -> tuple[Outcome, str]:
        total = sum(weight for _, weight in names) or 1
        missing = []
        for name, weight in names:
            if not weight:
                continue
            found = landing.land(self.view, self.bundle, name, self.meant)
            if found is None:
                missing.append(f"503: there is no cluster {name}")
                self._step("cluster", name, "it does not exist")
                continue
            shared = replace(found, share=weight / total)
            self.landings.append(shared)
            self.steps += _landed(shared)
        if missing and not self.landings:
            return Outcome.REFUSED, missing[0]
        return Outcome.FORWARDED, "; ".join(missing)

    def _step(self, kind: str, name: str, because: str = "", object: str = "") -> None:
        self.steps.append(Step(kind, name, because, object))


def _landed(found: Landing) -> Iterator[Step]:
    share = "" if found.share == 1 else f"{found.share:.4g} of the requests"
    parts = (share, found.because)
    yield Step("cluster", found.cluster, "; ".join(one for one in parts if one), found.object)
    shown = ", ".join(str(one) for one in found.endpoints) or "none: 503"
    yield Step("endpoints", shown, found.chosen, "")
