"""Making the objects that Gateways need, by server-side apply: a loop without a rule.

An apply says only what we want said, so what a user or an autoscaler sets beside it stays. It is
the same whoever makes it, so several pilots do no harm. What stands there already and is not the
Gateway's own is left alone. Never: deleting; the owner references do that.
"""

import asyncio
import logging

from telltale.kube.client import Client, Patch
from telltale.kube.codec import Object, dig
from telltale.kube.errors import ApiError, NotFound, Unavailable
from telltale.kube.gatewayapi.kinds import GATEWAY_CLASS
from telltale.kube.kinds import (
    AUTOSCALER,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    SERVICE,
    SERVICE_ACCOUNT,
    Kind,
)
from telltale.kube.meta import Anything, Ref
from telltale.lib.topic import Topic

log = logging.getLogger(__name__)

_KINDS: dict[str, Kind[Anything]] = {
    kind.kind: kind.of(Anything) for kind in (
        GATEWAY_CLASS, SERVICE_ACCOUNT, DEPLOYMENT, SERVICE, AUTOSCALER, DISRUPTION_BUDGET,
    )
}
AGAIN_S = 5.0


class Maker:
    """`run` makes what `wanted` says, and again what could not be made."""

    def __init__(self, client: Client, wanted: Topic[tuple[Object, ...]]) -> None:
        self._client = client
        self._wanted = wanted
        self._made: dict[Ref, Object] = {}
        self._missed: set[Ref] = set()

    async def run(self) -> None:
        seen = -1
        while True:
            seen, wanted = await self._wanted.after(seen)
            if not await self.make(wanted):
                seen -= 1
                await asyncio.sleep(AGAIN_S)

    async def make(self, wanted: tuple[Object, ...]) -> bool:
        """Whether all of it is there now, as far as it ever can be."""
        named = {_ref(one): one for one in wanted}
        self._made = {ref: one for ref, one in self._made.items() if ref in named}
        done = True
        for ref, object in named.items():
            if self._made.get(ref) == object:
                continue
            try:
                if await self._free(ref, object):
                    await self._apply(ref, object)
                self._made[ref] = object
            except NotFound:
                done = False  # the kind, or the namespace, is not there yet
                if ref not in self._missed:
                    self._missed.add(ref)
                    log.warning("%s cannot be made yet: nobody has its kind or namespace", ref)
            except Unavailable:
                raise
            except ApiError as error:
                log.warning("%s cannot be made: %s", ref, error)
                done = False
        return done

    async def _free(self, ref: Ref, object: Object) -> bool:
        """Whether the name is ours to write: nobody has it, or what is there has the same owner."""
        try:
            there = await self._client.get(_KINDS[ref.kind], ref.name, ref.namespace)
        except NotFound:
            return True
        owners = {one.uid for one in there.metadata.owner_references}
        ours = dig(object, "metadata", "ownerReferences", 0, "uid")
        if ours is None:
            return False  # the class: who has it already may have changed it
        if ours not in owners:
            log.warning("%s is there already and is not the Gateway's: left alone", ref)
        return ours in owners

    async def _apply(self, ref: Ref, object: Object) -> None:
        kind = _KINDS[ref.kind]
        await self._client.patch(
            kind, ref.name, object, namespace=ref.namespace, how=Patch.APPLY
        )
        log.info("made %s", ref)


def _ref(object: Object) -> Ref:
    meta = object["metadata"]
    namespace, name = dig(meta, "namespace", default=""), dig(meta, "name")
    return Ref(str(object["kind"]), str(namespace), str(name))
