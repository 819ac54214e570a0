"""The stream of names against the pilot's own server, and against what is no such server."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from telltale.agent.dns.feed import Feed
from telltale.agent.dns.nds import Node
from telltale.agent.resolv_conf import ResolvConf
from telltale.agent.settings import Target
from telltale.agent.stage import Stage
from telltale.lib.topic import Topic
from telltale.pilot import naming
from telltale.pilot.naming import Named
from telltale.pilot.xds.server import Ended, serve

pytestmark = pytest.mark.live

NODE = Node("sidecar~1.1.1.1~a.shop~x", "a.shop", {"NAMESPACE": "shop", "LABELS": {"x": "y" * 200}})


def told(**hosts):
    return naming.resource({name: Named((at,), "Kubernetes") for name, at in hosts.items()})


class Source:
    """A pilot that tells names, and nothing else."""

    def __init__(self):
        self.ready, self.identity = True, "me"
        self.names = Topic(told(a="10.0.0.1"))
        self.nodes, self.errors = [], []

    def follow(self, type, node, peer):
        assert type == naming.NDS
        self.nodes.append(node)
        return self.names

    def unfollow(self, told):
        self.nodes.pop()


@asynccontextmanager
async def fed(port):
    feed = Feed(Target("127.0.0.1", port), NODE, "shop.svc.cluster.local", lambda: ResolvConf())
    async with asyncio.timeout(30):
        loop = asyncio.create_task(feed.loop())
        try:
            yield feed
        finally:
            loop.cancel()


def names(feed):
    return {} if feed.names is None else dict(feed.names.cluster)


def test_names_come_change_and_outlive_the_pilot(free_ports, until):
    [port] = free_ports(1)

    async def story():
        source = Source()
        async with fed(port) as feed:

            async def refused():
                return feed.error == f"dial tcp 127.0.0.1:{port}: connection refused"

            await until("nobody is there yet", refused)
            assert (feed.lacking.stage, feed.lacking.error) == (Stage.DIAL, feed.error)
            server = await serve(source, f"127.0.0.1:{port}")

            async def known(want):
                return names(feed) == want

            await until("the first names", lambda: known({"a": ("10.0.0.1",)}))
            [node] = source.nodes
            assert (node.id, node.metadata["LABELS"]["x"]) == (NODE.id, "y" * 200)
            source.names.publish(told(a="10.0.0.2", b="10.0.0.3"))
            await until("what changed", lambda: known({"a": ("10.0.0.2",), "b": ("10.0.0.3",)}))
            assert feed.error is None
            many = {f"n{number}": "10.0.0.9" for number in range(20_000)}
            source.names.publish(told(**many))
            await until("more than any window", lambda: known(dict.fromkeys(many, ("10.0.0.9",))))
            source.names.publish(Ended("the pilot goes"))

            async def ended():
                return "ended the stream" in str(feed.error)

            await until("the end is told", ended)
            assert len(names(feed)) == 20_000
            source.names.publish(told(c="10.0.0.4"))
            await until("another stream", lambda: known({"c": ("10.0.0.4",)}))
            await server.stop(0)
            await until("the loss is told", refused)
            assert names(feed) == {"c": ("10.0.0.4",)} and feed.lacking is None

    asyncio.run(story())


def test_what_is_no_pilot_is_told(free_ports, until):
    [port] = free_ports(1)

    async def story():
        async def hello(reader, writer):
            writer.write(b"220 mail.example ESMTP\r\n" * 3)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(hello, "127.0.0.1", port)
        async with server, fed(port) as feed:

            async def said():
                return f"connected to 127.0.0.1:{port}, which does not speak HTTP/2" in feed.error

            await until("what speaks there", said)
            assert feed.lacking.stage is Stage.SUBSCRIBE
            assert "has not told the DNS name table: connected to" in feed.lacking.error

    asyncio.run(story())


def test_a_pilot_that_is_not_ready_is_asked_again(free_ports, until):
    [port] = free_ports(1)

    async def story():
        source = Source()
        source.ready = False
        server = await serve(source, f"127.0.0.1:{port}")
        async with fed(port) as feed:

            async def ended():
                return "ended the stream" in str(feed.error)

            await until("it lets nobody in", ended)
            source.ready = True

            async def known():
                return names(feed) == {"a": ("10.0.0.1",)}

            await until("it does now", known)
            await server.stop(0)

    asyncio.run(story())
