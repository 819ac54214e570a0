"""A server with a real probe, run inside a pod of the live tests: `served.py KIND PORT`."""

import datetime
import http.server
import ssl
import sys
import tempfile
from concurrent import futures
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def https(port: int) -> None:
    server = http.server.HTTPServer(("", port), http.server.SimpleHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed())
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


def self_signed() -> Path:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    built = built.public_key(key.public_key()).serial_number(1)
    built = built.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    file = Path(tempfile.mkdtemp()) / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    file.write_bytes(private + public)
    return file


def grpc_health(port: int) -> None:
    """grpc.health.v1.Health: SERVING for the service "well", NOT_SERVING for any other."""
    def check(request: bytes, _: object) -> bytes:
        return b"\x08\x01" if request == b"\x0a\x04well" else b"\x08\x02"

    methods = {"Check": grpc.unary_unary_rpc_method_handler(check)}
    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("grpc.health.v1.Health", methods),)
    )
    server.add_insecure_port(f"0.0.0.0:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    {"https": https, "grpc": grpc_health}[sys.argv[1]](int(sys.argv[2]))
