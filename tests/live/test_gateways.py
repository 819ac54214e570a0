"""The gateways that come with the mesh: bookinfo from this machine's own port, and TLS with a
Secret.
"""

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.cluster import INGRESS, INGRESS_TLS, LiveCluster, fetch, until
from tests.pilot.certificates import pair

pytestmark = [pytest.mark.live, pytest.mark.root]

HOST = "bookinfo.example"
OBJECTS: list[dict[str, Any]] = [
    {
        "apiVersion": "networking.istio.io/v1", "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": "default"},
        "spec": {
            "selector": {"istio": "ingressgateway"},
            "servers": [
                {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]},
                {"port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": [HOST],
                 "tls": {"mode": "SIMPLE", "credentialName": "edge-cert"}},
            ],
        },
    },
    {
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": {"name": "edge", "namespace": "default"},
        "spec": {
            "hosts": ["*"], "gateways": ["edge"],
            "http": [{
                "match": [{"uri": {"exact": "/productpage"}}, {"uri": {"prefix": "/api/v1/"}}],
                "route": [{"destination": {"host": "productpage", "port": {"number": 9080}}}],
            }],
        },
    },
]  # fmt: skip


@pytest.fixture
def edge(well: LiveCluster, tmp_path: Path) -> Iterator[LiveCluster]:
    """A Gateway and its routes; both are taken away again."""
    file = tmp_path / "edge.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": OBJECTS}))
    well.kubectl("apply", "-f", str(file))
    try:
        yield well
    finally:
        well.kubectl("delete", "--ignore-not-found", "-f", str(file))


def lacking(wanted: int, path: str) -> str:
    status, _ = fetch(f"http://127.0.0.1:{INGRESS}{path}")
    return "" if status == wanted else f"{path} answered {status}, not {wanted}"


def test_bookinfo_is_reached_by_a_port_of_this_machine(edge: LiveCluster) -> None:
    until(lambda: lacking(200, "/productpage"), 15, "the product page through the gateway")
    _, body = fetch(f"http://127.0.0.1:{INGRESS}/productpage")
    assert "Comedy of Errors" in body
    assert lacking(404, "/login") == ""
    edge.kubectl("delete", "virtualservice", "edge")
    until(lambda: lacking(404, "/productpage"), 15, "the routes to be gone")


def shown(port: int) -> bytes:
    """The certificate that is shown for the host; empty where TLS is not had."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname=HOST) as sealed,
        ):
            return sealed.getpeercert(binary_form=True) or b""
    except OSError:
        return b""


def test_tls_with_a_secret_and_then_with_its_next_one(edge: LiveCluster, tmp_path: Path) -> None:
    assert shown(INGRESS_TLS) == b"", "there is no Secret yet"
    files = str(tmp_path / "tls.crt"), str(tmp_path / "tls.key")
    made = ("create", "secret", "tls", "edge-cert", "-n", "istio-system",
            f"--cert={files[0]}", f"--key={files[1]}")  # fmt: skip
    try:
        for _ in range(2):
            new = pair(HOST)
            Path(files[0]).write_bytes(new.chain)
            Path(files[1]).write_bytes(new.key)
            edge.kubectl("delete", "secret", "-n", "istio-system", "edge-cert", check=False)
            edge.kubectl(*made)
            der = ssl.PEM_cert_to_DER_cert(new.chain.decode())
            until(lambda: "" if shown(INGRESS_TLS) == der else "another or none", 15,  # noqa: B023
                  "the Secret's certificate to be shown")  # fmt: skip
            status, body = fetch(
                f"https://{HOST}:{INGRESS_TLS}/productpage", "--cacert", files[0],
                "--resolve", f"{HOST}:{INGRESS_TLS}:127.0.0.1",
            )  # fmt: skip
            assert (status, "Comedy of Errors" in body) == (200, True)
    finally:
        edge.kubectl("delete", "secret", "-n", "istio-system", "edge-cert", check=False)
    until(lambda: "a certificate" if shown(INGRESS_TLS) else "", 15, "TLS to be gone with it")


def test_the_gateways_are_routers_that_are_ready(well: LiveCluster) -> None:
    for name in ("istio-ingressgateway", "istio-egressgateway"):
        pod = well.read("get", "pod", "-n", "istio-system", well.pod(name, "istio-system"))
        [proxy] = pod["spec"]["containers"]
        assert proxy["args"][:2] == ["proxy", "router"]
        assert pod["spec"].get("initContainers", []) == []
        assert pod["status"]["containerStatuses"][0]["ready"]
