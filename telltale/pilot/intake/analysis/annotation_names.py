"""The annotations that Istio knows: where each belongs, and whether it is followed here. Pure.

From istio.io's resource annotations. Never: a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """`kinds` that it belongs to. `instead`: it is deprecated, and that has taken its place."""

    kinds: tuple[str, ...]
    followed: bool = True
    instead: str = ""


_POD, _SERVICE, _ANY = ("Pod",), ("Service",), ()
# Whole families that say nothing about traffic, or are written by programs for themselves.
ASIDE = (
    "internal.istio.io", "operator.istio.io", "install.operator.istio.io", "gateway.istio.io",
    "ambient.istio.io", "galley.istio.io",
)  # fmt: skip
# Labels that are sometimes written as annotations, where nobody reads them.
LABELS = (
    "istio-injection", "security.istio.io/tlsMode", "service.istio.io/canonical-name",
    "service.istio.io/canonical-revision", "service.istio.io/workload-name",
    "topology.istio.io/network", "topology.istio.io/cluster", "topology.istio.io/subzone",
    "topology.istio.io/locality", "networking.istio.io/gatewayPort", "networking.istio.io/tunnel",
    "istio.io/persistent-session", "istio.io/persistent-session-header",
)  # fmt: skip


def _all(prefix: str, words: str, known: Known) -> dict[str, Known]:
    return {f"{prefix}{word}": known for word in words.split()}


NAMES: Mapping[str, Known] = {
    **_all("sidecar.istio.io/", (
        "status agentLogLevel componentLogLevel interceptionMode logLevel proxyCPU proxyCPULimit "
        "proxyImage proxyMemory proxyMemoryLimit rewriteAppHTTPProbers userVolume userVolumeMount"
    ), Known(_POD)),
    **_all("sidecar.istio.io/", (
        "bootstrapOverride capNetBindService extraStatTags nativeSidecar proxyImageType "
        "statsCompression statsEvictionInterval statsFlushInterval statsHistogramBins "
        "statsHistogramBuckets statsInclusionPrefixes statsInclusionRegexps "
        "statsInclusionSuffixes"
    ), Known(_POD, followed=False)),
    "sidecar.istio.io/inject": Known(_POD, instead="the label of the same name"),
    "sidecar.istio.io/discoveryAddress": Known(
        _POD, followed=False, instead="discoveryAddress in proxy.istio.io/config"
    ),
    "sidecar.istio.io/enableCoreDump": Known(_POD, followed=False, instead="nothing"),
    **_all("traffic.sidecar.istio.io/", (
        "excludeInboundPorts excludeInterfaces excludeOutboundIPRanges excludeOutboundPorts "
        "includeInboundPorts includeOutboundIPRanges includeOutboundPorts"
    ), Known(_POD)),
    "traffic.sidecar.istio.io/kubevirtInterfaces": Known(
        _POD, instead="istio.io/reroute-virtual-interfaces"
    ),
    **_all("readiness.status.sidecar.istio.io/", (
        "failureThreshold initialDelaySeconds periodSeconds"
    ), Known(_POD)),
    "readiness.status.sidecar.istio.io/applicationPorts": Known(
        _POD, followed=False, instead="the application's own readiness probe"
    ),
    "status.sidecar.istio.io/port": Known(_POD, followed=False),
    "inject.istio.io/templates": Known(_POD),
    "prometheus.istio.io/merge-metrics": Known(_POD),
    "proxy.istio.io/config": Known(_POD),
    "proxy.istio.io/overrides": Known(_POD),
    "istio.io/reroute-virtual-interfaces": Known(_POD),
    "istio.io/rev": Known(_ANY),
    "networking.istio.io/exportTo": Known(_SERVICE),
    "networking.istio.io/traffic-distribution": Known(("Service", "ServiceEntry", "Namespace")),
    "networking.istio.io/service-type": Known(("Gateway",)),
    "networking.istio.io/address-type": Known(("Gateway",), followed=False),
    **_all("alpha.istio.io/", "canonical-serviceaccounts kubernetes-serviceaccounts identity",
           Known(_SERVICE, followed=False)),
    "topology.istio.io/controlPlaneClusters": Known(("Namespace",), followed=False),
    "istio.io/dry-run": Known(("AuthorizationPolicy",)),
    "istio.io/autoRegistrationGroup": Known(("WorkloadEntry",), followed=False),
    "istio.io/connectedAt": Known(("WorkloadEntry",)),
    "istio.io/disconnectedAt": Known(("WorkloadEntry",)),
    "istio.io/workloadController": Known(("WorkloadEntry",)),
    "proxy.istio.io/health-checks-enabled": Known(("WorkloadEntry",)),
}  # fmt: skip
