"""An image archive opened: `docker save` tars and OCI layouts (a directory or a tar of one).

Every blob that is read is checked against its digest, every layer against the config's.
Never: a file written (see `layers`), or a guess: what does not add up is `BadArchive`.
"""

import gzip
import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from telltale.kube import codec
from telltale.kube.codec import Json, Object, dig

_MOST_JSON = 4 << 20
_REF_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class BadArchive(ValueError):
    """Not an image archive that can be read; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: where it is in the archive, and the digest of its uncompressed tar."""

    path: str
    diff_id: str


@dataclass(frozen=True, slots=True)
class Packed:
    """One image of an archive. `id` is the digest of its config; `names` may be empty."""

    names: tuple[str, ...]
    id: str
    config: Object
    layers: tuple[Layer, ...]


class Archive(Protocol):
    """Files by their path."""

    def open(self, path: str) -> BinaryIO: ...
    def has(self, path: str) -> bool: ...


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The archive at `path`. Raises `BadArchive`."""
    if path.is_dir():
        yield _Folder(path)
        return
    try:
        tar = tarfile.open(path)  # noqa: SIM115 - closed below; only opening it may fail so
    except FileNotFoundError:
        raise BadArchive("no such file") from None
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BadArchive(f"not a tar archive: {str(error).splitlines()[-1]}") from error
    with tar:
        try:
            yield _Tar(tar)
        except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
            raise BadArchive(f"damaged: {error}") from error


def packed(archive: Archive) -> tuple[Packed, ...]:
    """The images in an archive. Raises `BadArchive`."""
    if archive.has("manifest.json"):
        return tuple(_docker(archive, entry) for entry in _entries(archive, "manifest.json"))
    if archive.has("index.json"):
        listed = dig(_json(archive, "index.json"), "manifests", default=[])
        found = [_oci(archive, entry) for entry in _list(listed)]
        return tuple(image for image in found if image is not None)
    raise BadArchive("neither manifest.json (docker save) nor index.json (OCI layout) in it")


def _docker(archive: Archive, entry: Json) -> Packed:
    config_path = str(dig(entry, "Config", default=""))
    raw = _read(archive, config_path)
    digest = hashlib.sha256(raw).hexdigest()
    named = Path(config_path).name.removesuffix(".json")
    if len(named) == 64 and named != digest:
        raise BadArchive(f"config {config_path} does not match its digest (sha256:{digest})")
    names = tuple(str(name) for name in _list(dig(entry, "RepoTags")))
    paths = [str(path) for path in _list(dig(entry, "Layers"))]
    return _image(names, digest, raw, paths)


def _oci(archive: Archive, descriptor: Json) -> Packed | None:
    """None for what is no image: an attestation, say."""
    if dig(descriptor, "annotations", "vnd.docker.reference.type") is not None:
        return None
    notes = dig(descriptor, "annotations", default={})
    name = next((str(dig(notes, key)) for key in _REF_NAMES if dig(notes, key)), "")
    manifest = _blob(archive, descriptor)
    if isinstance(nested := dig(manifest, "manifests"), list):
        inner = next((one for one in nested if _ours(one)), None)
        if inner is None:
            raise BadArchive(f"{name or 'the image'} has no variant for linux/amd64")
        manifest = _blob(archive, inner)
    raw = _read(archive, _blob_path(dig(manifest, "config")))
    digest = str(dig(manifest, "config", "digest")).removeprefix("sha256:")
    if hashlib.sha256(raw).hexdigest() != digest:
        raise BadArchive(f"config does not match its digest sha256:{digest}")
    paths = [_blob_path(layer) for layer in _list(dig(manifest, "layers"))]
    return _image((name,) if name else (), digest, raw, paths)


def _image(names: tuple[str, ...], digest: str, raw: bytes, paths: list[str]) -> Packed:
    config = _parsed(raw, "config")
    diff_ids = [str(one) for one in _list(dig(config, "rootfs", "diff_ids"))]
    if len(diff_ids) != len(paths):
        raise BadArchive(f"config names {len(diff_ids)} layers, the archive has {len(paths)}")
    layers = tuple(Layer(path, diff) for path, diff in zip(paths, diff_ids, strict=True))
    return Packed(names, f"sha256:{digest}", config, layers)


def _ours(descriptor: Json) -> bool:
    platform = dig(descriptor, "platform", default={})
    return dig(platform, "os") == "linux" and dig(platform, "architecture") == "amd64"


def _blob(archive: Archive, descriptor: Json) -> Object:
    path = _blob_path(descriptor)
    raw = _read(archive, path)
    if hashlib.sha256(raw).hexdigest() != Path(path).name:
        raise BadArchive(f"{path} does not match its digest")
    return _parsed(raw, path)


def _blob_path(descriptor: Json) -> str:
    algorithm, _, digest = str(dig(descriptor, "digest", default="")).partition(":")
    if algorithm != "sha256" or len(digest) != 64 or not digest.isalnum():
        raise BadArchive(f"not a sha256 digest: {algorithm}:{digest}")
    return f"blobs/sha256/{digest}"


def _entries(archive: Archive, path: str) -> list[Json]:
    try:
        found = codec.parse(_read(archive, path))
    except codec.Malformed as error:
        raise BadArchive(f"{path} is not JSON: {error}") from error
    if not isinstance(found, list) or not found:
        raise BadArchive(f"{path} names no image")
    return found


def _json(archive: Archive, path: str) -> Object:
    return _parsed(_read(archive, path), path)


def _parsed(raw: bytes, path: str) -> Object:
    try:
        return codec.parse_object(raw)
    except codec.Malformed as error:
        raise BadArchive(f"{path} is not JSON: {error}") from error


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _read(archive: Archive, path: str) -> bytes:
    with archive.open(path) as file:
        data = file.read(_MOST_JSON + 1)
    if len(data) > _MOST_JSON:
        raise BadArchive(f"{path} is larger than {_MOST_JSON} bytes")
    return data


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def has(self, path: str) -> bool:
        return (self._root / path).is_file()

    def open(self, path: str) -> BinaryIO:
        file = (self._root / path).resolve()
        if not file.is_relative_to(self._root) or not file.is_file():
            raise BadArchive(f"{path or 'a file that it names'} is not in it")
        return file.open("rb")


class _Tar:
    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._members = {one.name.removeprefix("./"): one for one in tar.getmembers()}

    def has(self, path: str) -> bool:
        return path in self._members

    def open(self, path: str) -> BinaryIO:
        member = self._members.get(path)
        file = self._tar.extractfile(member) if member else None
        if file is None:
            raise BadArchive(f"{path or 'a file that it names'} is not in it")
        return cast(BinaryIO, file)
