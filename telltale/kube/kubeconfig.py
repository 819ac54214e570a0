"""Which API server to talk to: a kubeconfig file, or the pod that we run in.

Never: talking to it. Errors name the file and the key.
"""

import base64
import os
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path

from telltale.kube import codec
from telltale.kube.codec import Object, dig
from telltale.kube.transport import Server

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class BadKubeconfig(ValueError):
    """A kubeconfig that cannot be used; the message says which file and key."""


def load(path: Path, context: str = "") -> Server:
    """The server that a context of a kubeconfig names (its current context unless given)."""
    document = _read(path)
    name = context or str(dig(document, "current-context", default=""))
    chosen = _named(path, document, "contexts", "context", name)
    cluster = _named(path, document, "clusters", "cluster", str(dig(chosen, "cluster", default="")))
    user = _named(path, document, "users", "user", str(dig(chosen, "user", default="")))
    if program := dig(user, "exec", "command"):
        raise BadKubeconfig(
            f"{path}: the user of context {name!r} logs in by the program {program!r}, which is "
            "not run here: give it a token (kubectl create token) or a client certificate"
        )
    url = str(dig(cluster, "server", default=""))
    if not url:
        raise BadKubeconfig(f"{path}: cluster of context {name!r} has no server")
    return Server(
        url=url.rstrip("/"),
        tls=_tls(path, cluster, user) if url.startswith("https") else None,
        token=str(dig(user, "token", default="")),
        token_file=str(dig(user, "tokenFile", default="")),
        namespace=str(dig(chosen, "namespace", default="default")),
    )


def in_pod(environ: Mapping[str, str]) -> Server:
    """The API server as a pod sees it, with the pod's service account."""
    host = environ.get("KUBERNETES_SERVICE_HOST", "")
    port = environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not (SERVICE_ACCOUNT / "token").exists():
        raise BadKubeconfig("not in a pod: no KUBERNETES_SERVICE_HOST or service account token")
    try:
        tls = ssl.create_default_context(cafile=str(SERVICE_ACCOUNT / "ca.crt"))
        namespace = (SERVICE_ACCOUNT / "namespace").read_text().strip()
    except OSError as error:
        raise BadKubeconfig(f"{SERVICE_ACCOUNT}: cannot be read: {error}") from error
    token_file = str(SERVICE_ACCOUNT / "token")
    return Server(f"https://{host}:{port}", tls, token_file=token_file, namespace=namespace)


def _read(path: Path) -> Object:
    try:
        documents = codec.parse_yaml(path.read_bytes())
    except FileNotFoundError:
        raise BadKubeconfig(f"{path}: no such kubeconfig") from None
    except (OSError, codec.Malformed) as error:
        raise BadKubeconfig(f"{path}: cannot be read: {error}") from error
    if not documents:
        raise BadKubeconfig(f"{path}: is empty")
    return documents[0]


def _named(path: Path, document: Object, section: str, key: str, name: str) -> Object:
    entries = dig(document, section, default=[])
    for entry in entries if isinstance(entries, list) else []:
        if dig(entry, "name") == name:
            found = dig(entry, key, default={})
            return found if isinstance(found, dict) else {}
    raise BadKubeconfig(f"{path}: no {key} named {name!r} in {section}")


def _tls(path: Path, cluster: Object, user: Object) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context()
        if dig(cluster, "insecure-skip-tls-verify") is True:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif ca := _material(path, cluster, "certificate-authority"):
            context = ssl.create_default_context(cadata=ca.decode())
        certificate = _material(path, user, "client-certificate")
        key = _material(path, user, "client-key")
        if certificate and key:
            _load_chain(context, certificate, key)
    except (OSError, ValueError) as error:
        raise BadKubeconfig(f"{path}: bad certificate or key: {error}") from error
    return context


def _material(path: Path, entry: Object, key: str) -> bytes:
    inline = dig(entry, f"{key}-data")
    if inline:
        return base64.b64decode(str(inline))
    file = dig(entry, key)
    return (path.parent / str(file)).read_bytes() if file else b""


def _load_chain(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """`ssl` reads chains from files only; this one lives for the length of the call, owner-only."""
    handle, name = tempfile.mkstemp()
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(certificate + b"\n" + key)
        context.load_cert_chain(name)
    finally:
        Path(name).unlink()
