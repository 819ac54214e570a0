"""The images on this node: the host's by a table, imported ones on disk below `home`.

    home/host/<stamp>/rootfs        what host images stand on
    home/imported/<digest>/         image.json, rootfs/

Never: a half-imported image (a draft becomes an image by one rename), or a pull.
"""

import hashlib
import logging
import shutil
import tempfile
from pathlib import Path

from telltale.cluster.images import layers, skeleton
from telltale.cluster.images.archive import Archive, BadArchive, Packed, opened, packed
from telltale.cluster.images.image import PATH, HostImage, Image, NoImage
from telltale.cluster.images.name import BadName, familiar, normalise
from telltale.cluster.images.skeleton import Host
from telltale.kube import codec
from telltale.kube.codec import Json, Typed, dig

log = logging.getLogger(__name__)


class Imported(Typed):
    """image.json: what an imported image is."""

    names: list[str] = []
    id: str = ""
    entrypoint: list[str] = []
    command: list[str] = []
    env: list[str] = []
    user: str = ""
    working_dir: str = "/"


class Images:
    """Blocking: call it from a thread, but for `find`, which reads a few small files."""

    def __init__(self, home: Path, host: Host, table: tuple[HostImage, ...] = ()) -> None:
        self._home = home
        self._host = host
        self._table = {normalise(image.name): image for image in table}

    def prepare(self) -> None:
        """Make the root of the host images, so that the first container need not wait for it."""
        for path in self._host.visible:
            if self._home.resolve().is_relative_to(path.resolve()):
                raise ValueError(f"home {self._home} lies in {path}, which containers see")
        skeleton.build(self._home / "host", self._host)

    def find(self, name: str) -> Image:
        """The image of that name. Raises `NoImage`."""
        try:
            full = normalise(name)
        except BadName as error:
            raise NoImage(str(error)) from error
        for folder, imported in self._imported():
            if full in imported.names or full.rpartition("@")[2] == imported.id:
                return _image(full, folder, imported)
        if full in self._table:
            return self._of_host(full, self._table[full])
        raise NoImage(
            f'image "{name}" is not on this node and nothing is pulled here: '
            "import it with: telltale image import FILE.tar"
        )

    def list_images(self) -> list[tuple[str, str]]:
        """Names (short) with their ids, sorted."""
        host = [(familiar(name), _host_id(image)) for name, image in self._table.items()]
        brought = [
            (familiar(name), one.id)
            for _, one in self._imported()
            for name in one.names or [one.id]
        ]
        return sorted({**dict(host), **dict(brought)}.items())

    def import_image(self, path: Path) -> list[str]:
        """Bring in every image of an archive; their short names.

        Raises `BadArchive`: one line for the user, and nothing is kept.
        """
        drafts: list[tuple[Path, Packed, list[str]]] = []
        try:
            with opened(path) as archive:
                for image in packed(archive):
                    names = _names(image, path)
                    drafts.append((self._draft(), image, names))
                    _unpack(archive, *drafts[-1])
            if not drafts:
                raise BadArchive("no image in it")
            for draft, image, names in drafts:
                self._settle(draft, image.id, names)
        except BadArchive as error:
            raise BadArchive(f"{path}: {error}") from error
        finally:
            for draft, _, _ in drafts:
                shutil.rmtree(draft, ignore_errors=True)
        return [familiar(name) for _, _, names in drafts for name in names]

    def _draft(self) -> Path:
        parent = self._home / "imported"
        parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".draft-", dir=parent))

    def _settle(self, draft: Path, id: str, names: list[str]) -> None:
        """The names now mean this image, and no other one any more."""
        final = draft.with_name(id.removeprefix("sha256:"))
        if final.exists():  # the same content: containers may stand on it, only the names change
            known = codec.decode(Imported, (final / "image.json").read_bytes())
            names = sorted({*known.names, *names})
        else:
            draft.rename(final)
        for folder, other in self._imported():
            kept = names if folder == final else [one for one in other.names if one not in names]
            if kept != other.names:
                _rename(folder, other, kept)

    def _imported(self) -> list[tuple[Path, Imported]]:
        found = []
        for file in sorted((self._home / "imported").glob("[!.]*/image.json")):
            try:
                found.append((file.parent, codec.decode(Imported, file.read_bytes())))
            except (codec.Malformed, OSError) as error:
                log.warning("%s: skipped: %s", file, error)
        return found

    def _of_host(self, name: str, image: HostImage) -> Image:
        if image.program and not any(
            (Path(folder) / image.program).exists() for folder in PATH.split(":")
        ):
            way = f": apt-get install {image.package}" if image.package else ""
            raise NoImage(f'image "{name}" needs {image.program} on this machine{way}')
        env = tuple({"PATH": PATH, **dict(image.env)}.items())
        return Image(
            name, _host_id(image), skeleton.build(self._home / "host", self._host),
            image.command, image.args, env, image.user, image.working_dir,
            skeleton.bound(self._host), image.writable,
        )  # fmt: skip


def _host_id(image: HostImage) -> str:
    return f"sha256:{hashlib.sha256(repr(image).encode()).hexdigest()}"


def _unpack(archive: Archive, draft: Path, image: Packed, names: list[str]) -> None:
    root = (draft / "rootfs").resolve()
    root.mkdir()
    for layer in image.layers:
        layers.apply(archive, layer, root)
    draft.chmod(0o755)
    root.chmod(0o755)
    (draft / "image.json").write_bytes(codec.encode(_described(image, names)))


def _names(image: Packed, path: Path) -> list[str]:
    try:
        return [normalise(name) for name in image.names] or [normalise(path.stem.lower())]
    except BadName as error:
        raise BadArchive(str(error)) from error


def _image(name: str, folder: Path, imported: Imported) -> Image:
    pairs = [entry.partition("=")[::2] for entry in imported.env]
    return Image(
        name, imported.id, folder / "rootfs", tuple(imported.entrypoint), tuple(imported.command),
        tuple({"PATH": PATH, **dict(pairs)}.items()), imported.user, imported.working_dir or "/",
    )  # fmt: skip


def _described(image: Packed, names: list[str]) -> Imported:
    config = dig(image.config, "config", default={})
    return Imported(
        names=names,
        id=image.id,
        entrypoint=_strings(dig(config, "Entrypoint")),
        command=_strings(dig(config, "Cmd")),
        env=_strings(dig(config, "Env")),
        user=str(dig(config, "User", default="")),
        working_dir=str(dig(config, "WorkingDir", default="/")),
    )


def _strings(value: Json) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _rename(folder: Path, imported: Imported, names: list[str]) -> None:
    draft = folder / ".image.json"
    fields = codec.to_object(imported) | {"names": list(names)}
    draft.write_bytes(codec.encode(fields))
    draft.rename(folder / "image.json")
