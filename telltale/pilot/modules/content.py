"""What came, as a module: which layer of an image holds it, and what is within an archive. Pure.

Sources: the wasm-image specification (an image with `plugin.wasm` in its layer, in Docker's or
OCI's words), the OCI artifact with the module as its layer, Istio's archives over HTTP. Never: I/O.
"""

import io
import tarfile
import zlib
from dataclasses import dataclass
from hashlib import sha256

from telltale.kube.codec import Json, Malformed, dig, parse

MOST = 32 << 20  # bytes of a module; it stands in every proxy that has it
MAGIC = b"\0asm"
PLUGIN = "plugin.wasm"
ARTIFACT = "application/vnd.module.wasm.content.layer.v1+wasm"
_ARCHIVES = (
    "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.oci.image.layer.v1.tar",
)  # fmt: skip
INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


class NoModule(ValueError):
    """There is no module in it; says why."""


@dataclass(frozen=True, slots=True)
class Layer:
    digest: str
    archive: bool


def summed(body: bytes) -> str:
    return sha256(body).hexdigest()


def one_of(index: Json) -> str:
    """The digest of the manifest to take of several. Raises `NoModule`."""
    given = dig(index, "manifests", default=[])
    entries = given if isinstance(given, list) else []
    made_for = {
        (dig(one, "platform", "os"), dig(one, "platform", "architecture")): one
        for one in reversed(entries)
    }
    for wanted in (("wasip1", "wasm"), ("wasi", "wasm"), ("linux", "amd64"), *made_for):
        if wanted in made_for:
            return str(dig(made_for[wanted], "digest", default=""))
    raise NoModule("the image's index is empty")


def layer(manifest: Json) -> Layer:
    """The layer that holds the module. Raises `NoModule`."""
    given = dig(manifest, "layers", default=[])
    layers = given if isinstance(given, list) else []
    for one in layers:
        if dig(one, "mediaType") == ARTIFACT:
            return Layer(str(dig(one, "digest")), archive=False)
    if layers:
        kind = str(dig(layers[-1], "mediaType", default=""))
        if kind.startswith(_ARCHIVES):
            return Layer(str(dig(layers[-1], "digest")), archive=True)
        raise NoModule(f"its last layer is {kind!r}: neither a module nor an archive of files")
    raise NoModule("the image has no layer")


def parsed(body: bytes) -> Json:
    try:
        return parse(body)
    except Malformed as error:
        raise NoModule("what the registry says is no JSON") from error


def module(body: bytes) -> bytes:
    """The module itself, out of gzip and tar if need be. Raises `NoModule`."""
    if body.startswith(b"\x1f\x8b"):
        body = _inflated(body)
    if body[257:262] == b"ustar":
        body = _unpacked(body)
    if not body.startswith(MAGIC):
        raise NoModule("what came is no WebAssembly: it does not begin with \\0asm")
    return body


def _inflated(body: bytes) -> bytes:
    """Never more than `MOST`, however small it was."""
    machine = zlib.decompressobj(wbits=31)
    try:
        found = machine.decompress(body, MOST + 1)
    except zlib.error as error:
        raise NoModule(f"its compression is broken: {error}") from error
    if len(found) > MOST:
        raise NoModule(f"it is larger than {MOST >> 20} MiB")
    return found


def _unpacked(body: bytes) -> bytes:
    """`plugin.wasm`, else the only file that ends like it."""
    try:
        with tarfile.open(fileobj=io.BytesIO(body)) as archive:
            files = {one.name.rpartition("/")[2]: one for one in archive if one.isfile()}
            named = [one for name, one in files.items() if name.endswith(".wasm")]
            chosen = files.get(PLUGIN) or (named[0] if len(named) == 1 else None)
            if chosen and chosen.size > MOST:  # of a sparse file hardly anything is there
                raise NoModule(f"it is larger than {MOST >> 20} MiB")
            found = archive.extractfile(chosen) if chosen else None
            if found is not None:
                return found.read()
    except tarfile.TarError as error:
        raise NoModule(f"its archive is broken: {error}") from error
    raise NoModule(f"there is no {PLUGIN} in the archive")
