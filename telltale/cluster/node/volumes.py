"""A pod's volumes on this machine: made, kept current, mounted into containers, taken away.

Never: the content of object volumes (see `content`) or how it is swapped (see `payload`).
"""

import asyncio
import os
import stat
from pathlib import Path

from telltale.cluster.node import content, linux, payload
from telltale.cluster.node.sources import Missing, Placed, Sources
from telltale.cluster.node.spec import Mount
from telltale.cluster.node.tokens import Tokens
from telltale.kube.core import Container, EmptyDir, HostPath, Volume, VolumeMount
from telltale.kube.errors import ApiError
from telltale.kube.quantity import whole


class Volumes:
    """`folder` is the pod's own; each volume has a directory `volumes/<name>` in it."""

    def __init__(self, sources: Sources, tokens: Tokens) -> None:
        self._sources = sources
        self._tokens = tokens

    async def prepare(self, placed: Placed, folder: Path) -> None:
        """Make every volume, or bring it up to date. Raises `Missing` in the kubelet's words."""
        group = placed.pod.spec.security_context.fs_group
        for volume in placed.pod.spec.volumes:
            try:
                await self._prepare(volume, placed, folder / "volumes" / volume.name, group)
            except (Missing, ApiError, OSError) as error:
                raise Missing(
                    f'MountVolume.SetUp failed for volume "{volume.name}" : {error}'
                ) from error

    async def refresh(self, placed: Placed, folder: Path) -> None:
        """Bring the volumes that are made of objects up to date. What is missing now stays."""
        group = placed.pod.spec.security_context.fs_group
        for volume in placed.pod.spec.volumes:
            if content.of_objects(volume):
                target = folder / "volumes" / volume.name
                await self._prepare(volume, placed, target, group)

    def renew_at(self, uid: str) -> float | None:
        return self._tokens.renew_at(uid)

    async def remove(self, uid: str, folder: Path) -> None:
        self._tokens.forget(uid)
        await asyncio.to_thread(_unmount_below, folder / "volumes")

    async def _prepare(
        self, volume: Volume, placed: Placed, target: Path, group: int | None
    ) -> None:
        if content.of_objects(volume):
            tokens = await self._tokens.of(placed.pod, volume)
            files = content.files(volume, placed, self._sources, tokens)
            await asyncio.to_thread(payload.write, target, files, group)
        elif volume.host_path:
            await asyncio.to_thread(_check_host_path, volume.host_path)
        elif volume.empty_dir:
            await asyncio.to_thread(_make_empty, target, volume.empty_dir, group)
        else:
            raise Missing(f'volume "{volume.name}" is of a kind that this node does not have')


def mounts(container: Container, volumes: list[Volume], folder: Path) -> tuple[Mount, ...]:
    """A container's mounts. Blocking. Raises `Missing`."""
    known = {volume.name: volume for volume in volumes}
    found = []
    for mount in container.volume_mounts:
        if mount.name not in known:
            raise Missing(f'volume "{mount.name}" not found')
        volume = known[mount.name]
        path = folder / "volumes" / volume.name
        root = Path(volume.host_path.path) if volume.host_path else path
        source = _sub(root, mount, content.of_objects(volume)) if mount.sub_path else root
        read_only = mount.read_only or content.of_objects(volume)
        found.append(Mount(str(source), mount.mount_path, read_only))
    return tuple(found)


def _sub(root: Path, mount: VolumeMount, read_only: bool) -> Path:
    source = (root / mount.sub_path).resolve()
    if not source.is_relative_to(root.resolve()):
        raise Missing(f'subPath "{mount.sub_path}" leads out of volume "{mount.name}"')
    if not source.exists():
        if read_only:
            raise Missing(f'subPath "{mount.sub_path}" is not in volume "{mount.name}"')
        source.mkdir(parents=True, mode=0o777)
    return source


def _make_empty(target: Path, source: EmptyDir, group: int | None) -> None:
    target.mkdir(parents=True, exist_ok=True)
    if source.medium == "Memory" and not linux.is_mount(target):
        size = f",size={whole(source.size_limit)}" if source.size_limit else ""
        linux.mount("tmpfs", target, "tmpfs", 0, f"mode=0777{size}")
    target.chmod(0o777 if group is None else 0o2777)
    if group is not None:
        os.chown(target, -1, group)


def _check_host_path(source: HostPath) -> None:
    path, kind = Path(source.path), source.type
    if kind == "DirectoryOrCreate":
        path.mkdir(parents=True, exist_ok=True, mode=0o755)
    elif kind == "FileOrCreate":
        path.touch(exist_ok=True, mode=0o644)
    tests = {
        "Directory": stat.S_ISDIR, "DirectoryOrCreate": stat.S_ISDIR, "File": stat.S_ISREG,
        "FileOrCreate": stat.S_ISREG, "Socket": stat.S_ISSOCK, "CharDevice": stat.S_ISCHR,
        "BlockDevice": stat.S_ISBLK,
    }  # fmt: skip
    if kind in tests and not (path.exists() and tests[kind](path.stat().st_mode)):
        raise Missing(f"hostPath type check failed: {path} is not a {kind.lower()}")
    if not path.exists():
        raise Missing(f"hostPath {path} does not exist")


def _unmount_below(folder: Path) -> None:
    for point in linux.mounts_below(folder):
        linux.unmount(point)
