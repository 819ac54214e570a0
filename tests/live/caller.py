"""What a client in a pod of the live tests calls with: `caller.py VERB ...`; prints JSON."""

import asyncio
import json
import socket
import ssl
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import grpc

LIMIT_S = 10


def call_grpc(target: str, method: str, count: str, authority: str = "", fail: str = "0") -> None:
    """So many calls over one channel: how often each answer or status came."""
    options = [("grpc.default_authority", authority)] if authority else []
    found: Counter[str] = Counter()
    with grpc.insecure_channel(target, options) as channel:
        call = channel.unary_unary(method)
        for _ in range(int(count)):
            try:
                who = call(method.encode(), timeout=LIMIT_S, metadata=(("fail", fail),)).decode()
                found[who if fail != "0" else who.rpartition(" ")[0]] += 1
            except grpc.RpcError as error:
                found[error.code().name] += 1
    print(json.dumps(found))


def unjudging() -> ssl.SSLContext:
    """Of a client that takes any certificate, to see whose it is."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextmanager
def connected(host: str, port: int, sni: str = "") -> Iterator[socket.socket]:
    """By TLS where a name is asked for."""
    with socket.create_connection((host, port), LIMIT_S) as raw:
        if not sni:
            yield raw
            return
        with unjudging().wrap_socket(raw, server_hostname=sni) as sealed:
            yield sealed


def lines(host: str, port: int, count: int, *, first: bool = False, sni: str = "") -> Counter[str]:
    """So many connections, each with one line: how often whom answered. `closed`: nobody did.

    `first`: the server greets before it is spoken to.
    """
    found: Counter[str] = Counter()
    for _ in range(count):
        try:
            with connected(host, port, sni) as link:
                file = link.makefile("rw")
                greeting = file.readline() if first else ""
                file.write("hello\n")
                file.flush()
                answer = file.readline()
                found[(greeting or answer).partition(" ")[0] if answer else "closed"] += 1
        except OSError:
            found["closed"] += 1
    return found


def call_lines(host: str, port: str, count: str, first: str = "") -> None:
    print(json.dumps(lines(host, int(port), int(count), first=bool(first))))


def call_tls(host: str, port: str, sni: str) -> None:
    """Whose certificate is shown for a name, and who answers there."""
    try:
        with connected(host, int(port), sni) as sealed:
            shown = ssl.DER_cert_to_PEM_cert(sealed.getpeercert(binary_form=True) or b"")
            sealed.sendall(f"GET / HTTP/1.1\r\nHost: {sni}\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: sealed.recv(65536), b"")).decode()
    except OSError as error:
        print(json.dumps({"error": type(error).__name__}))
    else:
        print(json.dumps({"shown": shown, **json.loads(answer.partition("\r\n\r\n")[2])}))


async def talk(url: str) -> None:
    """A WebSocket: each line that is typed is sent, what comes back is printed at once."""
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as link:
        while line := await asyncio.to_thread(sys.stdin.readline):
            await link.send_str(line.strip())
            print((await link.receive(LIMIT_S)).data, flush=True)


if __name__ == "__main__":
    verb, *given = sys.argv[1:]
    if verb == "ws":
        asyncio.run(talk(*given))
    else:
        {"grpc": call_grpc, "lines": call_lines, "tls": call_tls}[verb](*given)
