"""The servers behind the Gateway of the live tests, in one pod: `echo.py CERTIFICATE`.

HTTP on 8081 (`foo`), 8082 (`bar`) and 8083 (`late`, after a second), HTTPS on 8443 (`safe`), gRPC
on 9000, and on 7001 and 7002 TCP that greets. HTTP tells who answers and what it was asked, as
JSON; `/seen` how often each path was asked for.
"""

import collections
import http.server
import json
import socketserver
import ssl
import sys
import threading
import time
from concurrent import futures

import grpc

SEEN: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)


class Echo(http.server.BaseHTTPRequestHandler):
    name = ""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/seen":
            self._say(SEEN[self.name])
            return
        SEEN[self.name][self.path] += 1
        if self.name == "late":
            time.sleep(1)
        said = {key.lower(): value for key, value in self.headers.items()}
        self._say({"name": self.name, "path": self.path, "headers": said})

    do_OPTIONS = do_POST = do_GET

    def _say(self, what: object) -> None:
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Greet(socketserver.BaseRequestHandler):
    name = ""

    def handle(self) -> None:
        self.request.sendall(f"hello from {self.name}\n".encode())


class Tell(grpc.GenericRpcHandler):
    """Any method: which it was, and what was said with it."""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        said = dict(details.invocation_metadata).get("my-header", "")
        told = f"{details.method} {said}".strip().encode()
        return grpc.unary_unary_rpc_method_handler(lambda *_: told)


def web(name: str, port: int, certificate: str = "") -> None:
    server = http.server.ThreadingHTTPServer(("", port), type("Named", (Echo,), {"name": name}))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{certificate}/tls.crt", f"{certificate}/tls.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever).start()


def greet(name: str, port: int) -> None:
    server = socketserver.ThreadingTCPServer(("", port), type("Named", (Greet,), {"name": name}))
    threading.Thread(target=server.serve_forever).start()


if __name__ == "__main__":
    web("foo", 8081)
    web("bar", 8082)
    web("late", 8083)
    web("safe", 8443, sys.argv[1])
    greet("foo", 7001)
    greet("bar", 7002)
    calls = grpc.server(futures.ThreadPoolExecutor(4))
    calls.add_generic_rpc_handlers((Tell(),))
    calls.add_insecure_port("0.0.0.0:9000")
    calls.start()
    calls.wait_for_termination()
