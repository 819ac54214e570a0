"""The names of all kinds of problems: permanent, each with the field's own code beside. Pure.

docs/analysis.md is written from this. Never: a check.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """`istio` is istioctl analyze's code for the same, "" where it has none."""

    name: str
    istio: str
    means: str


CODES: tuple[Code, ...] = (
    Code("unknown-field", "IST0106", "a field that the kind does not have; it has no effect"),
    Code("wrong-type", "IST0106", "a value of another type than the field's"),
    Code("wrong-value", "IST0106", "a value that the field does not take"),
    Code("missing-field", "IST0106", "a field without which the rest means nothing"),
    Code("exclusive-fields", "IST0106", "fields of which only one may be there"),
    Code("invalid", "IST0106", "what the kind itself refuses, or advises against"),
    Code("deprecated", "IST0002", "a field that another has taken the place of"),
    Code("host-not-found", "IST0101", "a destination that is no service of the mesh"),
    Code("host-not-in-full", "IST0101", "a name with a dot that is no service's full name"),
    Code("subset-not-found", "IST0101", "a subset that no DestinationRule of the host has"),
    Code("port-not-found", "", "a port that the destination does not have"),
    Code("port-not-said", "IST0112", "a destination with several ports and none said"),
    Code("gateway-not-found", "IST0101", "a gateway that is not there"),
    Code("host-not-in-gateway", "IST0132", "a host that none of the gateway's servers takes"),
    Code("unreachable-rule", "IST0130", "a rule that an earlier one leaves nothing to"),
    Code("hosts-claimed-twice", "IST0109", "rules that an elder VirtualService shadows"),
    Code("policy-host-not-found", "IST0174", "a DestinationRule for what is no service"),
    Code("subset-selects-nothing", "IST0173", "a subset that selects no workload"),
    Code("gateway-without-workload", "IST0127", "a Gateway that selects no workload"),
    Code("gateway-credential", "IST0161", "a certificate that is not there or is none"),
    Code("gateway-clash", "IST0145", "servers of gateways that want the same port or host"),
    Code("gateway-port-not-exposed", "IST0162", "a port that the gateway's Service does not have"),
    Code("gateway-certificate-shared", "IST0138", "one certificate in two Gateways"),
    Code("entry-protocols-differ", "IST0177", "ServiceEntries that disagree on a host's port"),
    Code("entry-without-addresses", "IST0134", "a TCP port that every connection matches"),
    Code("sidecars-for-all", "IST0111", "several Sidecars without a selector in a namespace"),
    Code("sidecars-overlap", "IST0110", "several Sidecars that select one workload"),
    Code("telemetries-for-all", "IST0160", "several Telemetries without a selector"),
    Code("telemetries-overlap", "IST0159", "several Telemetries that select one workload"),
    Code("app-protocol", "", "an appProtocol that the mesh does not know"),
    Code("port-name", "IST0118", "a port that does not say what is spoken on it"),
    Code("external-name-port-name", "IST0150", "the same of an ExternalName Service"),
    Code("port-protocols-differ", "IST0116", "Services that disagree on a container port"),
    Code("namespace-not-injected", "IST0102", "a namespace whose pods have no sidecar"),
    Code("namespace-labels-conflict", "IST0123", "two labels that choose an injector"),
    Code("pod-without-proxy", "IST0103", "a pod without a sidecar in a namespace that has them"),
    Code("proxy-user", "IST0144", "an application that runs as the proxy's user"),
    Code("image-auto", "IST0146", "image auto in a pod that is not injected"),
    Code("proxy-image-differs", "IST0158", "a sidecar of another image than new ones"),
    Code("annotation-unknown", "IST0108", "an annotation of Istio's that there is not"),
    Code("annotation-misplaced", "IST0107", "an annotation at a kind that does not have it"),
    Code("annotation-invalid", "IST0125", "an annotation whose value cannot be followed"),
    Code("annotation-deprecated", "IST0135", "an annotation that another thing has replaced"),
    Code("not-followed", "", "what MeshConfig or a proxy's own configuration says in vain"),
    Code("annotation-not-followed", "", "an annotation of Istio's without effect here"),
    Code("patch-order", "IST0151", "a patch beside others, without a priority"),
    Code("patch-refused", "", "a patch of an EnvoyFilter that does not fit"),
    Code("patch-without-effect", "", "a patch of an EnvoyFilter that means nothing there is"),
    Code("module-missing", "", "a WasmPlugin's module that cannot be had"),
    Code("module-on-its-way", "", "a WasmPlugin's module that is being fetched"),
    Code("rejected-by-envoy", "", "a resource that proxies have rejected"),
)  # fmt: skip
_ISTIO = {one.name: one.istio for one in CODES}


def istio_code(name: str) -> str:
    return _ISTIO.get(name, "")
