"""One check of a container, run from the node: http, tcp, exec or grpc. What it means is `health`.

The sentences are the kubelet's, because people and tools search for them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import grpc

from telltale.cluster.node.commands import CommandTimedOut, Outcome
from telltale.cluster.node.http_get import NoAnswer, Target, get, refusal
from telltale.kube.core import Container, GrpcAction, HttpGet, Probe, TcpSocket
from telltale.kube.meta import IntOrString

Exec = Callable[[tuple[str, ...], float], Awaitable[Outcome]]

_SERVING = 1
_MOST_TEXT = 1024


@dataclass(frozen=True, slots=True)
class Probed:
    """Whom: the container, the address of its pod, and how to run a command in it."""

    container: Container
    address: str
    exec: Exec


@dataclass(frozen=True, slots=True)
class Result:
    passed: bool
    message: str = ""


async def check(probe: Probe, probed: Probed) -> Result:
    """Runs the probe once, in its timeout. Never raises for what the container does."""
    timeout_s = float(max(1, probe.timeout_seconds))
    try:
        if probe.http_get:
            return await _http(probe.http_get, probed, timeout_s)
        if probe.tcp_socket:
            return await _tcp(probe.tcp_socket, probed, timeout_s)
        if probe.exec:
            return await _exec(tuple(probe.exec.command), probed, timeout_s)
        if probe.grpc:
            return await _grpc(probe.grpc, probed, timeout_s)
    except LookupError as error:
        return Result(False, str(error.args[0]))
    return Result(False, "missing probe handler")


def target(action: HttpGet, probed: Probed) -> Target:
    """Where an httpGet goes. Raises `LookupError` for a port name that the container lacks."""
    return Target(
        action.host or probed.address,
        port_number(action.port, probed.container),
        action.path or "/",
        action.scheme.upper() == "HTTPS",
        tuple((one.name, one.value) for one in action.http_headers),
    )


def port_number(port: IntOrString, container: Container) -> int:
    """A port by its number, or by its name in the container. Raises `LookupError`."""
    if isinstance(port, int) or port.isdecimal():
        return int(port)
    for one in container.ports:
        if one.name == port:
            return one.container_port
    raise LookupError(f"invalid port number: {port}: container {container.name} has no such port")


async def _http(action: HttpGet, probed: Probed, timeout_s: float) -> Result:
    try:
        code = await get(target(action, probed), timeout_s)
    except NoAnswer as error:
        return Result(False, str(error))
    if 200 <= code < 400:
        return Result(True)
    return Result(False, f"HTTP probe failed with statuscode: {code}")


async def _tcp(action: TcpSocket, probed: Probed, timeout_s: float) -> Result:
    host = action.host or probed.address
    port = port_number(action.port, probed.container)
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
    except TimeoutError:
        return Result(False, f"dial tcp {host}:{port}: i/o timeout")
    except OSError as error:
        return Result(False, refusal(host, port, error))
    return Result(True)


async def _exec(command: tuple[str, ...], probed: Probed, timeout_s: float) -> Result:
    try:
        outcome = await probed.exec(command, timeout_s)
    except CommandTimedOut:
        words = " ".join(command)
        return Result(False, f'command timed out: "{words}" timed out after {timeout_s:g}s')
    return Result(outcome.code == 0, outcome.output[:_MOST_TEXT])


async def _grpc(action: GrpcAction, probed: Probed, timeout_s: float) -> Result:
    """grpc.health.v1.Health/Check; its two messages have one field each and are read by hand."""
    address = f"{probed.address}:{action.port}"
    name = action.service.encode()
    request = b"\x0a" + bytes([len(name)]) + name if name else b""
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            ask = channel.unary_unary("/grpc.health.v1.Health/Check")
            answer = bytes(await ask(request, timeout=timeout_s))
    except grpc.aio.AioRpcError as error:
        return Result(False, _grpc_failure(error, address, timeout_s))
    code = answer[1] if len(answer) > 1 and answer[0] == 0x08 else 0
    if code == _SERVING:
        return Result(True)
    word = {0: "UNKNOWN", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}.get(code, str(code))
    return Result(False, f'service unhealthy (responded with "{word}")')


def _grpc_failure(error: "grpc.aio.AioRpcError", address: str, timeout_s: float) -> str:
    match error.code():
        case grpc.StatusCode.UNIMPLEMENTED:
            return f'error: this server at "{address}" does not implement the grpc health protocol'
        case grpc.StatusCode.DEADLINE_EXCEEDED | grpc.StatusCode.UNAVAILABLE:
            return (
                f'timeout: failed to connect service "{address}" within {timeout_s:g}s: '
                "context deadline exceeded"
            )
        case _:
            return f"error: health rpc failed: {error.details()}"
