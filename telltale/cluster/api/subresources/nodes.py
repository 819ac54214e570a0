"""nodes/NAME/proxy: the kubelet's own pages, as far as ours has any. Never: a pod's.

Its health, and what it runs with: the address of the cluster's DNS, for one, that every pod gets
(kubernetes.io, "Configure Kubelet": `kubectl get --raw /api/v1/nodes/NAME/proxy/configz`).
"""

from telltale.cluster.api.api import not_allowed
from telltale.cluster.api.core import Core
from telltale.cluster.api.request import Answer, Call, Reply, answer
from telltale.cluster.api.subresources.door import Door
from telltale.cluster.api.verbs.update import find

_TEXT = "text/plain; charset=utf-8"


class Nodes:
    def __init__(self, door: Door) -> None:
        self._door = door

    async def proxy(self, core: Core, call: Call) -> Reply:
        """Raises `NotFound` for a node that is not there, `Unavailable` for one that is down."""
        if call.ask.method not in ("GET", "HEAD"):
            raise not_allowed()
        find(core, call)
        kubelet = self._door.open()
        match call.target.rest.strip("/"):
            case "configz":
                return answer({"kubeletconfig": kubelet.configuration()})
            case "healthz":
                return Answer(200, b"ok", _TEXT)
            case _:
                return Answer(404, b"404 page not found\n", _TEXT)
