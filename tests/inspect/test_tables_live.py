"""A real Envoy's own pages in rows, and against what the pilot would have it hold."""

import asyncio

import aiohttp
import pytest

from telltale.inspect import bootstrap, clusters, compare, dump, endpoints, listeners, routes
from telltale.inspect.rows import Wanted
from telltale.kube import codec
from telltale.lib.clock import SystemClock, SystemIds
from telltale.model.options import DEFAULT
from telltale.pilot import debug
from telltale.pilot.run import Pilot, PilotSettings, serve
from tests.inspect.test_way_live import METADATA, NODE, feed, given

pytestmark = pytest.mark.live
REVIEWS = "reviews.shop.svc.cluster.local"


def test_what_envoy_holds_is_shown_and_is_what_the_pilot_means(envoy, free_ports, until):
    async def story() -> None:
        grpc, monitoring, http, port, behind = free_ports(5)
        settings = PilotSettings("127.0.0.1", grpc, monitoring, http, DEFAULT, grace_s=0.2)
        pilot = Pilot(settings, SystemClock(), SystemIds())
        feed(pilot, given(port, behind))
        pilot.begin()
        async with serve(pilot, lambda: True), envoy(NODE, METADATA, pilot=grpc) as proxy:
            await until("Envoy to be live", proxy.ready)
            held = dump.read(await page(proxy.admin, "config_dump"))
            hosts = dump.hosts(await page(proxy.admin, "clusters?format=json"))
            shown(held, hosts, port, behind)
            meant = dump.of_json(debug.config_dump(pilot.push, pilot.status, "front.shop"))
            for one in compare.compare(meant, held):
                assert not one.difference, "\n".join(one.difference)
                assert str(one).endswith(" Match")

    asyncio.run(story())


def shown(held: dump.Dump, hosts: tuple, port: int, behind: int) -> None:
    found = clusters.table(held.clusters, Wanted(fqdn="reviews", direction="outbound"))
    kept = (REVIEWS, str(port))
    assert found.cells() == [
        clusters.TITLES,
        (*kept, "-", "outbound", "EDS", "reviews.shop"),
        (*kept, "v1", "outbound", "EDS", "reviews.shop"),
        (*kept, "v2", "outbound", "EDS", "reviews.shop"),
    ]
    [cluster] = clusters.table(held.clusters, Wanted(name="xds-grpc")).objects()
    assert cluster["name"] == "xds-grpc"
    titles, first, *_, last = listeners.table(held.listeners, Wanted(port=port)).cells()
    assert titles == listeners.TITLES
    assert (*first[:2], first[3]) == ("127.0.0.1", str(port), f"Route: {port}")
    assert first[2].endswith("App: HTTP")
    assert last == ("127.0.0.1", str(port), "ALL", "PassthroughCluster")
    rows = routes.table(held.routes, Wanted(name=str(port))).cells()
    [domains] = {row[2] for row in rows if row[3:] == ("/pages*", "reviews.shop")}
    assert domains.startswith(f"{REVIEWS}, ") and domains.endswith(" more...")
    subset = endpoints.table(hosts, Wanted(name=f"outbound|{port}|v2|{REVIEWS}")).cells()
    assert subset == [
        endpoints.TITLES,
        (f"127.0.0.3:{behind}", "HEALTHY", "OK", f"outbound|{port}|v2|{REVIEWS}"),
    ]
    said = dict(bootstrap.table(held.bootstrap).cells())
    assert said["node"] == NODE
    assert said["Envoy Version"].startswith("1.")


async def page(admin: int, path: str) -> bytes:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{admin}/{path}") as answer,
    ):
        return await answer.read()


def test_a_difference_is_shown_as_one():
    def of(*names: str) -> dump.Dump:
        listed = [{"cluster": {"name": name}} for name in names]
        return dump.of_json(codec.parse(codec.encode({"configs": [{
            "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
            "dynamic_active_clusters": listed}]})))  # fmt: skip

    found, *rest = compare.compare(of("a", "b"), of("a"))
    assert str(found) == "Clusters Don't Match"
    assert '-  "name": "b"' in found.difference
    assert [str(one) for one in rest] == ["Listeners Match", "Routes Match"]
