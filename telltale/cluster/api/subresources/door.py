"""Where the node's kubelet is handed in, once there is one. Never: the kubelet itself."""

from dataclasses import dataclass

from telltale.cluster.kubelet import Kubelet
from telltale.kube.errors import Unavailable


@dataclass
class Door:
    kubelet: Kubelet | None = None

    def open(self) -> Kubelet:
        """Raises `Unavailable` while there is no node."""
        if self.kubelet is None:
            raise Unavailable("the node is not running: no kubelet to ask")
        return self.kubelet
