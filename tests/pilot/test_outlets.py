"""Where outgoing connections are listened for, and who claims each place."""

from envoy.config.listener.v3.listener_pb2 import Listener

from telltale.model.mesh import Mesh
from telltale.model.scope import EVERYWHERE, Origin, Scope
from telltale.model.service import Discovery, Endpoint, Port, Protocol, Service
from telltale.model.sidecar import Glob, Reach, Sidecar
from telltale.model.view import View
from telltale.pilot.envoy.listening import listeners, outgoing, outlets


def declared(host: str, *ports: Port, **more) -> Service:
    given = {"discovery": Discovery.DIALLED, "declared": True} | more
    return Service(host, "shop", host, ports, **given)


def view(*services: Service, sidecars=(), endpoints=None) -> View:
    known = {one.key: one for one in services}
    return View(Mesh(services=known, sidecars=sidecars, endpoints=endpoints or {}), "shop")


def outlets_of(seen: View, own=frozenset(), **how) -> list[outlets.Outlet]:
    served = (one for service in seen.services for one in seen.served(service))
    return outlets.of(seen.mesh, served, (), own, **how)


def places(seen: View, own=frozenset(), **how) -> list[tuple[str, int, int]]:
    return [(one.host, one.number, len(one.claims)) for one in outlets_of(seen, own, **how)]


HTTP, TCP = Port(80, Protocol.HTTP), Port(9000, Protocol.TCP)
TLS, AUTO = Port(443, Protocol.TLS), Port(7000, Protocol.AUTO)


def test_http_claims_its_port_number_and_anything_else_its_addresses():
    seen = view(declared("a", HTTP, TCP, addresses=("10.0.0.1", "10.1.0.0/16")))
    assert places(seen) == [("0.0.0.0", 80, 1), ("0.0.0.0", 9000, 1), ("10.0.0.1", 9000, 1)]


def test_who_has_no_address_claims_all_of_the_port_number():
    seen = view(declared("a", TCP, automatic=("240.240.0.9",)), declared("b", TCP, AUTO))
    assert places(seen) == [("0.0.0.0", 7000, 1), ("0.0.0.0", 9000, 2), ("240.240.0.9", 9000, 1)]
    assert ("240.240.0.9", 9000, 1) not in places(seen, redirected=False)


def test_a_port_of_the_proxy_is_never_claimed_whole():
    """Envoy would refuse the listener that everything is led to."""
    ports = (Port(15001, Protocol.HTTP), Port(15006, Protocol.TCP))
    assert places(view(declared("a", *ports))) == []
    assert places(view(declared("a", *ports, addresses=("10.0.0.1",)))) == [("10.0.0.1", 15006, 1)]


def test_endpoints_of_their_own_but_oneself():
    headless = Service("h", "shop", "h.shop", (TCP,), discovery=Discovery.HEADLESS)
    ends = {"h.shop": {9000: (Endpoint("1.1.1.1", 9001), Endpoint("1.1.1.2", 9001))}}
    seen = view(headless, endpoints=ends)
    assert places(seen, frozenset({"1.1.1.1"})) == [("1.1.1.2", 9001, 1)]


def test_where_nothing_is_led_to_the_proxy_it_listens_on_loopback():
    def said(**how):
        reach = Reach((Glob(EVERYWHERE, EVERYWHERE),), **how)
        return (Sidecar(Origin("", "s", "shop"), Scope(("shop",)), (reach,)),)

    a = declared("a", TCP, addresses=("10.0.0.1",))
    assert places(view(a, sidecars=said(led=False))) == [("127.0.0.1", 9000, 1)]
    assert places(view(a, sidecars=said(port=9000, bind="10.9.9.9"))) == [("10.9.9.9", 9000, 1)]
    unix = said(port=9000, bind="unix:///run/out.sock", led=False)
    assert places(view(a, sidecars=unix)) == [("unix:///run/out.sock", 9000, 1)]
    assert places(view(a, sidecars=said(port=1))) == []


def chains(seen: View) -> list[tuple[list[str], list[str]]]:
    [place] = outlets_of(seen)
    listener = Listener()
    outgoing.fill(listener, seen, place)
    return [
        ([*one.filter_chain_match.server_names],
         [each.address_prefix for each in one.filter_chain_match.prefix_ranges])
        for one in listener.filter_chains
    ]  # fmt: skip


def test_one_service_at_an_address_has_all_of_its_tls():
    assert chains(view(declared("a.example", TLS, addresses=("10.0.0.1",)))) == [([], [])]


def test_two_at_one_address_are_told_apart_by_the_host_that_is_asked_for():
    both = [declared(host, TLS, addresses=("10.0.0.1",)) for host in ("a.example", "b.example")]
    assert chains(view(*both)) == [(["a.example"], []), (["b.example"], [])]


def test_of_two_that_cannot_be_told_apart_the_elder_has_it():
    both = [declared(host, TCP, addresses=("10.0.0.0/8",)) for host in ("a", "b")]
    assert chains(view(*both)) == [([], ["10.0.0.0"])]


def test_of_two_listeners_at_one_address_the_first_stays():
    first, second = Listener(name="127.0.0.1_80"), Listener(name="127.0.0.1_80", stat_prefix="x")
    assert listeners.distinct((first, second)) == (first,)
