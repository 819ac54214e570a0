"""What an image is to a container: its root file system, and how its program is started.

Never: where it came from, or how it is mounted.
"""

from dataclasses import dataclass, field
from pathlib import Path

PATH = "/opt/telltale/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class NoImage(Exception):
    """An image that cannot be had; `str()` is the line for the user."""


@dataclass(frozen=True, slots=True)
class HostImage:
    """An image made of the host's own files: `/usr` and friends read-only, and a command.

    `command` is the entry point, `args` what follows it unless the pod says otherwise.
    `user` as in an image's config: a name or a uid, optionally with `:group`.
    `writable` directories are made for that user in each container. `program` must be on the host,
    `package` is the Debian package that brings it (named when it is missing).
    """

    name: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    user: str = ""
    working_dir: str = "/"
    writable: tuple[str, ...] = ()
    program: str = ""
    package: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """An image at hand. `root` is its lower layer; `visible` host paths are bound in, read-only."""

    name: str
    id: str  # sha256:<hex>
    root: Path
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = (("PATH", PATH),)
    user: str = ""
    working_dir: str = "/"
    visible: tuple[Path, ...] = field(default=())
    writable: tuple[str, ...] = ()
