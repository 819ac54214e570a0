"""The same requests judged by us and sent through a real Envoy that the pilot configures."""

import asyncio
from dataclasses import replace

import aiohttp
import pytest

from telltale.inspect import objects
from telltale.inspect.request import Request, parse
from telltale.inspect.source import source
from telltale.inspect.way import Outcome, Way, way
from telltale.kube import codec
from telltale.kube.client import Change
from telltale.lib.clock import SystemClock, SystemIds
from telltale.model.options import DEFAULT
from telltale.pilot.intake.read import Objects, read
from telltale.pilot.run import Pilot, PilotSettings, serve
from tests.pilot.test_real_envoy import backends

pytestmark = pytest.mark.live
NODE = "sidecar~127.0.0.9~front.shop~shop.svc.cluster.local"
METADATA = {
    "NAMESPACE": "shop", "NAME": "front", "LABELS": {"app": "front"}, "INTERCEPTION_MODE": "NONE",
}  # fmt: skip
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {clusterIP: 127.9.0.1, selector: {app: reviews}, ports: [{name: http, port: PORT}]}
---
apiVersion: v1
kind: Service
metadata: {name: plain, namespace: shop}
spec: {clusterIP: 127.9.0.2, selector: {app: reviews}, ports: [{name: http, port: PORT}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: reviews-1, namespace: shop, labels: {kubernetes.io/service-name: reviews}}
ports: [{name: http, port: BEHIND, protocol: TCP}]
endpoints:
- {addresses: [127.0.0.2], targetRef: {kind: Pod, namespace: shop, name: reviews-v1}}
- {addresses: [127.0.0.3], targetRef: {kind: Pod, namespace: shop, name: reviews-v2}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: plain-1, namespace: shop, labels: {kubernetes.io/service-name: plain}}
ports: [{name: http, port: BEHIND, protocol: TCP}]
endpoints: [{addresses: [127.0.0.4]}]
---
apiVersion: v1
kind: Pod
metadata: {name: front, namespace: shop, labels: {app: front}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-v1, namespace: shop, labels: {app: reviews, version: v1}}
spec: {containers: [{name: c}]}
status: {podIP: 127.0.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-v2, namespace: shop, labels: {app: reviews, version: v2}}
spec: {containers: [{name: c}]}
status: {podIP: 127.0.0.3}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: shop}
spec:
  host: reviews
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http:
  - name: jason
    match:
    - {headers: {end-user: {exact: jason}}}
    - {headers: {end-user: {regex: "ja[nm]e"}}, method: {exact: POST}}
    route: [{destination: {host: reviews, subset: v2}}]
  - name: without
    match: [{uri: {prefix: /guest}, withoutHeaders: {end-user: {exact: jim}}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - name: folded
    match: [{uri: {exact: /Fold}, ignoreUriCase: true}]
    route: [{destination: {host: reviews, subset: v2}}]
  - name: numbered
    match: [{uri: {regex: "/n/[0-9]+"}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - name: nowhere
    match: [{uri: {prefix: /v9}}]
    route: [{destination: {host: reviews, subset: v9}}]
  - name: split
    match: [{uri: {prefix: /split}}]
    route:
    - {destination: {host: reviews, subset: v1}, weight: 50}
    - {destination: {host: reviews, subset: v2}, weight: 50}
  - name: pages
    match: [{uri: {prefix: /pages}}]
    route: [{destination: {host: reviews, subset: v1}}]
"""
REQUESTS: list[tuple[str, tuple[str, ...], str]] = [
    ("reviews/pages/1", (), "GET"),
    ("reviews.shop/pages?x=1", (), "GET"),
    ("reviews.shop.svc.cluster.local/pages", (), "DELETE"),
    ("reviews/pages", ("end-user: jason",), "GET"),
    ("reviews/pages", ("end-user: Jason",), "GET"),
    ("reviews/pages", ("end-user: jane",), "POST"),
    ("reviews/pages", ("end-user: jane",), "GET"),
    ("reviews/guest", ("end-user: jim",), "GET"),
    ("reviews/guest", ("end-user: tom",), "GET"),
    ("reviews/guest", (), "GET"),
    ("reviews/fOLD", (), "GET"),
    ("reviews/fold/", (), "GET"),
    ("reviews/n/12", (), "GET"),
    ("reviews/n/12/x", (), "GET"),
    ("reviews/split", (), "GET"),
    ("reviews/v9", (), "GET"),
    ("reviews/nothing", (), "GET"),
    ("plain/anything", (), "PUT"),
    ("plain/pages", ("host: reviews",), "GET"),
    ("127.9.0.2/x", (), "GET"),
]


def given(port: int, behind: int) -> Objects:
    text = OBJECTS.replace("PORT", str(port)).replace("BEHIND", str(behind))
    return objects.of(codec.parse_yaml(text))


def feed(pilot: Pilot, known: Objects) -> None:
    for service in known.services:
        pilot.current.apply_service(Change.ADDED, service)
    for one in known.slices:
        pilot.current.apply_slice(Change.ADDED, one)
    for pod in known.pods:
        pilot.current.apply_pod(Change.ADDED, pod)
    for kind, configs in known.configs.items():
        for config in configs:
            pilot.current.apply_config(kind, Change.ADDED, config)


def test_a_real_envoy_goes_the_way_that_is_told(envoy, free_ports, until, tmp_path):
    async def story() -> None:
        grpc, monitoring, http, port, behind = free_ports(5)
        log = tmp_path / "access.log"
        options = replace(DEFAULT, access_log=str(log))
        settings = PilotSettings("127.0.0.1", grpc, monitoring, http, options, grace_s=0.2)
        pilot = Pilot(settings, SystemClock(), SystemIds())
        known = given(port, behind)
        feed(pilot, known)
        pilot.begin()
        async with (
            backends(behind, "127.0.0.2", "127.0.0.3", "127.0.0.4"),
            serve(pilot, lambda: True),
            envoy(NODE, METADATA, pilot=grpc) as proxy,
        ):
            await until("Envoy to be live", proxy.ready)
            mesh, _ = read(known, options)
            asker = source(known.pods, "front", "shop").proxy
            expected = []
            for number, (to, headers, method) in enumerate(REQUESTS):
                host, slash, path = to.partition("/")
                request = parse(f"{host}:{port}{slash}{path}", headers, method)
                found = way(mesh, asker, request)
                marked = f"request-{number}"
                answered = await sent(port, request, marked)
                agree(found, answered)
                expected.append((marked, found))

            async def logged() -> bool:
                text = log.read_text() if log.exists() else ""
                return all(marked in text for marked, _ in expected)

            await until("every request to be in the access log", logged)
            lines = log.read_text().splitlines()
            for marked, found in expected:
                [line] = [one for one in lines if f'"{marked}"' in one]
                named(found, line)

    asyncio.run(story())


async def sent(port: int, request: Request, marked: str) -> tuple[int, str]:
    headers = {name: ", ".join(values) for name, values in request.headers.items()}
    headers = {"host": request.host, "x-request-id": marked, **headers}
    url = f"http://127.0.0.1:{port}{request.path}"
    async with (
        aiohttp.ClientSession() as session,
        session.request(request.method, url, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


def agree(found: Way, answered: tuple[int, str]) -> None:
    """The status that was told, from one of the endpoints that were told."""
    status, text = answered
    if found.outcome is Outcome.REFUSED:
        assert found.said.startswith(str(status)), (found.request, found.said, answered)
        return
    assert found.outcome is Outcome.FORWARDED, found
    places = {one.address.partition(":")[0] for land in found.landings for one in land.endpoints}
    assert status == 200, (found, answered)
    assert text in places, (found, answered)


def named(found: Way, line: str) -> None:
    """The access log has the route and cluster that were told."""
    if found.landings:
        assert any(f" {one.cluster} " in line for one in found.landings), (found, line)
    for step in found.steps:
        if step.kind == "route":
            assert line.endswith(f" {step.name}"), (found, line)
