"""Node ports on loopback: which there are, and that bytes go both ways to their end."""

import asyncio
import logging
import socket
from contextlib import suppress

from telltale.cluster.services.node_ports import Listeners, wanted
from telltale.kube import codec
from telltale.kube.service import Service


def service(kind: str, *ports: dict, address: str = "172.19.0.5") -> Service:
    return codec.convert(Service, {
        "metadata": {"name": "edge", "namespace": "default"},
        "spec": {"type": kind, "clusterIP": address, "ports": [*ports]},
    })  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_only_services_that_ask_for_it_and_tcp():
    tcp, udp = {"port": 80, "nodePort": 30080}, {"port": 53, "nodePort": 30053, "protocol": "UDP"}
    assert wanted([service("NodePort", tcp, udp)]) == {30080: ("172.19.0.5", 80)}
    there = ("172.19.0.5", 80)
    assert wanted([service("LoadBalancer", tcp)]) == {30080: there, 80: there}
    both = [service("NodePort", {"port": 9, "nodePort": 80}), service("LoadBalancer", tcp)]
    assert wanted(both) == {80: ("172.19.0.5", 9), 30080: there}
    assert wanted([service("ClusterIP", tcp)]) == {}
    assert wanted([service("NodePort", tcp, address="")]) == {}


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """All that comes until the client's end, then all of it back."""
    data = await reader.read()
    writer.write(data)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def told(port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def test_bytes_go_there_and_back_and_each_side_may_end_first():
    async def story() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        behind, front = server.sockets[0].getsockname()[1], free_port()
        listeners = Listeners()
        await listeners.follow({front: ("127.0.0.1", behind)})
        data = bytes(range(256)) * 8192
        assert await asyncio.gather(*(told(front, data) for _ in range(4))) == [data] * 4
        await listeners.close()
        assert await refused(front)
        server.close()

    asyncio.run(story())


async def refused(port: int) -> bool:
    """Whether nobody listens; one who listens, and has nowhere to lead to, hangs up."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    with suppress(ConnectionResetError):
        await reader.read()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return False


def test_a_target_that_nobody_serves_hangs_up():
    async def story() -> None:
        front = free_port()
        listeners = Listeners()
        await listeners.follow({front: ("127.0.0.1", free_port())})
        reader, writer = await asyncio.open_connection("127.0.0.1", front)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        await listeners.close()

    asyncio.run(story())


def test_a_taken_port_is_told_once_and_had_when_it_is_free(caplog):
    async def story() -> None:
        holder = await asyncio.start_server(echo, "127.0.0.1", 0)
        port = holder.sockets[0].getsockname()[1]
        listeners = Listeners()
        for _ in range(2):
            await listeners.follow({port: ("127.0.0.1", 1)})
        assert [one.levelno for one in caplog.records if "leads nowhere" in one.message] == [
            logging.WARNING
        ]
        holder.close()
        await holder.wait_closed()
        await listeners.follow({port: ("127.0.0.1", 1)})
        assert not await refused(port)
        await listeners.close()

    asyncio.run(story())
