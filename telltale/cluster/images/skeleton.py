"""A small root directory that stands for the host: what is not bound in must not be seen.

The host's `/usr` and what the project runs from are bound over it, read-only, when a container
starts. `/etc` is a copy of the few files that programs need. Never: a secret of the host, a home
directory, or a change to a root that containers already stand on (another content, another root).
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROXY_USER, PROXY_ID = "istio-proxy", 1337

_FORMAT = "2"  # a new number when the layout below changes: old roots stay with their containers
_TOPS = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
_FOLDERS = (
    "dev", "etc", "home", "media", "mnt", "opt/telltale/bin", "proc", "root", "run/lock", "srv",
    "sys", "var/cache", "var/lib", "var/log", "var/spool",
)  # fmt: skip
_ETC = (
    "alternatives", "bash.bashrc", "ca-certificates", "debian_version", "ethertypes", "fonts",
    "gai.conf", "group", "host.conf", "inputrc", "iproute2", "issue", "ld.so.cache", "ld.so.conf",
    "ld.so.conf.d", "localtime", "magic", "mime.types", "netconfig", "nginx", "nsswitch.conf",
    "os-release", "passwd", "profile", "protocols", "rpc", "services", "ssl/certs",
    "ssl/openssl.cnf", "terminfo", "timezone", "xtables.conf",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Host:
    """What of the host is seen: `visible` paths read-only, `scripts` in /opt/telltale/bin."""

    visible: tuple[Path, ...] = ()
    scripts: Mapping[str, str] = field(default_factory=dict)
    root: Path = Path("/")


def bound(host: Host) -> tuple[Path, ...]:
    """The host's paths to bind into a container, each once, outer ones first."""
    tops = [Path("/") / top for top in _TOPS if _folder(host.root / top)]
    found: list[Path] = list(tops)
    for path in sorted(set(host.visible)):
        if not any(path.is_relative_to(outer) for outer in found):
            found.append(path)
    return tuple(found)


def build(home: Path, host: Host) -> Path:
    """The root directory for `host` below `home`, made if it is not there yet."""
    stamp = _stamp(host)
    root = home / stamp / "rootfs"
    if root.exists():
        return root
    draft = home / f".{stamp}"
    shutil.rmtree(draft, ignore_errors=True)
    _fill(draft / "rootfs", host)
    shutil.rmtree(home / stamp, ignore_errors=True)
    draft.rename(home / stamp)
    return root


def _fill(root: Path, host: Host) -> None:
    root.mkdir(parents=True)
    for folder in _FOLDERS:
        _mkdir(root / folder)
    for shared in ("tmp", "var/tmp"):
        _mkdir(root / shared)
        (root / shared).chmod(0o1777)
    (root / "var/run").symlink_to("/run")
    (root / "var/lock").symlink_to("/run/lock")
    # nginx's welcome page as its package brings it; what the host itself serves is not shown.
    (root / "var/www").mkdir()
    (root / "var/www/html").symlink_to("/usr/share/nginx/html")
    for top in _TOPS:
        if (host.root / top).is_symlink():
            (root / top).symlink_to((host.root / top).readlink())
    for seen in bound(host):
        _mkdir(root / seen.relative_to("/"))
    for name in _ETC:
        _copy(host.root / "etc" / name, root / "etc" / name)
    _add_user(root / "etc")
    for name, text in host.scripts.items():
        script = root / "opt/telltale/bin" / name
        script.write_text(text)
        script.chmod(0o755)
    for made in (root, *(path for path in root.rglob("*") if _folder(path))):
        made.chmod(made.stat().st_mode | 0o755)  # whatever the umask is


def _add_user(etc: Path) -> None:
    """The proxy's user, so that `id` and a shell prompt know it."""
    lines = {
        "passwd": f"{PROXY_USER}:x:{PROXY_ID}:{PROXY_ID}::/tmp:/bin/bash\n",
        "group": f"{PROXY_USER}:x:{PROXY_ID}:\n",
    }
    for name, line in lines.items():
        file = etc / name
        known = file.read_text() if file.exists() else "root:x:0:0:root:/root:/bin/bash\n"
        kept = [row for row in known.splitlines(keepends=True) if f":{PROXY_ID}:" not in row]
        file.write_text("".join(kept) + line)


def _copy(source: Path, target: Path) -> None:
    if source.is_symlink():
        _mkdir(target.parent)
        target.symlink_to(source.readlink())
    elif source.is_dir():
        _mkdir(target)
        for inner in source.iterdir():
            _copy(inner, target / inner.name)
    elif source.is_file() and source.stat().st_mode & 0o004:  # what anyone on the host may read
        _mkdir(target.parent)
        shutil.copyfile(source, target)
        target.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)


def _folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _mkdir(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)


def _stamp(host: Host) -> str:
    parts = [_FORMAT, *map(str, bound(host))]
    parts += [f"{name}\0{text}" for name, text in sorted(host.scripts.items())]
    for name in ("passwd", "group", "os-release"):
        file = host.root / "etc" / name
        parts.append(file.read_text() if file.exists() else "")
    return hashlib.sha256("\0\0".join(parts).encode()).hexdigest()[:12]
