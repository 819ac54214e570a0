"""Archives as docker and OCI tools write them, good and bad; and the host's own images."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telltale.cluster.images.archive import BadArchive
from telltale.cluster.images.image import HostImage, NoImage
from telltale.cluster.images.skeleton import Host
from telltale.cluster.images.store import Images

Entry = tuple[str, Any]  # a path, and bytes, ("link", to), ("hard", to) or None for a directory


def layer(*entries: Entry) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for path, what in entries:
            member = tarfile.TarInfo(path)
            member.mode = 0o755
            if what is None:
                member.type = tarfile.DIRTYPE
            elif isinstance(what, tuple):
                member.type = tarfile.SYMTYPE if what[0] == "link" else tarfile.LNKTYPE
                member.linkname = what[1]
            data = what if isinstance(what, bytes) else b""
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return raw.getvalue()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


BASE = layer(
    ("etc/", None),
    ("etc/passwd", b"app:x:7:7::/:\n"),
    ("old", b"x"),
    ("dir/", None),
    ("dir/gone", b"x"),
)
TOP = layer(
    ("bin/", None),
    ("bin/run", b"run"),
    (".wh.old", b""),
    ("dir/", None),
    ("dir/.wh..wh..opq", b""),
    ("dir/new", b"n"),
    ("hard", ("hard", "bin/run")),
    ("run", ("link", "bin/run")),
)
CONFIG = {
    "Entrypoint": ["/bin/run"],
    "Cmd": ["-x"],
    "Env": ["A=1"],
    "User": "app",
    "WorkingDir": "/etc",
}


def config(*layers: bytes) -> bytes:
    diff = [f"sha256:{digest(one)}" for one in layers]
    return json.dumps({"config": CONFIG, "rootfs": {"type": "layers", "diff_ids": diff}}).encode()


def docker(
    path: Path, *layers: bytes, tags: tuple[str, ...] = ("shop/cart:1",), settings: bytes = b""
) -> Path:
    settings = settings or config(*layers)
    names = [f"{number}/layer.tar" for number in range(len(layers))]
    manifest = [{"Config": f"{digest(settings)}.json", "RepoTags": list(tags), "Layers": names}]
    files = {
        f"{digest(settings)}.json": settings,
        "manifest.json": json.dumps(manifest).encode(),
        **dict(zip(names, layers, strict=True)),
    }
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def oci(folder: Path, *layers: bytes, spoil: bool = False) -> Path:
    """A layout directory with gzip layers."""
    blobs = folder / "blobs/sha256"
    blobs.mkdir(parents=True)

    def put(data: bytes) -> dict[str, Any]:
        (blobs / digest(data)).write_bytes(data)
        return {"digest": f"sha256:{digest(data)}", "size": len(data)}

    settings = config(*layers)
    manifest = {"config": put(settings), "layers": [put(gzip.compress(one)) for one in layers]}
    entry = put(json.dumps(manifest).encode())
    entry["annotations"] = {"org.opencontainers.image.ref.name": "shop/cart:2"}
    (folder / "index.json").write_text(json.dumps({"manifests": [entry]}))
    (folder / "oci-layout").write_text("{}")
    if spoil:
        (blobs / digest(settings)).write_bytes(settings.replace(b"app", b"opp"))
    return folder


@pytest.fixture
def images(tmp_path: Path) -> Images:
    return Images(
        tmp_path / "images", Host(root=host(tmp_path / "host")), (HostImage("ours", ("run",)),)
    )


def host(root: Path) -> Path:
    for path in ("usr/bin", "etc/ssl/certs", "etc/ssl/private", "etc/nginx", "etc/ssh", "root"):
        (root / path).mkdir(parents=True)
    (root / "bin").symlink_to("usr/bin")
    for path in (
        "etc/shadow",
        "etc/ssh/key",
        "etc/ssl/private/key",
        "etc/ssl/certs/ca",
        "etc/nginx/nginx.conf",
    ):
        (root / path).write_text(path)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (root / "etc/group").write_text("root:x:0:\n")
    return root


@pytest.mark.parametrize(
    "pack",
    [lambda path: docker(path / "a.tar", BASE, TOP), lambda path: oci(path / "l", BASE, TOP)],
    ids=["docker", "oci"],
)
def test_an_archive_becomes_an_image(
    pack: Callable[[Path], Path], images: Images, tmp_path: Path
) -> None:
    [name] = images.import_image(pack(tmp_path))
    image = images.find(f"docker.io/{name}")
    assert name.startswith("shop/cart:")
    assert (image.entrypoint, image.command, image.user) == (("/bin/run",), ("-x",), "app")
    assert dict(image.env)["A"] == "1" and image.working_dir == "/etc"
    seen = sorted(str(path.relative_to(image.root)) for path in image.root.rglob("*"))
    assert seen == ["bin", "bin/run", "dir", "dir/new", "etc", "etc/passwd", "hard", "run"]
    assert (image.root / "hard").read_text() == "run"
    assert (name, image.id) in images.list_images()


def test_a_name_moves_to_the_newer_image(images: Images, tmp_path: Path) -> None:
    images.import_image(docker(tmp_path / "a.tar", BASE))
    first = images.find("shop/cart:1").id
    images.import_image(docker(tmp_path / "b.tar", BASE, TOP))
    assert images.find("shop/cart:1").id != first
    assert images.find(first).id == first if "@" in first else True
    assert len([row for row in images.list_images() if row[0] == "shop/cart:1"]) == 1


OUT = layer(("a", ("link", "/elsewhere")), ("a/../../b", b"x"))
THROUGH = layer(("a", ("link", "/")), ("a/escaped", b"x"))
HARD = layer(("b", ("hard", "../../../../etc/hostname")))
WHITE = layer(("a", ("link", "/")), ("a/.wh.etc", b""))


@pytest.mark.parametrize(
    "bad", [OUT, THROUGH, HARD, WHITE], ids=["dots", "link", "hard link", "whiteout"]
)
def test_a_layer_cannot_reach_out(bad: bytes, images: Images, tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match="leads out of the image"):
        images.import_image(docker(tmp_path / "a.tar", bad))
    assert nothing_left(tmp_path)


def spoiled(path: Path) -> Path:
    whole = docker(path / "a.tar", BASE).read_bytes()
    (path / "cut.tar").write_bytes(whole[: len(whole) // 2])
    return path / "cut.tar"


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no file": (lambda path: path / "none.tar", "no such file"),
    "no tar": (lambda path: write(path / "x.tar", b"hello"), "not a tar archive"),
    "no image": (lambda path: write(path / "x.tar", layer(("a", b""))), "neither manifest.json"),
    "cut": (spoiled, "."),
    "layer digest": (
        lambda path: docker(path / "a.tar", TOP, settings=config(BASE)),
        "its config says sha256:",
    ),
    "layer count": (
        lambda path: docker(path / "a.tar", TOP, settings=config()),
        "config names 0 layers, the archive has 1",
    ),
    "config digest": (lambda path: oci(path / "l", BASE, spoil=True), "does not match its digest"),
    "name": (
        lambda path: docker(path / "a.tar", BASE, tags=("BAD NAME",)),
        "invalid reference format",
    ),
}


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_archive_is_one_line_and_leaves_nothing(
    kind: str, images: Images, tmp_path: Path
) -> None:
    pack, words = BAD[kind]
    path = pack(tmp_path)
    with pytest.raises(BadArchive, match=words) as caught:
        images.import_image(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    assert nothing_left(tmp_path)


def nothing_left(home: Path) -> bool:
    return not list((home / "images" / "imported").glob("*"))


def test_an_unknown_image_says_how_to_bring_it(images: Images) -> None:
    with pytest.raises(NoImage) as caught:
        images.find("nope:1")
    assert str(caught.value) == (
        'image "nope:1" is not on this node and nothing is pulled here: '
        "import it with: telltale image import FILE.tar"
    )


def test_a_program_that_the_host_lacks_is_named(tmp_path: Path) -> None:
    table = (HostImage("web", program="surely-not-here", package="surely"),)
    with pytest.raises(
        NoImage, match="needs surely-not-here on this machine: apt-get install surely"
    ):
        Images(tmp_path, Host(root=host(tmp_path / "host")), table).find("web")


def test_the_hosts_root_has_no_secret_and_knows_the_proxys_user(images: Images) -> None:
    root = images.find("ours").root
    assert (root / "bin").readlink() == Path("usr/bin")
    assert (root / "etc/nginx/nginx.conf").exists() and (root / "etc/ssl/certs/ca").exists()
    assert not [
        path for path in root.rglob("*") if path.name in ("shadow", "ssh", "key", "private")
    ]
    assert "istio-proxy:x:1337:1337:" in (root / "etc/passwd").read_text()
    assert (root / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert (root / "root").stat().st_mode & 0o7777 == 0o755


def test_another_script_is_another_root(tmp_path: Path) -> None:
    place = host(tmp_path / "host")
    table = (HostImage("ours"),)
    first = Images(tmp_path, Host(root=place, scripts={"x": "1"}), table).find("ours").root
    again = Images(tmp_path, Host(root=place, scripts={"x": "1"}), table).find("ours").root
    other = Images(tmp_path, Host(root=place, scripts={"x": "2"}), table).find("ours").root
    assert first == again != other
    assert (first / "opt/telltale/bin/x").read_text() == "1"
    assert (other / "opt/telltale/bin/x").stat().st_mode & 0o777 == 0o755


def test_a_home_that_containers_would_see_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lies in"):
        Images(tmp_path / "home", Host(visible=(tmp_path,))).prepare()
