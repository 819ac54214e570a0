"""The Node object: made once, its conditions and its Lease kept fresh, so that it counts as ready.

Never: a pod.
"""

import asyncio
import logging
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from telltale.cluster.node.capabilities import EVERY
from telltale.cluster.node.machine import Capacity
from telltale.cluster.node.settings import NodeSettings
from telltale.kube.client import Client, Patch
from telltale.kube.codec import Json, Object
from telltale.kube.errors import AlreadyExists, ApiError, NotFound
from telltale.kube.kinds import LEASE, NAMESPACE, NODE
from telltale.kube.meta import Condition
from telltale.lib.clock import Clock
from telltale.lib.moment import rfc3339

log = logging.getLogger(__name__)

VERSION = "v1.32.0"
RUNTIME = "runc://1.1"
_LEASES = "kube-node-lease"
_LEASE_S = 40
_BEAT_S = 10.0
_STATUS_BEATS = 30  # the status is written anew every 5 minutes, the Lease every 10 seconds
_HEALTHY = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory",
     "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Registration:
    settings: NodeSettings
    client: Client
    clock: Clock
    capacity: Capacity

    async def run(self) -> None:
        """Register, then beat until cancelled. Raises `ApiError`; to be run again then."""
        await self._ensure()
        beats = 0
        while True:
            if beats % _STATUS_BEATS == 0:
                await self._write_status()
            await self._renew()
            beats += 1
            await asyncio.sleep(_BEAT_S)

    async def _ensure(self) -> None:
        name = self.settings.name
        labels: Object = {
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64", "node-role.kubernetes.io/control-plane": "",
        }  # fmt: skip
        range = self.settings.node_cidr
        spec: Object = {"podCIDR": range, "podCIDRs": [range]}
        try:
            await self.client.create(
                NODE, {"metadata": {"name": name, "labels": labels}, "spec": spec}
            )
        except AlreadyExists:
            await self.client.patch(NODE, name, {"metadata": {"labels": labels}, "spec": spec})
        try:
            await self.client.create(NAMESPACE, {"metadata": {"name": _LEASES}})
        except ApiError as error:
            log.debug("namespace %s: %s", _LEASES, error)  # it is there, as a rule

    async def _write_status(self) -> None:
        node = await self.client.get(NODE, self.settings.name)
        now = rfc3339(self.clock.now())
        before = {one.type: one for one in node.status.conditions}
        conditions: list[Json] = [_condition(row, before, now) for row in _HEALTHY]
        await self.client.patch(
            NODE, self.settings.name, {"status": self._status(conditions)},
            how=Patch.STRATEGIC, subresource="status",
        )  # fmt: skip

    def _status(self, conditions: list[Json]) -> Object:
        resources: Object = {
            "cpu": str(self.capacity.cpus),
            "memory": f"{self.capacity.memory_bytes >> 10}Ki",
            "pods": str(self.settings.pods_most),
        }
        return {
            "conditions": conditions,
            "addresses": [
                {"type": "InternalIP", "address": str(self.settings.address)},
                {"type": "Hostname", "address": self.settings.name},
            ],
            "capacity": resources,
            "allocatable": dict(resources),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": _text("/proc/sys/kernel/random/boot_id"),
                "machineID": _text("/etc/machine-id"),
                "systemUUID": "",
                "containerRuntimeVersion": RUNTIME,
                "kernelVersion": platform.release(),
                "kubeProxyVersion": VERSION,
                "kubeletVersion": VERSION,
                "operatingSystem": "linux",
                "osImage": _os_name(),
            },
        }

    async def _renew(self) -> None:
        now = self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        name = self.settings.name
        spec: Object = {
            "holderIdentity": name, "leaseDurationSeconds": _LEASE_S, "renewTime": now,
        }  # fmt: skip
        try:
            await self.client.patch(LEASE, name, {"spec": spec}, namespace=_LEASES)
        except NotFound:
            meta: Object = {"name": name, "namespace": _LEASES}
            await self.client.create(LEASE, {"metadata": meta, "spec": spec})


def capacity() -> Capacity:
    """What this machine has and lets us do. Blocking."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    unified = _text("/sys/fs/cgroup/cgroup.controllers").split()
    controllers = {*unified, *(path.name for path in Path("/sys/fs/cgroup").glob("*/"))}
    limits = {"memory", "cpu"} <= controllers
    if not limits:
        log.warning("no memory and cpu cgroups here: resource limits are not kept")
    resolv_conf = _text("/etc/resolv.conf", strip=False)
    return Capacity(
        os.cpu_count() or 1, pages, _held(), resolv_conf, "/" if unified else "", limits
    )


def _held() -> frozenset[str]:
    """Our own capabilities: no container can get more."""
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", _text("/proc/self/status"), re.M)
    bits = int(found[1], 16) if found else 0
    return frozenset(name for name in EVERY if bits >> _NUMBER[name] & 1)


_NUMBER = {
    name: number
    for number, name in enumerate(
        [
            "CHOWN",
            "DAC_OVERRIDE",
            "DAC_READ_SEARCH",
            "FOWNER",
            "FSETID",
            "KILL",
            "SETGID",
            "SETUID",
            "SETPCAP",
            "LINUX_IMMUTABLE",
            "NET_BIND_SERVICE",
            "NET_BROADCAST",
            "NET_ADMIN",
            "NET_RAW",
            "IPC_LOCK",
            "IPC_OWNER",
            "SYS_MODULE",
            "SYS_RAWIO",
            "SYS_CHROOT",
            "SYS_PTRACE",
            "SYS_PACCT",
            "SYS_ADMIN",
            "SYS_BOOT",
            "SYS_NICE",
            "SYS_RESOURCE",
            "SYS_TIME",
            "SYS_TTY_CONFIG",
            "MKNOD",
            "LEASE",
            "AUDIT_WRITE",
            "AUDIT_CONTROL",
            "SETFCAP",
            "MAC_OVERRIDE",
            "MAC_ADMIN",
            "SYSLOG",
            "WAKE_ALARM",
            "BLOCK_SUSPEND",
            "AUDIT_READ",
            "PERFMON",
            "BPF",
            "CHECKPOINT_RESTORE",
        ]
    )
}  # capability.h


def _condition(row: tuple[str, str, str, str], before: Mapping[str, Condition], now: str) -> Object:
    type, status, reason, message = row
    old = before.get(type)
    since = old.last_transition_time if old and old.status == status else None
    return {
        "type": type, "status": status, "reason": reason, "message": message,
        "lastHeartbeatTime": now, "lastTransitionTime": since or now,
    }  # fmt: skip


def _os_name() -> str:
    found = re.search(r'^PRETTY_NAME="?(.*?)"?$', _text("/etc/os-release"), re.M)
    return found[1] if found else platform.system()


def _text(path: str, *, strip: bool = True) -> str:
    try:
        text = Path(path).read_text(errors="replace")
    except OSError:
        return ""
    return text.strip() if strip else text
