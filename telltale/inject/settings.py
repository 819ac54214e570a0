"""What the injector must be told to write a sidecar: the mesh's choices, the same for every pod.

Never: what one pod asks for (wishes.py), or where settings come from (meshconfig.py reads them).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from telltale.kube.codec import Json
from telltale.model.startup import Starts


@dataclass(frozen=True, slots=True)
class SidecarSettings:
    """Only the image must be given; `proxy_config` is Istio's ProxyConfig, defaults left out.

    `starts`: what objects of kind ProxyConfig say; those of `root` hold for the mesh.
    """

    proxy_image: str
    proxy_config: Mapping[str, Json] = field(default_factory=dict)
    cluster_domain: str = "cluster.local"
    cluster_id: str = "Kubernetes"
    trust_domain: str = "cluster.local"
    mesh_id: str = "cluster.local"
    image_pull_policy: str = "IfNotPresent"
    log_level: str = "warning"
    component_log_level: str = "misc:error"
    cpu_request: str = "10m"
    memory_request: str = "64Mi"
    rewrite_probes: bool = True
    merge_metrics: bool = True
    starts: tuple[Starts, ...] = ()
    root: str = "istio-system"
