"""What the injector moved out of the app's pod spec for the agent to do: its probes, and where its
metrics are.

ISTIO_KUBE_APP_PROBERS is JSON `{"/app-health/NAME/readyz": {"httpGet": {...}, "timeoutSeconds":
1}}`; ISTIO_PROMETHEUS_ANNOTATIONS is JSON `{"scrape": "true", "path": "/metrics", "port": "9080"}`.
Pure: text to values. Never: running a probe.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpGet:
    port: int
    path: str = "/"
    scheme: str = "http"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TcpSocket:
    port: int


@dataclass(frozen=True, slots=True)
class Grpc:
    port: int
    service: str = ""


@dataclass(frozen=True, slots=True)
class AppProbe:
    check: HttpGet | TcpSocket | Grpc
    timeout_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Scrape:
    port: int
    path: str = "/metrics"


def read_app_probes(text: str) -> dict[str, AppProbe]:
    """Path on the agent to the probe behind it. Raises ValueError naming the path and the field."""
    return {path: _app_probe(path, _mapping(path, one)) for path, one in _object(text).items()}


def read_scrapes(text: str) -> tuple[Scrape, ...]:
    """Where the app shows its metrics; empty when it asked not to be scraped."""
    said = _object(text)
    if str(said.get("scrape", "false")).lower() != "true":
        return ()
    return (Scrape(_port("port", said.get("port", "80")), str(said.get("path") or "/metrics")),)


def _app_probe(path: str, said: Mapping[str, object]) -> AppProbe:
    timeout_s = float(str(said.get("timeoutSeconds") or 1))
    if "httpGet" in said:
        get = _mapping(f"{path} httpGet", said["httpGet"])
        return AppProbe(_http_get(path, get), timeout_s)
    if "tcpSocket" in said:
        dial = _mapping(f"{path} tcpSocket", said["tcpSocket"])
        return AppProbe(TcpSocket(_port(path, dial.get("port"))), timeout_s)
    if "grpc" in said:
        call = _mapping(f"{path} grpc", said["grpc"])
        return AppProbe(
            Grpc(_port(path, call.get("port")), str(call.get("service") or "")), timeout_s
        )
    raise ValueError(f"{path} has none of httpGet, tcpSocket, grpc")


def _http_get(path: str, get: Mapping[str, object]) -> HttpGet:
    headers = get.get("httpHeaders")
    pairs = [_mapping(path, one) for one in headers] if isinstance(headers, list) else []
    return HttpGet(
        port=_port(path, get.get("port")),
        path="/" + str(get.get("path") or "").lstrip("/"),
        scheme=str(get.get("scheme") or "HTTP").lower(),
        headers=tuple((str(one.get("name")), str(one.get("value", ""))) for one in pairs),
    )


def _object(text: str) -> Mapping[str, object]:
    if not text.strip():
        return {}
    try:
        return _mapping("the value", json.loads(text))
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None


def _mapping(where: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {value!r}, must be a JSON object")
    return value


def _port(where: str, value: object) -> int:
    text = str(value)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError(f"{where}: port {value!r} is not a port (1-65535)")
    return int(text)
