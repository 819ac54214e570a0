"""Which API server a kubeconfig names, and what is said about one that cannot be used."""

import base64
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from telltale.ca.authority import new_authority
from telltale.kube import codec, kubeconfig
from telltale.kube.codec import Json
from telltale.kube.kubeconfig import BadKubeconfig

AUTHORITY = new_authority("test", datetime.now(UTC)).to_pem()
CA = AUTHORITY.certificate


def document(**changes: Json) -> dict[str, Json]:
    return {
        "current-context": "here",
        "contexts": [
            {"name": "here", "context": {"cluster": "one", "user": "me", "namespace": "shop"}},
            {"name": "plain", "context": {"cluster": "two", "user": "nobody"}},
        ],
        "clusters": [
            {"name": "one", "cluster": {"server": "https://127.0.0.1:6443/",
             "certificate-authority-data": base64.b64encode(CA).decode()}},
            {"name": "two", "cluster": {"server": "http://127.0.0.1:8001"}},
        ],
        "users": [{"name": "me", "user": {"token": "t0k"}}, {"name": "nobody", "user": {}}],
        **changes,
    }  # fmt: skip


@pytest.fixture
def write(tmp_path: Path):
    def at(content: Json | str) -> Path:
        file = tmp_path / "config"
        file.write_text(content if isinstance(content, str) else codec.to_yaml([content]))
        return file

    return at


def test_the_current_context_and_a_chosen_one(write):
    file = write(document())
    here, plain = kubeconfig.load(file), kubeconfig.load(file, "plain")
    assert (here.url, here.token, here.namespace) == ("https://127.0.0.1:6443", "t0k", "shop")
    assert here.tls.verify_mode is ssl.CERT_REQUIRED
    assert [one["subject"] for one in here.tls.get_ca_certs()], "trusts the cluster's own root only"
    assert (plain.url, plain.tls, plain.namespace) == ("http://127.0.0.1:8001", None, "default")


def test_files_are_named_from_where_the_kubeconfig_lies(write, tmp_path: Path):
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki" / "ca.crt").write_bytes(CA)
    (tmp_path / "pki" / "me.crt").write_bytes(AUTHORITY.certificate)
    (tmp_path / "pki" / "me.key").write_bytes(AUTHORITY.key)
    cluster = {"server": "https://x", "certificate-authority": "pki/ca.crt"}
    user = {"client-certificate": "pki/me.crt", "client-key": "pki/me.key"}
    file = write(document(
        clusters=[{"name": "one", "cluster": cluster}], users=[{"name": "me", "user": user}],
    ))  # fmt: skip
    assert kubeconfig.load(file).tls


BAD_CA = {"server": "https://x", "certificate-authority-data": "bm90IGEgY2VydA=="}
LOST_CA = {"server": "https://x", "certificate-authority": "lost.crt"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("a: [", "cannot be read"),
        ("just words", "cannot be read"),
        ({}, "no context named '' in contexts"),
        (document(**{"current-context": "there"}), "no context named 'there' in contexts"),
        (document(clusters="none"), "no cluster named 'one' in clusters"),
        (document(users=[]), "no user named 'me' in users"),
        (document(clusters=[{"name": "one", "cluster": {}}]), "'here' has no server"),
        (document(clusters=[{"name": "one", "cluster": BAD_CA}]), "bad certificate or key"),
        (document(clusters=[{"name": "one", "cluster": LOST_CA}]), "lost.crt"),
        (document(users=[{"name": "me", "user": {"exec": {"command": "aws"}}}]), "'aws'"),
    ],
)
def test_what_cannot_be_used_is_said_with_the_file(write, content: Json | str, said: str):
    file = write(content)
    with pytest.raises(BadKubeconfig) as caught:
        kubeconfig.load(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_such_file(tmp_path: Path):
    with pytest.raises(BadKubeconfig, match="no such kubeconfig"):
        kubeconfig.load(tmp_path / "nowhere")


def test_in_a_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    environ = {"KUBERNETES_SERVICE_HOST": "172.19.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    with pytest.raises(BadKubeconfig, match="not in a pod"):
        kubeconfig.in_pod(environ)
    (tmp_path / "token").write_text("t0k\n")
    with pytest.raises(BadKubeconfig, match="cannot be read"):
        kubeconfig.in_pod(environ)
    (tmp_path / "ca.crt").write_bytes(CA)
    (tmp_path / "namespace").write_text("istio-system\n")
    server = kubeconfig.in_pod(environ)
    assert (server.url, server.namespace) == ("https://172.19.0.1:443", "istio-system")
    assert server.token_file == str(tmp_path / "token")
