"""The app's own probes, turned so that the agent runs them from inside the pod. Pure.

The kubelet cannot show a certificate of the mesh, so it asks the agent on :15020, which asks the
app. The originals go along in ISTIO_KUBE_APP_PROBERS. Left as they are: exec probes, probes of
another host, and ports that cannot be resolved. Never: the sidecar's own probe.
"""

from collections.abc import Iterator, Mapping

from telltale.inject.decide import PROXY
from telltale.kube.codec import Json, Object, dig

STATUS_PORT = 15020
_KINDS = {"readinessProbe": "readyz", "livenessProbe": "livez", "startupProbe": "startupz"}


def rewrite(containers: list[Json]) -> tuple[list[Json], Object]:
    """The containers with their probes turned, and the originals by the agent's path."""
    turned: list[Json] = []
    originals: Object = {}
    for container in containers:
        if isinstance(container, dict) and container.get("name") != PROXY:
            changes = dict(_turned(container, originals))
            turned.append({**container, **changes})
        else:
            turned.append(container)
    return turned, originals


def _turned(container: Object, originals: Object) -> Iterator[tuple[str, Json]]:
    for kind, word in _KINDS.items():
        probe = container.get(kind)
        if not isinstance(probe, dict):
            continue
        original = _original(probe, _ports(container))
        if original:
            path = f"/app-health/{container.get('name')}/{word}"
            original["timeoutSeconds"] = probe.get("timeoutSeconds") or 1
            originals[path] = original
            timing = {key: value for key, value in probe.items() if key not in _CHECKS}
            ask: Object = {"path": path, "port": STATUS_PORT, "scheme": "HTTP"}
            yield kind, {"httpGet": ask, **timing}


_CHECKS = ("httpGet", "tcpSocket", "grpc", "exec")


def _original(probe: Object, ports: Mapping[str, int]) -> Object:
    """The check with its port as a number; empty when it is not one to turn."""
    for check in ("httpGet", "tcpSocket", "grpc"):
        asked = probe.get(check)
        if isinstance(asked, dict):
            port = _number(asked.get("port"), ports)
            if port is None or asked.get("host"):
                return {}
            return {check: {**asked, "port": port}}
    return {}


def _ports(container: Object) -> dict[str, int]:
    found = {}
    ports = container.get("ports")
    for port in ports if isinstance(ports, list) else []:
        name, number = dig(port, "name"), dig(port, "containerPort")
        if isinstance(name, str) and isinstance(number, int):
            found[name] = number
    return found


def _number(port: Json, named: Mapping[str, int]) -> int | None:
    if isinstance(port, str):
        port = named.get(port, int(port) if port.isdecimal() else None)
    return port if isinstance(port, int) and 0 < port < 65536 else None
