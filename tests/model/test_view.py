"""What a class of clients sees: which routes and which policy hold for a host."""

from telltale.model.index import forms
from telltale.model.mesh import Mesh
from telltale.model.policy import Balancing, Policy, Pool, Subset, Traffic
from telltale.model.route import Client, Routing
from telltale.model.scope import Origin, Scope
from telltale.model.service import Service
from telltale.model.view import View

SEEN_BY_ALL = Scope()
HOST = "reviews.shop.svc.cluster.local"
SERVICE = Service("reviews", "shop", HOST)


def policy(name: str, namespace: str, host: str = HOST, scope: Scope = SEEN_BY_ALL) -> Policy:
    return Policy(Origin("2026", name, namespace), scope, host)


def chosen(policies, namespace="client", labels=()) -> str:
    view = View(Mesh(policies=tuple(policies)), namespace, labels)
    found = view.policy(SERVICE)
    return found.origin.name if found else ""


def test_forms_of_a_host_from_the_closest_to_the_widest():
    assert [*forms("a.b.c")] == ["a.b.c", "*.b.c", "*.c", "*"]


def test_the_clients_namespace_comes_before_the_services_and_that_before_the_root():
    one, two, three = policy("c", "client"), policy("s", "shop"), policy("r", "istio-system")
    assert chosen([three, two, one]) == "c"
    assert chosen([three, two]) == "s"
    assert chosen([three]) == "r"
    assert chosen([policy("x", "elsewhere")]) == ""


def test_what_is_not_exported_is_not_seen():
    private = policy("s", "shop", scope=Scope(("shop",)))
    assert chosen([private]) == ""
    assert chosen([private], namespace="shop") == "s"


def test_the_closest_host_wins_and_a_selector_before_none():
    wide = policy("wide", "shop", "*.svc.cluster.local")
    assert chosen([wide]) == "wide"
    assert chosen([wide, policy("close", "shop")]) == "close"
    mine = policy("mine", "client", scope=Scope(("client",), (("app", "web"),)))
    both = [policy("all", "client"), mine]
    assert chosen(both) == "all"
    assert chosen(both, labels=(("app", "web"),)) == "mine"


def test_own_routings_come_first_then_the_elder():
    def routing(name, namespace):
        return Routing(Origin(name, name, namespace), Scope(), (HOST,))

    mesh = Mesh(routings=(routing("1", "shop"), routing("2", "client"), routing("3", "client")))
    found = View(mesh, "client").routings_of(HOST)
    assert [one.origin.name for one in found] == ["2", "3", "1"]


def test_a_match_may_ask_who_the_client_is():
    view = View(Mesh(), "client", (("app", "web"),))
    assert view.is_client(Client())
    assert view.is_client(Client((("app", "web"),), "client", ("mesh",)))
    assert not view.is_client(Client((("app", "other"),)))
    assert not view.is_client(Client(namespace="shop"))
    assert not view.is_client(Client(gateways=("shop/ingress",)))


def test_layers_of_a_policy():
    balancing, pool = Balancing(), Pool(connections=1)
    subset = Subset("v1", traffic=Traffic(balancing=balancing), ports={80: Traffic(pool=pool)})
    whole = Policy(
        Origin("", "", ""), Scope(), HOST, Traffic(pool=Pool(connections=9)),
        {443: Traffic(balancing=Balancing(table_size=3))}, (subset,),
    )  # fmt: skip
    assert whole.for_port(443).pool is None  # a port's settings stand alone
    assert whole.for_subset(subset, 8080) == Traffic(balancing=balancing, pool=whole.traffic.pool)
    assert whole.for_subset(subset, 80) == Traffic(pool=pool)  # in place of all that it can say


def test_what_no_port_can_say_of_its_own_is_kept():
    whole = Policy(Origin("", "", ""), Scope(), HOST, Traffic(Balancing(), proxy_protocol=2),
                   {443: Traffic(pool=Pool())})  # fmt: skip
    assert whole.for_port(443) == Traffic(pool=Pool(), proxy_protocol=2)


def test_clients_of_the_root_have_what_is_private_there_and_then_the_services():
    root, shop = policy("r", "istio-system"), policy("s", "shop")
    private = policy("p", "istio-system", scope=Scope(("istio-system",)))
    assert chosen([root, shop], "istio-system") == "s"
    assert chosen([root, private, shop], "istio-system") == "p"
    assert chosen([root], "istio-system") == "r"
