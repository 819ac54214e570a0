"""One try to start a container: image, environment, user, mounts, root, and then the runtime.

Never: whether or when to try, or what is said about it.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from telltale.cluster.images.image import Image, NoImage
from telltale.cluster.images.user import Identity, NoUser, resolve
from telltale.cluster.node import spec
from telltale.cluster.node.environ import environment, expand
from telltale.cluster.node.machine import Machine
from telltale.cluster.node.process import Process
from telltale.cluster.node.record import Record
from telltale.cluster.node.resolv import hostname
from telltale.cluster.node.runtime import Cell, RuntimeFailed, mount_root, unmount_root
from telltale.cluster.node.sources import Missing, Placed
from telltale.cluster.node.spec import Ground, Mount, Program
from telltale.cluster.node.volumes import mounts
from telltale.kube.codec import Object
from telltale.kube.core import Container, Pod

_SHARED = {"hosts": "/etc/hosts", "hostname": "/etc/hostname", "resolv.conf": "/etc/resolv.conf"}


class CannotStart(Exception):
    """`reason` as in a waiting state; `str()` is its message."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Made:
    """A container made but not started: its watcher, its first process, its image."""

    cell: Cell
    watcher: Process
    process: Process
    image: Image


def cell_of(machine: Machine, pod: Pod, name: str, attempt: int) -> Cell:
    """Where a run of a container is on disk."""
    return cell_at(machine, pod.metadata.uid, name, attempt)


def cell_at(machine: Machine, uid: str, name: str, attempt: int) -> Cell:
    """The same by the pod's uid; the id follows from what it is a run of."""
    words = f"{machine.settings.id}/{uid}/{name}/{attempt}"
    folder = machine.settings.pods / uid / "run" / name / str(attempt)
    return Cell(hashlib.sha256(words.encode()).hexdigest(), folder, folder / "log")


async def make(machine: Machine, placed: Placed, container: Container, attempt: int) -> Made:
    """Raises `CannotStart`; nothing is left behind then."""
    try:
        image = await asyncio.to_thread(machine.images.find, container.image)
    except NoImage as error:
        raise CannotStart("ErrImagePull", str(error)) from error
    cell = cell_of(machine, placed.pod, container.name, attempt)
    if cell.folder.exists():  # a try that was broken off
        await machine.runtime.remove(cell)
        await asyncio.to_thread(discard, cell)
    try:
        env = environment(container, placed, machine.sources, dict(image.env))
        config = await asyncio.to_thread(_set_down, machine, placed, container, (cell, image, env))
        watcher, process = await machine.runtime.create(cell, config)
    except (Missing, NoUser, ValueError) as error:
        await asyncio.to_thread(discard, cell)
        raise CannotStart("CreateContainerConfigError", str(error)) from error
    except (RuntimeFailed, OSError) as error:
        await machine.runtime.remove(cell)
        await asyncio.to_thread(unmount_root, cell)
        raise CannotStart("RunContainerError", str(error)) from error
    return Made(cell, watcher, process, image)


async def sweep(machine: Machine, record: Record) -> None:
    """Take away containers that the record does not know: half made when we were killed."""
    uid = record.pod.metadata.uid
    for folder in (machine.settings.pods / uid).glob("run/*/*"):
        run, attempt = record.runs.get(folder.parent.name), int(folder.name)
        if run and run.running and run.attempt == attempt:
            continue
        cell = cell_at(machine, uid, folder.parent.name, attempt)
        if machine.runtime.knows(cell):
            await machine.runtime.remove(cell)
            await asyncio.to_thread(unmount_root, cell)


def discard(cell: Cell) -> None:
    unmount_root(cell)
    shutil.rmtree(cell.folder, ignore_errors=True)


def _set_down(
    machine: Machine, placed: Placed, container: Container, what: tuple[Cell, Image, dict[str, str]]
) -> Object:
    """The container's files and root, and its config. Blocking."""
    cell, image, env = what
    pod, settings = placed.pod, machine.settings
    folder = settings.pods / pod.metadata.uid
    cell.folder.mkdir(parents=True)
    bound = [*mounts(container, pod.spec.volumes, folder), *_shared(container, folder)]
    message = cell.folder / "termination-log"
    message.touch()
    message.chmod(0o666)
    bound.append(Mount(str(message), container.termination_message_path))
    identity = identify(pod, container, image)
    _make_writable(image, identity, cell.folder / "upper")
    mount_root(cell, image.root)
    env = {**env, "HOSTNAME": env.get("HOSTNAME", hostname(pod))}
    if container.tty:
        env.setdefault("TERM", "xterm")
    if identity.home:
        env.setdefault("HOME", identity.home)
    args = tuple(expand(word, env) for word in spec.arguments(container, image))
    if not args:
        raise Missing("no command specified")
    ground = Ground(
        root=str(cell.root),
        netns="" if pod.spec.host_network else str(machine.network.path(pod.metadata.uid)),
        hostname=hostname(pod),
        cgroup=f"{machine.capacity.cgroup_root}{settings.cgroup}/{cell.id}",
        held=machine.capacity.held,
        limits=machine.capacity.limits,
    )
    return spec.oci(pod, container, image, Program(args, env, identity, tuple(bound)), ground)


def identify(pod: Pod, container: Container, image: Image) -> Identity:
    """The user by the container, the pod or the image, in this order. Raises `NoUser`."""
    own, shared = container.security_context, pod.spec.security_context
    uid = shared.run_as_user if own.run_as_user is None else own.run_as_user
    gid = shared.run_as_group if own.run_as_group is None else own.run_as_group
    user = image.user if uid is None else str(uid)
    passwd, group = _inner(image.root, "etc/passwd"), _inner(image.root, "etc/group")
    found = resolve(user, passwd, group)
    must_not = shared.run_as_non_root if own.run_as_non_root is None else own.run_as_non_root
    if must_not and found.uid == 0:
        raise NoUser("container has runAsNonRoot and image will run as root")
    groups = {*found.groups, *shared.supplemental_groups}
    if shared.fs_group is not None:
        groups.add(shared.fs_group)
    return Identity(found.uid, found.gid if gid is None else gid, tuple(sorted(groups)), found.home)


def _shared(container: Container, folder: Path) -> list[Mount]:
    """The pod's own /etc files, unless the container mounts something there itself."""
    taken = {mount.mount_path for mount in container.volume_mounts}
    return [
        Mount(str(folder / "etc" / name), target)
        for name, target in _SHARED.items()
        if target not in taken
    ]


def _make_writable(image: Image, identity: Identity, upper: Path) -> None:
    for name in image.writable:
        folder = upper / name.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        for made in (folder, *folder.parents):
            if made == upper:
                break
            made.chmod(0o755)
        os.chown(folder, identity.uid, identity.gid)


def _inner(root: Path, name: str) -> str:
    """A file of the image; never one that a link leads to on the host."""
    file = (root / name).resolve()
    if not file.is_relative_to(root.resolve()):
        return ""
    with contextlib.suppress(OSError):
        return file.read_text(errors="replace")
    return ""
