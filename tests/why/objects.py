"""The objects that the world in memory is made of, and how a patch changes one.

Never: what follows from them.
"""

from datetime import datetime, timedelta

from telltale.lib.clock import FakeClock
from telltale.lib.moment import parse_rfc3339, rfc3339

MERGED_BY_NAME = ("containers", "initContainers", "volumes")


class Text(Exception):
    """An answer that is no JSON."""


class Refused(Exception):
    def __init__(self, code: int, reason: str, message: str) -> None:
        self.code, self.reason, self.message = code, reason, message


def merged(now: dict, patch: dict, strategic: bool) -> dict:
    result = dict(now)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(result.get(key) or {}, value, strategic)
        elif strategic and key in MERGED_BY_NAME:
            result[key] = _by_name(result.get(key, []), value)
        else:
            result[key] = value
    return result


def _by_name(now: list[dict], patch: list[dict]) -> list[dict]:
    patches = {one["name"]: one for one in patch}
    known = {one["name"] for one in now}
    changed = [merged(one, patches.get(one["name"], {}), True) for one in now]
    return changed + [one for one in patch if one["name"] not in known]


def new_service(namespace: str, name: str, selector: dict, ports: list, address: str = "") -> dict:
    spec = {"selector": selector, "ports": ports, "type": "ClusterIP"}
    if address:
        spec["clusterIP"] = address
    labels = dict(selector)
    return {
        "kind": "Service",
        "metadata": {"namespace": namespace, "name": name, "labels": labels},
        "spec": spec,
    }


def new_deployment(namespace: str, name: str, labels: dict, container: dict) -> dict:
    return {
        "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def dns_ports() -> list:
    return [
        {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": "dns"},
        {"name": "dns-tcp", "protocol": "TCP", "port": 53, "targetPort": "dns-tcp"},
    ]


def dns_container() -> dict:
    return {
        "name": "dns",
        "image": "telltale/kube-dns:1.0",
        "ports": [
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
        ],
    }


def http_port(number: int) -> dict:
    return {"name": "http", "port": number}


def owned_by(kind: str, meta: dict) -> dict:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
    }


def owner_of(one: dict) -> str:
    owners = one["metadata"].get("ownerReferences", [])
    return owners[0]["name"] if owners else ""


def is_ready(pod: dict) -> bool:
    return any(
        one["type"] == "Ready" and one["status"] == "True"
        for one in pod["status"].get("conditions", [])
    )


def crash_loop(code: int, message: str = "", clock: FakeClock | None = None) -> dict:
    reason = "OOMKilled" if code == 137 else "Error"
    end = {"exitCode": code, "reason": reason, "message": message}
    if clock:
        end["finishedAt"] = rfc3339(clock.now() - timedelta(seconds=2))
    return {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": end}}


def moment(text: str) -> datetime:
    return parse_rfc3339(text)
