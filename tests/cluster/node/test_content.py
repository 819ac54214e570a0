import base64
from pathlib import Path

import pytest

from telltale.cluster.node import content, payload
from telltale.cluster.node.content import File
from telltale.cluster.node.sources import Missing, Placed
from telltale.kube import codec
from telltale.kube.cluster import ConfigMap, Secret
from telltale.kube.codec import Json
from telltale.kube.core import Pod, Volume
from telltale.kube.meta import Meta
from telltale.kube.service import Service

PLACED = Placed(
    Pod(metadata=Meta(name="p", namespace="n", labels={"b": "2", "a": 'x"y'})), "172.16.3.4"
)


class Known:
    def config_map(self, namespace: str, name: str) -> ConfigMap | None:
        return ConfigMap(data={"a": "1", "b": "2"}) if name == "map" else None

    def secret(self, namespace: str, name: str) -> Secret | None:
        return Secret(data={"k": base64.b64encode(b"\x00v").decode()}) if name == "vault" else None

    def services(self) -> list[Service]:
        return []


def files(volume: dict[str, Json], **tokens: str) -> dict[str, tuple[bytes, int]]:
    parsed = codec.convert(Volume, {"name": "v", **volume})
    return {
        path: (file.data, file.mode)
        for path, file in content.files(parsed, PLACED, Known(), tokens).items()
    }


def test_maps_and_secrets() -> None:
    assert files({"configMap": {"name": "map"}}) == {"a": (b"1", 0o644), "b": (b"2", 0o644)}
    picked: Json = {
        "secretName": "vault",
        "defaultMode": 0o400,
        "items": [{"key": "k", "path": "deep/k"}],
    }
    assert files({"secret": picked}) == {"deep/k": (b"\x00v", 0o400)}
    assert files({"configMap": {"name": "none", "optional": True}}) == {}


def test_the_downward_api() -> None:
    items: Json = [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]
    assert files({"downwardAPI": {"items": items}}) == {"labels": (b'a="x\\"y"\nb="2"', 0o644)}


def test_projected_joins_them() -> None:
    sources: Json = [{"serviceAccountToken": {"path": "token"}}, {"configMap": {"name": "map"}}]
    found = files({"projected": {"sources": sources, "defaultMode": 0o600}}, token="t")
    assert found == {"token": (b"t", 0o600), "a": (b"1", 0o600), "b": (b"2", 0o600)}


@pytest.mark.parametrize(
    ("volume", "sentence"),
    [
        ({"configMap": {"name": "none"}}, 'configmap "none" not found'),
        ({"secret": {"secretName": "none"}}, 'secret "none" not found'),
        (
            {"configMap": {"name": "map", "items": [{"key": "z", "path": "z"}]}},
            "configmap references non-existent config key: z",
        ),
        (
            {"configMap": {"name": "map", "items": [{"key": "a", "path": "../z"}]}},
            "invalid path '../z': must be relative and without '..'",
        ),
    ],
)
def test_what_is_missing_is_named(volume: dict[str, Json], sentence: str) -> None:
    with pytest.raises(Missing) as caught:
        files(volume)
    assert str(caught.value) == sentence


def test_a_volume_changes_all_at_once(tmp_path: Path) -> None:
    assert payload.write(tmp_path, {"a": File(b"1"), "deep/b": File(b"2", 0o600)}, None)
    assert (tmp_path / "a").read_text() == "1"
    assert (tmp_path / "a").is_symlink() and (tmp_path / "..data").is_symlink()
    assert (tmp_path / "deep/b").stat().st_mode & 0o777 == 0o600
    old = (tmp_path / "..data").resolve()
    assert not payload.write(tmp_path, {"a": File(b"1"), "deep/b": File(b"2", 0o600)}, None)
    assert payload.write(tmp_path, {"a": File(b"3")}, None)
    assert (tmp_path / "a").read_text() == "3"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["..data", (tmp_path / "..data").readlink().name, "a"]
    )
    assert not old.exists()
