"""The mesh's own configuration, from YAML to `SidecarSettings`. Pure.

ConfigMap `istio`, key `mesh` (Istio's MeshConfig) and ConfigMap `istio-sidecar-injector`, key
`values` (Istio's Helm values), each as far as the injector follows it; other keys are left alone,
as a file written for Istio has many. Never: reading a file, or going on with a value that is wrong.
"""

import re

from telltale.inject import proxyconfig
from telltale.inject.settings import SidecarSettings
from telltale.kube import codec
from telltale.kube.codec import Malformed, Object, T, Typed

_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,499}")


class MeshConfig(Typed):
    default_config: Object = {}
    trust_domain: str = "cluster.local"
    enable_prometheus_merge: bool = True


class Requests(Typed):
    cpu: str = "10m"
    memory: str = "64Mi"


class ProxyResources(Typed):
    requests: Requests = Requests()


class ProxyValues(Typed):
    image: str = ""
    cluster_domain: str = "cluster.local"
    log_level: str = "warning"
    component_log_level: str = "misc:error"
    resources: ProxyResources = ProxyResources()


class MultiCluster(Typed):
    cluster_name: str = "Kubernetes"


class Global(Typed):
    proxy: ProxyValues = ProxyValues()
    image_pull_policy: str = "IfNotPresent"
    mesh_id: str = ""
    multi_cluster: MultiCluster = MultiCluster()


class Webhook(Typed, rename={"rewrite_probes": "rewriteAppHTTPProbe"}):
    rewrite_probes: bool = True


class Values(Typed, rename={"overall": "global", "webhook": "sidecarInjectorWebhook"}):
    overall: Global = Global()
    webhook: Webhook = Webhook()


def read(mesh: str, values: str) -> SidecarSettings:
    """Raises `Malformed`, naming the key, the field, its value and what is accepted."""
    config = _read("mesh", mesh, MeshConfig)
    told = _read("values", values, Values)
    proxy = told.overall.proxy
    try:
        proxyconfig.check(config.default_config)
    except Malformed as error:
        raise Malformed(f"mesh: defaultConfig.{error}") from error
    _fits("mesh: trustDomain", config.trust_domain, _DOMAIN, "a domain such as cluster.local")
    _fits("values: global.proxy.image", proxy.image, _IMAGE, "an image name")
    mesh_id = told.overall.mesh_id or config.trust_domain
    return SidecarSettings(
        proxy_image=proxy.image,
        proxy_config=config.default_config,
        cluster_domain=proxy.cluster_domain,
        cluster_id=told.overall.multi_cluster.cluster_name,
        trust_domain=config.trust_domain,
        mesh_id=mesh_id,
        image_pull_policy=told.overall.image_pull_policy,
        log_level=proxy.log_level,
        component_log_level=proxy.component_log_level,
        cpu_request=proxy.resources.requests.cpu,
        memory_request=proxy.resources.requests.memory,
        rewrite_probes=told.webhook.rewrite_probes,
        merge_metrics=config.enable_prometheus_merge,
    )


def _read(key: str, text: str, shape: type[T]) -> T:
    try:
        documents = codec.parse_yaml(text)
        if len(documents) > 1:
            raise Malformed(f"expected one document, found {len(documents)}")
        return codec.convert(shape, documents[0] if documents else {})
    except Malformed as error:
        raise Malformed(f"{key}: {error}") from error


def _fits(where: str, value: str, pattern: re.Pattern[str], accepted: str) -> None:
    if not pattern.fullmatch(value):
        raise Malformed(f"{where}: {value!r} is not {accepted}")
