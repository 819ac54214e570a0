"""Images that somebody brings run as their config says; a bad archive is refused in one line."""

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.live.cluster import LiveCluster, until

pytestmark = [pytest.mark.live, pytest.mark.root]

PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int count, char **words) {
  struct stat own;
  printf("uid=%d gid=%d GREETING=%s word=%s in=%s shadow=%d\n", getuid(), getgid(),
         getenv("GREETING"),
         count > 1 ? words[1] : "-", getcwd(0, 0), stat("/etc/shadow", &own));
  fflush(stdout);
  sleep(1000);
}
"""
CONFIG = {
    "Entrypoint": ["/bin/greet"], "Cmd": ["you"], "Env": ["GREETING=hello"], "User": "app",
    "WorkingDir": "/work",
}  # fmt: skip
SAID = "uid=70 gid=71 GREETING=hello word=you in=/work shadow=-1"


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A root file system of one static program."""
    if not shutil.which("gcc"):
        pytest.skip("needs gcc, to make a program that needs nothing of the host")
    folder = tmp_path_factory.mktemp("program")
    (folder / "greet.c").write_text(PROGRAM)
    subprocess.run(["gcc", "-static", "-O", "-o", "greet", "greet.c"], cwd=folder, check=True)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        put(tar, "bin/greet", (folder / "greet").read_bytes())
        put(tar, "etc/passwd", b"app:x:70:71::/work:/bin/false\n")
        put(tar, "etc/group", b"app:x:71:\n")
    return raw.getvalue()


def test_a_docker_archive_runs_as_its_config_says(
    cluster: LiveCluster, layer: bytes, tmp_path: Path
) -> None:
    config = image_config(layer)
    manifest = [{"Config": "config.json", "RepoTags": ["shop/greet:1.0"], "Layers": ["layer.tar"]}]
    files = {"manifest.json": as_json(manifest), "config.json": config, "layer.tar": layer}
    archive = tmp_path / "greet.tar"
    with tarfile.open(archive, "w") as tar:
        for name, data in files.items():
            put(tar, name, data)
    said = cluster.telltale("image", "import", str(archive))
    assert said.stdout.split() == ["shop/greet:1.0"]
    assert "shop/greet:1.0" in cluster.telltale("image", "list").stdout
    assert first_words(cluster, "docker-greet", "shop/greet:1.0") == SAID


def test_an_oci_layout_runs_as_its_config_says(
    cluster: LiveCluster, layer: bytes, tmp_path: Path
) -> None:
    layout = tmp_path / "layout"
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(data: bytes, kind: str) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {
            "mediaType": f"application/vnd.oci.image.{kind}",
            "digest": f"sha256:{digest}",
            "size": len(data),
        }

    manifest = {
        "schemaVersion": 2,
        "config": blob(image_config(layer), "config.v1+json"),
        "layers": [blob(gzip.compress(layer), "layer.v1.tar+gzip")],
    }
    entry = blob(as_json(manifest), "manifest.v1+json")
    entry["annotations"] = {"org.opencontainers.image.ref.name": "shop/oci-greet:2"}
    (layout / "index.json").write_bytes(as_json({"schemaVersion": 2, "manifests": [entry]}))
    (layout / "oci-layout").write_bytes(as_json({"imageLayoutVersion": "1.0.0"}))
    cluster.telltale("image", "import", str(layout))
    assert first_words(cluster, "oci-greet", "shop/oci-greet:2") == SAID


def test_a_waiting_pod_starts_once_its_image_is_there(
    cluster: LiveCluster, layer: bytes, tmp_path: Path
) -> None:
    cluster.kubectl("run", "early", "--image=shop/late:1")
    until(lambda: "" if "Image" in cluster.pods()["early"] else "so", 20, "ErrImagePull")
    manifest = [{"Config": "c.json", "RepoTags": ["shop/late:1"], "Layers": ["l.tar"]}]
    with tarfile.open(tmp_path / "late.tar", "w") as tar:
        for name, data in {
            "manifest.json": as_json(manifest),
            "c.json": image_config(layer),
            "l.tar": layer,
        }.items():
            put(tar, name, data)
    cluster.telltale("image", "import", str(tmp_path / "late.tar"))
    until(
        lambda: "" if cluster.pods()["early"].endswith("Running") else cluster.pods()["early"],
        20,
        "pod early",
    )
    cluster.kubectl("delete", "pod", "early", "--now")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("absent.tar", None, "no such file"),
        ("text.tar", b"not a tar at all", "not a tar archive"),
        ("empty.tar", b"", "not a tar archive"),
    ],
)
def test_a_bad_archive_is_refused_in_one_line(
    cluster: LiveCluster, tmp_path: Path, name: str, content: bytes | None, expected: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    before = cluster.telltale("image", "list").stdout
    done = cluster.telltale("image", "import", str(file), check=False)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("error:") and str(file) in line and expected in line
    assert cluster.telltale("image", "list").stdout == before


def first_words(cluster: LiveCluster, name: str, image: str) -> str:
    """What the program of an image says, in a pod that asks for nothing, beside no sidecar."""
    cluster.kubectl("run", name, f"--image={image}", "--labels=sidecar.istio.io/inject=false")

    def said() -> str:
        return cluster.kubectl("logs", name, "-c", name, check=False).strip()

    try:
        until(lambda: "" if said().startswith("uid=") else said() or "a word", 30, f"pod {name}")
        return said()
    finally:
        cluster.kubectl("delete", "pod", name, "--now")


def image_config(layer: bytes) -> bytes:
    digest = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    rootfs = {"type": "layers", "diff_ids": [digest]}
    return as_json({"os": "linux", "architecture": "amd64", "config": CONFIG, "rootfs": rootfs})


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def put(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.mode, member.size = 0o755, len(data)
    tar.addfile(member, io.BytesIO(data))
