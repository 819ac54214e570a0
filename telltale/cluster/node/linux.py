"""The system calls that Python 3.11 lacks: mounts and namespaces.

`unshare` and `setns` change the calling thread only, so `in_new_network` and `in_network` restore
it before they return. Never call those from the event loop's thread.
"""

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MS_BIND = 4096
_CLONE_NEWNET, _MNT_DETACH = 0x40000000, 2

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2). Raises `OSError` that names the target."""
    done = _libc.mount(
        source.encode(), os.fsencode(target), kind.encode() or None,
        ctypes.c_ulong(flags), options.encode() or None,
    )  # fmt: skip
    _check(done, f"mount {kind or source} on {target}")


def unmount(target: Path) -> None:
    """Take a mount away, at once from view and then when nothing uses it; none there is fine."""
    if _libc.umount2(os.fsencode(target), _MNT_DETACH) != 0:
        number = ctypes.get_errno()
        if number not in (22, 2):  # EINVAL: not a mount; ENOENT
            raise OSError(number, f"unmount {target}: {os.strerror(number)}")


def mounts_below(folder: Path) -> list[Path]:
    """Mount points in and below a directory, innermost first."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = Path(line.split(" ")[4].encode().decode("unicode_escape"))
        if point.is_relative_to(folder):
            found.append(point)
    return sorted(found, key=lambda point: len(point.parts), reverse=True)


def is_mount(path: Path) -> bool:
    """By the kernel's own list: `Path.is_mount` misses a bind within one file system."""
    return path in mounts_below(path)


@contextmanager
def in_new_network(keep: Path) -> Iterator[int]:
    """The block runs in a new network namespace, kept by a mount on `keep`.

    Yields a descriptor of the namespace that it came from.
    """
    with _and_back() as home:
        _check(_libc.unshare(_CLONE_NEWNET), "unshare a network namespace")
        keep.touch(mode=0o444)
        mount(f"/proc/self/task/{threading.get_native_id()}/ns/net", keep, flags=MS_BIND)
        yield home


@contextmanager
def in_network(kept: Path) -> Iterator[int]:
    """The block runs in the network namespace that is mounted on `kept`."""
    with _and_back() as home:
        other = os.open(kept, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _check(_libc.setns(other, _CLONE_NEWNET), f"enter {kept}")
        finally:
            os.close(other)
        yield home


@contextmanager
def _and_back() -> Iterator[int]:
    path = f"/proc/self/task/{threading.get_native_id()}/ns/net"
    home = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield home
    finally:
        _check(_libc.setns(home, _CLONE_NEWNET), "return to the host's network namespace")
        os.close(home)


def _check(done: int, what: str) -> None:
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
