"""The way in for proxies: joins a stream to the pushes it gets and the status it leaves.

Implements `xds.server.Source`. Never: protocol rules, planning.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

from envoy.config.core.v3.base_pb2 import Node
from google.protobuf.json_format import MessageToDict

from telltale.kube.codec import Object
from telltale.lib.clock import Clock, Ids
from telltale.model.workload import Proxy
from telltale.pilot import aside
from telltale.pilot.access import may_debug
from telltale.pilot.following import Following, Told
from telltale.pilot.intake.workloads import NotAProxy, read_proxy
from telltale.pilot.metrics import Metrics
from telltale.pilot.naming import NDS
from telltale.pilot.push import Push
from telltale.pilot.rejections import problems
from telltale.pilot.status import Connection, Status
from telltale.pilot.xds.resource import Resource
from telltale.pilot.xds.server import Denied, Offer, Refused
from telltale.pilot.xds.snapshot import Snapshot
from telltale.pilot.xds.stream import Accepted, Action, Rejected, Send, Stream

log = logging.getLogger(__name__)


class Doors:
    """`is_ready` tells whether proxies are let in: not before everything was read once.

    `identity` is what responses say of who made them; `debug_from`: see `access`.
    """

    def __init__(
        self, push: Push, status: Status, clock: Clock, ids: Ids, is_ready: Callable[[], bool],
        *, following: Following, identity: str = "", debug_from: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.identity = identity
        self._debug_from = debug_from
        self._push = push
        self._following = following
        self._status = status
        self._clock = clock
        self._ids = ids
        self._is_ready = is_ready
        self._metrics: Metrics = status.metrics

    @property
    def ready(self) -> bool:
        return self._is_ready()

    def aside(self, type: str, names: tuple[str, ...], peer: str) -> tuple[Resource, ...] | None:
        if not aside.is_debug(type):
            return None
        if not may_debug(_address(peer), self._debug_from):
            raise Denied(f"{type} is not for {peer}: only for loopback and the nodes")
        try:
            return aside.answer(self._push, self._status, type, names)
        except aside.Unanswered as error:
            raise Refused(str(error)) from error

    def follow(self, type: str, node: Node, peer: str) -> Told | None:
        if type != NDS:
            return None
        return self._following.attach(self._proxy(node, peer))

    def unfollow(self, told: Told) -> None:
        self._following.detach(told)

    def join(self, stream: Stream, node: Node, peer: str) -> tuple[str, Offer]:
        proxy = self._proxy(node, peer)
        id = f"{proxy.workload.key}-{self._ids.suffix(8)}"
        offer = self._push.attach(id, proxy)
        self._status.opened(Connection(id, proxy, peer, self._clock.now(), stream))
        log.info("%s connected from %s", id, peer)
        return id, offer

    def _proxy(self, node: Node, peer: str) -> Proxy:
        metadata: Object = MessageToDict(node.metadata)
        try:
            return replace(read_proxy(node.id, metadata), peer=_address(peer))
        except NotAProxy as error:
            raise Refused(str(error)) from error

    def note(self, connection: str, action: Action, size: int) -> None:
        self._status.note(connection, action, size)
        match action:
            case Send():
                snapshot = self._push.members[connection].offer.value
                if isinstance(snapshot, Snapshot):
                    waited = self._clock.monotonic() - snapshot.made_at
                    self._metrics.convergence.observe(waited)
            case Rejected(type, version, nonce, error, names, blamed):
                log.error(
                    "%s rejected %s %s (nonce %s; in it %s): %s; withheld from it: %s", connection,
                    type.rpartition(".")[2], version, nonce, ", ".join(names[:10]), error,
                    ", ".join(blamed) or "nothing yet, they are tried in smaller responses",
                )  # fmt: skip
                self._blame()
            case Accepted() if self._push.rejected:
                self._blame()

    def leave(self, connection: str) -> None:
        self._push.detach(connection)
        self._status.closed(connection)
        log.info("%s disconnected", connection)
        if self._push.rejected:
            self._blame()

    def _blame(self) -> None:
        """What proxies reject becomes problems of the objects that it was made from."""
        found = problems(self._status.rejections())
        if found != self._push.rejected:
            for problem in found:
                if problem not in self._push.rejected:
                    log.warning("%s", problem)
            self._push.rejected = found
            self._push.changed.publish(None)


def _address(peer: str) -> str:
    """gRPC's `ipv4:10.0.0.1:55` or `ipv6:%5B::1%5D:55` without family and port."""
    return unquote(peer).partition(":")[2].rpartition(":")[0].strip("[]")
