"""What one pod asks of its sidecar by annotations, read into one frozen value. Pure.

A value that cannot be used refuses the pod: the annotation, the offending token and the accepted
form are in the message. Annotations that nobody here knows are left alone. Never: the sidecar's
spec.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

from telltale.inject import mounts, proxyconfig
from telltale.inject.settings import SidecarSettings
from telltale.kube.codec import Malformed, Object, dig
from telltale.model.startup import Around, around

TRAFFIC = "traffic.sidecar.istio.io/"
SIDECAR = "sidecar.istio.io/"
READINESS = "readiness.status.sidecar.istio.io/"
CONFIG = "proxy.istio.io/config"

LEVELS = ("trace", "debug", "info", "warning", "warn", "error", "critical", "off")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,499}")


class BadAnnotation(Malformed):
    """An annotation that cannot be followed; it is named, with the token and what is accepted."""

    def __init__(self, annotation: str, token: str, accepted: str) -> None:
        super().__init__(f"annotation {annotation}: {token!r} is not {accepted}")


@dataclass(frozen=True, slots=True)
class Capture:
    """Which traffic goes through Envoy, as `istio-iptables` takes it: `*`, a list, or nothing."""

    inbound_ports: str = "*"
    inbound_excluded: tuple[str, ...] = ()
    outbound_ranges: str = "*"
    outbound_ranges_excluded: str = ""
    outbound_ports: str = ""
    outbound_ports_excluded: str = ""
    interfaces_excluded: str = ""
    interfaces_rerouted: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """The pod's annotations laid over the mesh's settings."""

    capture: Capture
    image: str
    log_level: str
    component_log_level: str
    agent_log_level: str
    requests: Mapping[str, str]
    limits: Mapping[str, str]
    probe: Mapping[str, int]
    rewrite_probes: bool
    merge_metrics: bool
    proxy_config: Object = field(default_factory=dict)
    volumes: tuple[Object, ...] = ()
    mounts: tuple[Object, ...] = ()

    @property
    def holds_application(self) -> bool:
        return self.proxy_config.get("holdApplicationUntilProxyStarts") is True

    @property
    def variables(self) -> dict[str, str]:
        """The ProxyConfig's `proxyMetadata`: environment of the agent."""
        metadata = self.proxy_config.get("proxyMetadata")
        given = metadata if isinstance(metadata, dict) else {}
        return {name: str(value) for name, value in given.items()}


def read(pod: Object, namespace: str, settings: SidecarSettings) -> Wishes:
    """Raises `BadAnnotation`."""
    notes = _Annotations(pod)
    return Wishes(
        capture=_capture(notes),
        image=notes.matching(SIDECAR + "proxyImage", settings.proxy_image, _IMAGE, "an image name"),
        log_level=notes.log_level(settings.log_level),
        component_log_level=notes.text(SIDECAR + "componentLogLevel", settings.component_log_level),
        agent_log_level=notes.text(SIDECAR + "agentLogLevel", "default:info"),
        requests=notes.quantities(
            {"cpu": "proxyCPU", "memory": "proxyMemory"},
            {"cpu": settings.cpu_request, "memory": settings.memory_request},
        ),
        limits=notes.quantities({"cpu": "proxyCPULimit", "memory": "proxyMemoryLimit"}, {}),
        probe=notes.numbers("initialDelaySeconds", "periodSeconds", "failureThreshold"),
        rewrite_probes=notes.flag(SIDECAR + "rewriteAppHTTPProbers", settings.rewrite_probes),
        merge_metrics=notes.flag("prometheus.istio.io/merge-metrics", settings.merge_metrics),
        proxy_config=notes.proxy_config(settings, _around(pod, namespace, settings)),
        volumes=mounts.volumes(notes.all),
        mounts=mounts.mounts(notes.all),
    )


def _around(pod: Object, namespace: str, settings: SidecarSettings) -> Around:
    """What ProxyConfigs say of a pod with these labels."""
    labels = dig(pod, "metadata", "labels", default={})
    said = {key: str(one) for key, one in labels.items()} if isinstance(labels, dict) else {}
    return around(settings.starts, settings.root, namespace, said)


def _capture(notes: "_Annotations") -> Capture:
    mode = notes.text(SIDECAR + "interceptionMode", "REDIRECT")
    if mode != "REDIRECT":
        raise BadAnnotation(SIDECAR + "interceptionMode", mode, "REDIRECT, the one mode there is")
    return Capture(
        inbound_ports=notes.listed(TRAFFIC + "includeInboundPorts", PORTS_OR_ALL, "*"),
        inbound_excluded=tuple(
            port for port in notes.listed(TRAFFIC + "excludeInboundPorts", PORTS).split(",") if port
        ),
        outbound_ranges=notes.listed(TRAFFIC + "includeOutboundIPRanges", RANGES_OR_ALL, "*"),
        outbound_ranges_excluded=notes.listed(TRAFFIC + "excludeOutboundIPRanges", RANGES),
        outbound_ports=notes.listed(TRAFFIC + "includeOutboundPorts", PORTS),
        outbound_ports_excluded=notes.listed(TRAFFIC + "excludeOutboundPorts", PORTS),
        interfaces_excluded=notes.listed(TRAFFIC + "excludeInterfaces", INTERFACES),
        interfaces_rerouted=notes.listed(
            "istio.io/reroute-virtual-interfaces",
            INTERFACES,
            notes.listed(TRAFFIC + "kubevirtInterfaces", INTERFACES),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Form:
    """What a comma separated list may hold; `all` is whether `*` alone may stand for everything."""

    accepted: str
    fits: Callable[[str], bool]
    all: bool = False


def _is_port(token: str) -> bool:
    return re.fullmatch(r"[0-9]{1,5}", token) is not None and 0 < int(token) < 65536


def _is_range(token: str) -> bool:
    try:
        ip_network(token, strict=False)
    except ValueError:
        return False
    return "/" in token


_A_PORT = "a port (1-65535); accepted are ports separated by commas"
_A_RANGE = "an address range; accepted are ranges such as 10.0.0.0/8 separated by commas"
PORTS = _Form(_A_PORT, _is_port)
PORTS_OR_ALL = _Form(f"{_A_PORT}, or * alone for all", _is_port, all=True)
RANGES = _Form(_A_RANGE, _is_range)
RANGES_OR_ALL = _Form(f"{_A_RANGE}, or * alone for all", _is_range, all=True)
INTERFACES = _Form(
    "the name of a network interface; accepted are names separated by commas",
    lambda token: _INTERFACE.fullmatch(token) is not None,
)


class _Annotations:
    """A pod's annotations, each read in its form."""

    def __init__(self, pod: Object) -> None:
        notes = dig(pod, "metadata", "annotations", default={})
        self.all = notes if isinstance(notes, dict) else {}

    def text(self, name: str, default: str, *, lines: bool = False) -> str:
        value = self.all.get(name, default)
        if not isinstance(value, str) or not (lines or value.isprintable()):
            raise BadAnnotation(name, str(value), "a printable text")
        return value.strip()

    def matching(self, name: str, default: str, pattern: re.Pattern[str], accepted: str) -> str:
        value = self.text(name, default)
        if not pattern.fullmatch(value):
            raise BadAnnotation(name, value, accepted)
        return value

    def listed(self, name: str, form: _Form, default: str = "") -> str:
        text = self.text(name, default)
        if text == "" or (form.all and text == "*"):
            return text
        tokens = [token.strip() for token in text.split(",")]
        for token in tokens:
            if not form.fits(token):
                raise BadAnnotation(name, token, form.accepted)
        return ",".join(tokens)

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, str(default).lower()).lower()
        if value not in ("true", "false"):
            raise BadAnnotation(name, value, "true or false")
        return value == "true"

    def log_level(self, default: str) -> str:
        """`warning`, or with levels of components after it: `warning,misc:error`."""
        name = SIDECAR + "logLevel"
        value = self.text(name, default)
        if value.split(",")[0] not in LEVELS:
            raise BadAnnotation(name, value.split(",")[0], f"one of {', '.join(LEVELS)}")
        return value

    def quantities(self, names: Mapping[str, str], default: Mapping[str, str]) -> dict[str, str]:
        accepted = "a quantity such as 100m, 2 or 128Mi"
        found = dict(default)
        for resource, name in names.items():
            if SIDECAR + name in self.all:
                found[resource] = self.matching(SIDECAR + name, "", _QUANTITY, accepted)
        return found

    def numbers(self, *names: str) -> dict[str, int]:
        found = {}
        for name in names:
            if READINESS + name in self.all:
                value = self.text(READINESS + name, "")
                if not re.fullmatch(r"[0-9]{1,6}", value):
                    raise BadAnnotation(READINESS + name, value, "a whole number of 0 or more")
                found[name] = int(value)
        return found

    def proxy_config(self, settings: SidecarSettings, objects: Around) -> Object:
        """The mesh's, with the namespaces', the pod's own and its selectors' laid over it."""
        try:
            own = proxyconfig.read(self.text(CONFIG, "", lines=True))
        except Malformed as error:
            raise Malformed(f"annotation {CONFIG}: {error}") from error
        return proxyconfig.laid(
            settings.proxy_config, proxyconfig.of(objects.below), own,
            proxyconfig.of(objects.above),
        )  # fmt: skip
