"""Files of a volume put in place all at once, and changed all at once: the kubelet's `..data` way.

    volume/..2026_11_22/key    volume/..data -> ..2026_11_22    volume/key -> ..data/key

Blocking. Never: a reader that sees half of a change.
"""

import os
import shutil
import tempfile
from pathlib import Path

from telltale.cluster.node.content import File, Files


def write(folder: Path, files: Files, group: int | None) -> bool:
    """Makes the volume hold exactly `files`; False when it did already."""
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "..data"
    before = link.resolve() if link.is_symlink() else None
    if before and _read(before) == {path: file.data for path, file in files.items()}:
        return False
    fresh = Path(tempfile.mkdtemp(prefix="..", dir=folder))
    for path, file in files.items():
        _place(fresh / path, file, group)
    for made in (folder, fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
        _own_folder(made, group)
    draft = folder / "..data_tmp"
    draft.unlink(missing_ok=True)
    draft.symlink_to(fresh.name)
    draft.rename(link)
    _link_names(folder, {path.split("/")[0] for path in files})
    if before and before.parent == folder.resolve():
        shutil.rmtree(before, ignore_errors=True)
    return True


def _place(path: Path, file: File, group: int | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.data)
    path.chmod(file.mode if group is None else file.mode | 0o440)
    if group is not None:
        os.chown(path, -1, group)


def _own_folder(folder: Path, group: int | None) -> None:
    folder.chmod(0o755 if group is None else 0o2775)
    if group is not None:
        os.chown(folder, -1, group)


def _link_names(folder: Path, names: set[str]) -> None:
    for name in names:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    for entry in folder.iterdir():
        if not entry.name.startswith("..") and entry.name not in names:
            entry.unlink()


def _read(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
