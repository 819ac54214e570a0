"""What a workload may say, and which names it means."""

import pytest

from telltale.agent.dns.names import Found, Names

DOMAIN = "shop.svc.cluster.local"
NAMES = Names(
    {
        "web.shop.svc.cluster.local": ("10.0.0.1",),
        "web.far.svc.cluster.local": ("10.0.0.2",),
        "db.shop.svc.cluster.local": ("1.1.1.1", "1.1.1.2"),
        "db-0.db.shop.svc.cluster.local": ("1.1.1.1",),
    },
    {
        "db.example.com": ("240.240.0.1",), "*.example.org": ("240.240.0.2",),
        "*.a.example.org": ("240.240.0.3",), "own.shop.svc.cluster.local": ("240.240.0.4",),
    },
    DOMAIN,
)  # fmt: skip


@pytest.mark.parametrize("name, addresses", [
    ("web", ("10.0.0.1",)), ("web.shop", ("10.0.0.1",)), ("web.shop.svc", ("10.0.0.1",)),
    ("web.shop.svc.cluster.local", ("10.0.0.1",)), ("web.far", ("10.0.0.2",)),
    ("web.far.svc", ("10.0.0.2",)), ("db-0.db", ("1.1.1.1",)),
    ("db-0.db.shop.svc.cluster.local", ("1.1.1.1",)), ("db.example.com", ("240.240.0.1",)),
    ("x.example.org", ("240.240.0.2",)), ("x.y.example.org", ("240.240.0.2",)),
    ("x.a.example.org", ("240.240.0.3",)), ("own.shop.svc.cluster.local", ("240.240.0.4",)),
])  # fmt: skip
def test_what_is_known(name, addresses):
    assert NAMES.find(name, DOMAIN) == Found(addresses)


@pytest.mark.parametrize("name", [
    "", "far", "web.far.shop", "example.com", "example.org", "own", "own.shop", "cluster.local",
    "svc.cluster.local", "db-1.db", "web.shop.svc.cluster", "b.db.example.com",
])  # fmt: skip
def test_what_is_not(name):
    assert NAMES.find(name, DOMAIN) is None


@pytest.mark.parametrize("bare", ["db.example.com", "web.far.svc", "web.shop.svc", "x.example.org"])
def test_the_first_search_domain_behind_a_known_name_is_another_name_for_it(bare):
    found = NAMES.find(f"{bare}.{DOMAIN}", DOMAIN)
    known = NAMES.find(bare, DOMAIN)
    assert found == Found(known.addresses, bare)
    assert NAMES.find(f"{bare}.svc.cluster.local", DOMAIN) is None
    assert NAMES.find(f"{bare}.{DOMAIN}") is None


def test_nothing_known_is_nothing_found():
    assert Names().find("web") is None
