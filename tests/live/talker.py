"""A server that says who it is in every protocol, run inside pods of the live tests.

HTTP 8080 (and WebSocket), gRPC 50051, TLS 8443, mutual TLS 8444, lines 9000, one that speaks first
7000, and 9999, which takes HTTP/1.1, HTTP/2 and anything else. TLS needs the files in /tls.
"""

import asyncio
import json
import os
import ssl
from collections import Counter
from functools import partial
from pathlib import Path

import grpc
from aiohttp import WSMsgType, web

WHO = os.environ["WHO"]
HTTP, GRPC, TLS, MUTUAL, LINES, FIRST, ANY = 8080, 50051, 8443, 8444, 9000, 7000, 9999
FILES = Path("/tls")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def told(request: web.Request) -> web.Response:
    """Everything that the server knows of a request."""
    certificate = request.get_extra_info("peercert") or {}
    return web.json_response({
        "who": WHO, "peer": request.remote, "host": request.host, "path": request.path,
        "scheme": request.scheme, "client": certificate.get("subject"),
        "headers": {name.lower(): value for name, value in request.headers.items()},
    })  # fmt: skip


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(f"{WHO}: {message.data}")
    return socket


def context(ask: bool) -> ssl.SSLContext:
    found = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    found.load_cert_chain(FILES / "tls.crt", FILES / "tls.key")
    if ask:
        found.load_verify_locations(FILES / "ca.crt")
        found.verify_mode = ssl.CERT_REQUIRED
    return found


async def serve_http() -> None:
    app = web.Application()
    app.router.add_get("/ws", echo)
    app.router.add_route("*", "/{any:.*}", told)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, port=HTTP).start()
    if FILES.exists():
        await web.TCPSite(runner, port=TLS, ssl_context=context(ask=False)).start()
        await web.TCPSite(runner, port=MUTUAL, ssl_context=context(ask=True)).start()


async def serve_grpc() -> grpc.aio.Server:
    """Every method answers with who and which; those of shop.Flaky after `fail` failures."""
    tries: Counter[bytes] = Counter()

    async def answer(method: str, request: bytes, call: grpc.aio.ServicerContext) -> bytes:
        metadata = dict(call.invocation_metadata())
        tries[request] += 1
        if method.startswith("/shop.Flaky/") and tries[request] <= int(metadata.get("fail", "0")):
            await call.abort(grpc.StatusCode.UNAVAILABLE, "not yet")
        return f"{WHO} {method} {tries[request]}".encode()

    class Every(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
            return grpc.unary_unary_rpc_method_handler(partial(answer, details.method))

    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Every(),))
    server.add_insecure_port(f"0.0.0.0:{GRPC}")
    await server.start()
    return server


async def lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Each line comes back with who sent it back and whom it seemed to come from."""
    peer = writer.get_extra_info("peername")[0]
    while line := await reader.readline():
        writer.write(f"{WHO} {peer} ".encode() + line)
        await writer.drain()
    writer.close()


async def first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(f"{WHO} at your service\n".encode())
    await lines(reader, writer)


async def any_protocol(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """By the first bytes to the server here that speaks it."""
    begun = await reader.read(3)
    port = {b"PRI": GRPC, b"GET": HTTP}.get(begun, LINES)
    theirs, ours = await asyncio.open_connection("127.0.0.1", port)
    ours.write(begun)
    await asyncio.gather(pump(reader, ours), pump(theirs, writer))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def main() -> None:
    await serve_http()
    running = await serve_grpc()
    for serve, port in ((lines, LINES), (first, FIRST), (any_protocol, ANY)):
        await asyncio.start_server(serve, "0.0.0.0", port)
    print(json.dumps({"who": WHO}), flush=True)
    await running.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
