"""Servers of several gateways at one port: who shares it, and who is left out."""

from telltale.model.doors import doors
from telltale.model.gateway import Ends, Gateway, Host, Server, ServerTls
from telltale.model.hosts import covers, served, shared
from telltale.model.route import Routing
from telltale.model.scope import Origin, Scope
from telltale.model.service import Protocol

SIMPLE = ServerTls(Ends.SIMPLE)


def gateway(name: str, *servers: Server) -> Gateway:
    return Gateway(Origin(name, name, "shop"), f"shop/{name}", Scope(), servers)


def server(port: int, speaks: Protocol = Protocol.HTTP, host: str = "*", **more) -> Server:
    return Server(port, speaks, (Host(host),), **more)


def test_plain_http_shares_a_port_and_tcp_does_not():
    first = gateway("a", server(80), server(80, Protocol.GRPC, "b.example"))
    found, clashes = doors([first, gateway("b", server(80, Protocol.TCP))], {})
    assert [len(door.plain) for door in found] == [2]
    assert [(one.site.gateway.name, one.holder.gateway.name) for one in clashes] == [
        ("shop/b", "shop/a")
    ]


def test_tls_shares_a_port_with_all_but_the_same_name():
    one = gateway("a", server(443, host="a.example", tls=SIMPLE), server(443))
    two = gateway("b", server(443, host="b.example", tls=SIMPLE),
                  server(443, host="a.example", tls=SIMPLE))  # fmt: skip
    [door], [clash] = doors([one, two], {})
    assert (len(door.sealed), len(door.plain)) == (2, 1)
    assert (clash.host, clash.holder.gateway.name) == ("a.example", "shop/a")


def test_ports_are_the_workloads_own_where_the_service_leads():
    found, _ = doors([gateway("a", server(80), server(81), server(80, bind="127.0.0.1"))],
                     {80: 8080})  # fmt: skip
    assert [(door.bind, door.port) for door in found] == [
        ("", 81), ("", 8080), ("127.0.0.1", 8080)
    ]  # fmt: skip


def test_what_two_names_share_is_the_narrower():
    assert shared("*", "a.example") == "a.example"
    assert shared("a.example", "*.example") == "a.example"
    assert shared("*.example", "*.b.example") == "*.b.example"
    assert shared("*.a.example", "*.b.example") == ""
    assert not covers("*.example", "example")
    assert not covers("*.example", "*")


def test_a_server_takes_routes_of_the_namespace_that_its_host_names():
    routing = Routing(Origin("1", "r", "shop"), Scope(), ("a.example", "b.example"))
    hosts = (Host("a.example", "other"), Host("*.example", "shop"))
    assert served(Server(80, Protocol.HTTP, hosts[:1]), routing) == ()
    assert served(Server(80, Protocol.HTTP, hosts), routing) == ("a.example", "b.example")
