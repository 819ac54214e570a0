"""What the agent is told: flags, environment, pod labels and PROXY_CONFIG, read once into frozen
values.

Precedence as Istio's: flag, then PROXY_CONFIG, then the default. Pure: the caller hands in the
environment and the text of the labels file. Never: reading `os.environ`, opening a file, or a
default that hides a typo.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from telltale import __version__
from telltale.agent.probed import AppProbe, Scrape, read_app_probes, read_scrapes
from telltale.model import peer
from telltale.model.peer import NOBODY, Peer

T = TypeVar("T")

PILOT = "istio-pilot.istio-system:15010"


class SettingsError(ValueError):
    """A setting that cannot be used; names it, its value and the form that is accepted."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the pilot is dialled: a name or an address, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Ports:
    """`health`: where a gateway, and it alone, has Envoy answer whether it is ready."""

    admin: int = 15000
    status: int = 15020
    prometheus: int = 15090
    health: int = 15021


@dataclass(frozen=True, slots=True)
class DrainTimes:
    """`least_s`: endpoint removal reaches the others; `most_s`: then Envoy goes, idle or not."""

    least_s: float = 1.5
    most_s: float = 5.0
    envoy_s: int = 45


@dataclass(frozen=True, slots=True)
class Flags:
    """The command line of `pilot-agent proxy`; None where it says nothing."""

    kind: str = "sidecar"
    domain: str | None = None
    log_level: str = "warning"
    component_log_level: str = ""
    discovery_address: str | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    kind: str
    pod: str
    namespace: str
    ip: str
    domain: str
    target: Target
    metadata: Mapping[str, object]
    cluster: str
    ports: Ports = Ports()
    drain: DrainTimes = DrainTimes()
    log_level: str = "warning"
    component_log_level: str = ""
    concurrency: int | None = None
    config_dir: Path = Path("/etc/istio/proxy")
    envoy: str | None = None
    envoy_uid: int | None = None
    resolv_conf: Path = Path("/etc/resolv.conf")
    termination_log: Path = Path("/dev/termination-log")
    app_probes: Mapping[str, AppProbe] = field(default_factory=dict)
    scrapes: tuple[Scrape, ...] = ()
    peer: Peer = NOBODY
    dns_port: int | None = None  # where the workload's DNS is led to, if it is

    @property
    def router(self) -> bool:
        """Whether Envoy is the workload, a gateway, and stands beside none."""
        return self.kind == "router"

    @property
    def node_id(self) -> str:
        return f"{self.kind}~{self.ip}~{self.pod}.{self.namespace}~{self.domain}"


def read(environ: Mapping[str, str], flags: Flags, labels_text: str = "") -> Settings:
    """Raises SettingsError for the first thing that cannot be used."""
    config = _proxy_config(environ)
    namespace = environ.get("POD_NAMESPACE", "default")
    labels = read_labels(labels_text)
    domain = flags.domain or f"{namespace}.svc.cluster.local"
    address = flags.discovery_address or config.text("discoveryAddress", PILOT)
    metadata = _metadata(environ, config, labels)
    if flags.kind == "router":
        metadata.pop("INTERCEPTION_MODE", None)  # there is nobody's traffic to intercept
    return Settings(
        kind=flags.kind,
        pod=_needed(environ, "POD_NAME"),
        namespace=namespace,
        ip=_needed(environ, "INSTANCE_IP"),
        domain=domain,
        target=read_target(address),
        metadata=metadata,
        cluster=f"{labels.get('app', 'istio-proxy')}.{namespace}",
        ports=Ports(
            admin=config.port("proxyAdminPort", 15000),
            status=config.port("statusPort", 15020),
            prometheus=_port(
                "ENVOY_PROMETHEUS_PORT", environ.get("ENVOY_PROMETHEUS_PORT", "15090")
            ),
        ),
        drain=DrainTimes(
            least_s=_seconds(
                "MINIMUM_DRAIN_DURATION", environ.get("MINIMUM_DRAIN_DURATION", "1.5s")
            ),
            most_s=config.seconds("terminationDrainDuration", 5.0),
            envoy_s=int(config.seconds("drainDuration", 45.0)),
        ),
        log_level=flags.log_level,
        component_log_level=flags.component_log_level,
        concurrency=_concurrency(environ, flags, config),
        config_dir=Path(config.text("configPath", "/etc/istio/proxy")),
        envoy=config.text("binaryPath", "") or None,
        envoy_uid=_number("ENVOY_UID", environ["ENVOY_UID"]) if "ENVOY_UID" in environ else None,
        termination_log=Path(environ.get("TERMINATION_LOG", "/dev/termination-log")),
        app_probes=_checked(read_app_probes, environ, "ISTIO_KUBE_APP_PROBERS"),
        scrapes=_checked(read_scrapes, environ, "ISTIO_PROMETHEUS_ANNOTATIONS"),
        dns_port=_dns_port(environ, flags.kind, metadata),
        peer=peer.of(
            str(metadata.get("WORKLOAD_NAME") or _needed(environ, "POD_NAME")), namespace, labels,
            str(metadata.get("CLUSTER_ID", "Kubernetes")),
        ),
    )


def read_target(text: str) -> Target:
    """`HOST:PORT` or `[V6]:PORT`."""
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:/\s]+)):(\d{1,5})", text)
    if match is None or not 0 < int(match[3]) < 65536:
        raise SettingsError(
            f'discovery address "{text}" is not HOST:PORT, as in istio-pilot.istio-system:15010'
        )
    return Target(match[1] or match[2], int(match[3]))


def read_labels(text: str) -> dict[str, str]:
    """The downward API's file: a line `key="value"` for each label, quoted as Go's %q does."""
    labels: dict[str, str] = {}
    for line in text.splitlines():
        key, found, quoted = line.partition("=")
        if not found:
            continue
        try:
            value = json.loads(quoted)
        except ValueError:
            value = quoted.strip('"')
        labels[key.strip()] = str(value)
    return labels


@dataclass(frozen=True, slots=True)
class _ProxyConfig:
    """PROXY_CONFIG, Istio's ProxyConfig as JSON, read field by field."""

    fields: Mapping[str, object]

    def text(self, name: str, default: str) -> str:
        value = self.fields.get(name, default)
        if not isinstance(value, str):
            raise SettingsError(f"PROXY_CONFIG {name} is {value!r}, must be a text")
        return value

    def port(self, name: str, default: int) -> int:
        return _port(f"PROXY_CONFIG {name}", str(self.fields.get(name, default)))

    def seconds(self, name: str, default: float) -> float:
        return _seconds(f"PROXY_CONFIG {name}", str(self.fields.get(name, f"{default}s")))


def _proxy_config(environ: Mapping[str, str]) -> _ProxyConfig:
    text = environ.get("PROXY_CONFIG", "").strip() or "{}"
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"PROXY_CONFIG is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise SettingsError(f"PROXY_CONFIG must be a JSON object, is {text[:40]}")
    return _ProxyConfig(fields)


def _metadata(
    environ: Mapping[str, str], config: _ProxyConfig, labels: Mapping[str, str]
) -> dict[str, object]:
    extra = config.fields.get("proxyMetadata")
    said = (
        {**{str(k): str(v) for k, v in extra.items()}, **environ}
        if isinstance(extra, dict)
        else environ
    )
    metadata: dict[str, object] = {
        "NAMESPACE": environ.get("POD_NAMESPACE", "default"),
        "NAME": environ.get("POD_NAME", ""),
        "SERVICE_ACCOUNT": environ.get("SERVICE_ACCOUNT", "default"),
        "INSTANCE_IPS": environ.get("INSTANCE_IP", ""),
        "HOST_IP": environ.get("HOST_IP", ""),
        "LABELS": {k: v for k, v in sorted(labels.items()) if k != "pod-template-hash"},
        "INTERCEPTION_MODE": "REDIRECT",
        "ISTIO_VERSION": __version__,
        "PROXY_CONFIG": dict(config.fields),
    }
    for name in sorted(said):
        if name.startswith("ISTIO_META_"):
            metadata[name.removeprefix("ISTIO_META_")] = said[name]
    if "POD_PORTS" in metadata:
        metadata["POD_PORTS"] = _list("ISTIO_META_POD_PORTS", str(metadata["POD_PORTS"]))
    return {name: value for name, value in metadata.items() if value != ""}


def _dns_port(
    environ: Mapping[str, str], kind: str, metadata: Mapping[str, object]
) -> int | None:
    """Only a sidecar has somebody's DNS led to it; the address is one of the pod's own loopback."""
    if kind == "router" or str(metadata.get("DNS_CAPTURE", "")).lower() != "true":
        return None
    address = environ.get("DNS_PROXY_ADDR", "localhost:15053")
    host, _, port = address.rpartition(":")
    if host not in ("localhost", "127.0.0.1"):
        raise SettingsError(f'DNS_PROXY_ADDR "{address}" is not localhost:PORT')
    return _port("DNS_PROXY_ADDR", port)


def _concurrency(environ: Mapping[str, str], flags: Flags, config: _ProxyConfig) -> int | None:
    """Worker threads; None lets Envoy take one a core."""
    if flags.concurrency is not None:
        return flags.concurrency or None
    if "concurrency" in config.fields:
        return _number("PROXY_CONFIG concurrency", str(config.fields["concurrency"])) or None
    return _number("ISTIO_CPU_LIMIT", environ.get("ISTIO_CPU_LIMIT", "0")) or None


def _list(name: str, text: str) -> list[object]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"{name} is not JSON: {error}") from None
    if not isinstance(value, list):
        raise SettingsError(f"{name} must be a JSON list, is {text[:40]}")
    return value


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise SettingsError(f"environment variable {name} is not set; the injected pod sets it")
    return value


def _number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise SettingsError(f'{name} "{text}" is not a whole number')
    return int(text)


def _port(name: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SettingsError(f'{name} "{text}" is not a port (1-65535)')
    return int(text)


def _seconds(name: str, text: str) -> float:
    """A duration as Go writes it, one unit: 45s, 500ms, 2m."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if match is None:
        raise SettingsError(f'{name} "{text}" is not a duration such as 5s or 500ms')
    return float(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}[match[2]]


def _checked(read_it: Callable[[str], T], environ: Mapping[str, str], name: str) -> T:
    try:
        return read_it(environ.get(name, ""))
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from None
