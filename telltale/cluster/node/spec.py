"""A container as the OCI runtime wants it: pod, container, image and mounts to config.json. Pure.

Never: a look at the machine; what depends on it is in `Ground`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from telltale.cluster.images.image import Image
from telltale.cluster.images.user import Identity
from telltale.cluster.node import capabilities, seccomp
from telltale.kube.codec import Json, Object
from telltale.kube.core import Container, Pod
from telltale.kube.quantity import milli, whole

_MASKED = (
    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/firmware",
)  # fmt: skip
_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
# null, zero, full, random, urandom, tty, ptmx
_DEVICES = ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2))
_NOBODY_ELSE = ["nosuid", "noexec", "nodev"]
_PTS = ("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5")
_CPU_PERIOD_US = 100_000
_ORDINARY = capabilities.DEFAULT | {"NET_ADMIN"}  # who asks for more means the calls it is for


@dataclass(frozen=True, slots=True)
class Mount:
    """A host path bound into the container."""

    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a container is set down: what the machine and the pod's sandbox give it."""

    root: str
    netns: str  # a path; "" is the host's network
    hostname: str
    cgroup: str
    held: frozenset[str] = capabilities.EVERY
    limits: bool = True  # the machine's cgroups can limit


@dataclass(frozen=True, slots=True)
class Program:
    """What runs: its arguments and environment expanded, its user resolved."""

    args: tuple[str, ...]
    env: Mapping[str, str]
    identity: Identity
    mounts: tuple[Mount, ...] = ()


def oci(pod: Pod, container: Container, image: Image, program: Program, ground: Ground) -> Object:
    """The runtime's config.json."""
    context = container.security_context
    return {
        "ociVersion": "1.0.2",
        "process": _process(container, image, program, ground),
        "root": {"path": ground.root, "readonly": context.read_only_root_filesystem},
        "hostname": ground.hostname,
        "mounts": _mounts(image, program, privileged=context.privileged),
        "annotations": {
            "io.kubernetes.pod.name": pod.metadata.name,
            "io.kubernetes.pod.namespace": pod.metadata.namespace,
            "io.kubernetes.pod.uid": pod.metadata.uid,
            "io.kubernetes.container.name": container.name,
        },
        "linux": _linux(container, ground),
    }


def arguments(container: Container, image: Image) -> tuple[str, ...]:
    """What to run: `command` replaces the image's entry point, `args` what follows it."""
    if container.command:
        return (*container.command, *container.args)
    return (*image.entrypoint, *(container.args or image.command))


def _process(container: Container, image: Image, program: Program, ground: Ground) -> Object:
    context, identity = container.security_context, program.identity
    names: list[Json] = [
        f"CAP_{name}" for name in sorted(capabilities.granted(context, ground.held))
    ]
    user: Object = {"uid": identity.uid, "gid": identity.gid}
    if identity.groups:
        user["additionalGids"] = list(identity.groups)
    return {
        "terminal": container.tty,
        "user": user,
        "args": list(program.args),
        "env": [f"{name}={value}" for name, value in program.env.items()],
        "cwd": container.working_dir or image.working_dir or "/",
        # Nothing is inheritable or ambient: what another user than root starts has none of them.
        "capabilities": {"bounding": names, "effective": names, "permitted": names},
        "noNewPrivileges": context.allow_privilege_escalation is False,
    }


def _mounts(image: Image, program: Program, *, privileged: bool) -> list[Json]:
    shown = "rw" if privileged else "ro"
    system: list[Json] = [
        _special("/proc", "proc", []),
        _special("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        _special("/dev/pts", "devpts", [*_PTS]),
        _special("/dev/mqueue", "mqueue", _NOBODY_ELSE),
        _special("/dev/shm", "tmpfs", [*_NOBODY_ELSE, "mode=1777", "size=65536k"]),  # noqa: S108
        _special("/sys", "sysfs", [*_NOBODY_ELSE, shown]),
        _special("/sys/fs/cgroup", "cgroup", [*_NOBODY_ELSE, "relatime", shown]),
    ]  # fmt: skip
    seen = [_bind(Mount(str(path), str(path), read_only=True)) for path in image.visible]
    # Outer targets first, so that one mount does not hide another.
    own = sorted(program.mounts, key=lambda mount: mount.target.rstrip("/").count("/"))
    return [*system, *seen, *(_bind(mount) for mount in own)]


def _linux(container: Container, ground: Ground) -> Object:
    kinds = ["pid", "mount", "ipc", "uts"]
    namespaces: list[Json] = [{"type": kind} for kind in kinds]
    if ground.netns:
        namespaces.append({"type": "network", "path": ground.netns})
    linux: Object = {
        "namespaces": namespaces,
        "cgroupsPath": ground.cgroup,
        "resources": _resources(container, ground),
    }
    if not container.security_context.privileged:
        linux["maskedPaths"] = list(_MASKED)
        linux["readonlyPaths"] = list(_READ_ONLY)
    if capabilities.granted(container.security_context, ground.held) <= _ORDINARY:
        linux["seccomp"] = seccomp.profile()
    return linux


def _resources(container: Container, ground: Ground) -> Object:
    rules: list[Json] = [{"allow": container.security_context.privileged, "access": "rwm"}]
    rules += [
        {"allow": True, "type": "c", "major": major, "minor": minor, "access": "rwm"}
        for major, minor in _DEVICES
    ]
    rules.append({"allow": True, "type": "c", "major": 136, "access": "rwm"})  # pts
    found: Object = {"devices": rules}
    if not ground.limits:
        return found
    limits, requests = container.resources.limits, container.resources.requests
    if "memory" in limits:
        found["memory"] = {"limit": whole(limits["memory"])}
    cpu: Object = {}
    if "cpu" in requests or "cpu" in limits:
        cpu["shares"] = max(2, milli(requests.get("cpu", limits.get("cpu", 0))) * 1024 // 1000)
    if "cpu" in limits:
        cpu["period"] = _CPU_PERIOD_US
        cpu["quota"] = max(1000, milli(limits["cpu"]) * _CPU_PERIOD_US // 1000)
    if cpu:
        found["cpu"] = cpu
    return found


def _special(target: str, kind: str, options: list[str]) -> Object:
    return {"destination": target, "type": kind, "source": kind, "options": list(options)}


def _bind(mount: Mount) -> Object:
    options: list[Json] = ["rbind", "rprivate", "ro" if mount.read_only else "rw"]
    return {
        "destination": mount.target,
        "type": "bind",
        "source": mount.source,
        "options": options,
    }
