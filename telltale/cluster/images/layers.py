"""Layers laid one over another into one directory: files, links, whiteouts.

Never: a file outside that directory, a device node, or a layer that is not what its digest says.
"""

import hashlib
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from telltale.cluster.images.archive import Archive, BadArchive, Layer

_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def apply(archive: Archive, layer: Layer, root: Path) -> None:
    """Lay one layer over `root`. Raises `BadArchive`."""
    with archive.open(layer.path) as file:
        stream = _Plain(file)
        try:
            with tarfile.open(fileobj=cast(BinaryIO, stream), mode="r|") as tar:
                _extract(tar, root)
        except (tarfile.TarError, zlib.error, OSError) as error:
            raise BadArchive(f"layer {layer.path}: {error}") from error
        if (found := stream.drain()) != layer.diff_id:
            raise BadArchive(f"layer {layer.path} is {found}, its config says {layer.diff_id}")


def _extract(tar: tarfile.TarFile, root: Path) -> None:
    for member in tar:
        target = _inside(root, member.name)
        if target.name == _OPAQUE:
            _empty(target.parent)
        elif target.name.startswith(_WHITEOUT):
            _remove(target.with_name(target.name.removeprefix(_WHITEOUT)))
        elif not (member.ischr() or member.isblk()):
            _place(tar, member, target, root)


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, root: Path) -> None:
    if target == root:
        return
    if member.islnk():  # its name is from the archive's root
        _inside(root, member.linkname)
        member = member.replace(linkname=member.linkname.lstrip("/"), deep=False)
    if not (member.isdir() and target.is_dir() and not target.is_symlink()):
        _remove(target)
    name = str(target.relative_to(root))
    tar.extract(
        member.replace(name=name, deep=False), root, numeric_owner=True, filter="fully_trusted"
    )  # `_inside` has judged the name and the hard link; a symbolic link is only text


def _inside(root: Path, name: str) -> Path:
    """Where `name` lands, its parents' links followed; refused when that is not below `root`."""
    path = root / name.lstrip("/")
    parent = path.parent.resolve()
    if ".." in Path(name).parts or not parent.is_relative_to(root):
        raise BadArchive(f"{name!r} leads out of the image")
    return root if path == root else parent / path.name


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _empty(folder: Path) -> None:
    if folder.is_dir():
        for inner in folder.iterdir():
            _remove(inner)


class _Plain:
    """A layer's bytes uncompressed, and their digest: what tarfile reads from."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._buffer = file.read(4)
        if self._buffer.startswith(_ZSTD):
            raise BadArchive("a layer is compressed with zstd: save the image with gzip or plain")
        packed = self._buffer.startswith(_GZIP)
        self._unzip = zlib.decompressobj(wbits=31) if packed else None
        if self._unzip:
            self._buffer = self._unzip.decompress(self._buffer)

    def read(self, size: int) -> bytes:
        while len(self._buffer) < size and (chunk := self._file.read(1 << 18)):
            self._buffer += self._unzip.decompress(chunk) if self._unzip else chunk
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        self._digest.update(data)
        return data

    def drain(self) -> str:
        """Reads what is left, and says what it all was."""
        while self.read(1 << 18):
            pass
        return f"sha256:{self._digest.hexdigest()}"
