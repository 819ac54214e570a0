"""pods/attach: what a container writes from now on, as it is logged. Never: its stdin.

Containers run with their stdin closed, so a wish to write there is refused; stdout and stderr come
as one, in the order of the log.
"""

from contextlib import aclosing

from telltale.cluster.api.core import Core
from telltale.cluster.api.objects import text
from telltale.cluster.api.request import Call, Reply, Socket, Upgrade
from telltale.cluster.api.subresources.door import Door
from telltale.cluster.api.subresources.exec import PROTOCOLS, FarEnd, joined
from telltale.cluster.api.subresources.logs import container_of
from telltale.cluster.api.verbs.update import find
from telltale.cluster.kubelet import Kubelet, LogRequest
from telltale.kube import errors
from telltale.kube.codec import Object


class Attach:
    def __init__(self, door: Door) -> None:
        self._door = door

    async def attach(self, core: Core, call: Call) -> Reply:
        """What can be refused is refused before the upgrade."""
        ask, target = call.ask, call.target
        pod = find(core, call).object()
        container = container_of(pod, ask.one("container"))
        phase = text(pod, "status", "phase")
        if phase in ("Succeeded", "Failed"):
            said = "cannot attach a container in a completed pod; current phase is"
            raise errors.BadRequest(f"{said} {phase}")
        if not text(pod, "spec", "nodeName"):
            raise errors.BadRequest(f"pod {target.name} does not have a host assigned")
        if ask.true("stdin"):
            raise errors.BadRequest(
                f"cannot write to the stdin of container {container}: containers run with it"
                " closed; use kubectl exec -i to run a command with input"
            )
        kubelet = self._door.open()
        request = LogRequest(target.namespace, target.name, container, follow=True, tail_lines=0)

        async def run(socket: Socket, protocol: str) -> None:
            await joined(socket, lambda far: _shown(kubelet, request, far))

        return Upgrade(PROTOCOLS, run)


async def _shown(kubelet: Kubelet, request: LogRequest, far: FarEnd) -> Object:
    """Everything written until the container ends; how that ended is not attach's to say."""
    try:
        async with aclosing(kubelet.logs(request)) as lines:  # type: ignore[type-var]
            async for line in lines:
                await far.write(line)
    except errors.ApiError as error:
        return error.status()
    return {"metadata": {}, "status": "Success"}
