"""What is told of requests, by a real Envoy: a log line, a span at a collector, a user's label.

The collector speaks OTLP over gRPC and Zipkin's JSON over HTTP; the workload behind answers with
the headers of the trace's context that it was given.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import grpc
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from telltale.agent.labels import labelled
from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.istio.kinds import TELEMETRY
from telltale.kube.istio.message import Config
from telltale.lib.clock import SystemClock, SystemIds
from telltale.model.peer import NOBODY
from telltale.pilot.intake import meshconfig
from telltale.pilot.modules.keeper import ModuleSettings
from telltale.pilot.run import Pilot, PilotSettings, serve
from tests.pilot.test_real_envoy import METADATA, NODE, service, slice_of

pytestmark = pytest.mark.live
CONTEXT = ("traceparent", "x-b3-traceid", "x-b3-sampled")
NO_MODULES = ModuleSettings()
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def telemetry(name: str, **spec: object) -> Config:
    return codec.convert(Config, {"metadata": {"name": name, "namespace": "default"}, "spec": spec})


@asynccontextmanager
async def app(port: int) -> AsyncIterator[None]:
    async def answer(request: web.Request) -> web.Response:
        told = {name: request.headers[name] for name in CONTEXT if name in request.headers}
        return web.json_response(told, status=500 if request.path == "/bad" else 200)

    async with listening(port, answer):
        yield


@asynccontextmanager
async def listening(port: int, answer) -> AsyncIterator[None]:
    application = web.Application()
    application.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.2", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def otlp(port: int, heard: list[ExportTraceServiceRequest]) -> AsyncIterator[None]:
    async def export(request: ExportTraceServiceRequest, context) -> ExportTraceServiceResponse:
        heard.append(request)
        return ExportTraceServiceResponse()

    method = grpc.unary_unary_rpc_method_handler(
        export, request_deserializer=ExportTraceServiceRequest.FromString,
        response_serializer=ExportTraceServiceResponse.SerializeToString,
    )  # fmt: skip
    name = "opentelemetry.proto.collector.trace.v1.TraceService"
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(name, {"Export": method})]
    )
    server.add_insecure_port(f"127.0.0.2:{port}")
    await server.start()
    try:
        yield
    finally:
        await server.stop(0)


@asynccontextmanager
async def observed(
    envoy, free_ports, until, mesh: dict, *configs: Config, collector=0, spoken="grpc",
    kind=TELEMETRY, modules=NO_MODULES,
):
    """A sidecar of `client-0` that reaches service `a`: its port, Envoy, and whether it is up."""
    port, behind, grpc_port, monitoring, http = free_ports(5)
    options, problems = meshconfig.read(json.dumps(mesh))
    assert not problems
    settings = PilotSettings("127.0.0.1", grpc_port, monitoring, http, options, grace_s=0.2,
                             modules=modules)  # fmt: skip
    pilot = Pilot(settings, SystemClock(), SystemIds())
    for one in (service("a", port, "127.9.0.1"), service("otel", 4317, "127.9.0.2", spoken)):
        pilot.current.apply_service(Change.ADDED, one)
    for one in (slice_of("a", ("127.0.0.2", behind)),
                slice_of("otel", ("127.0.0.2", collector), protocol=spoken)):  # fmt: skip
        pilot.current.apply_slice(Change.ADDED, one)
    for one in configs:
        pilot.current.apply_config(kind, Change.ADDED, one)
    pilot.begin()
    assert not pilot.push.problems
    async with (
        serve(pilot, lambda: True), app(behind),
        envoy(NODE, METADATA, pilot=grpc_port) as proxy,
    ):  # fmt: skip
        await until("Envoy to be live", proxy.ready)
        yield port, proxy, pilot


async def ask(port: int, path: str = "/", **headers: str) -> dict[str, str]:
    async with (
        aiohttp.ClientSession(headers={"Host": "a", **headers}) as session,
        session.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return await answer.json()


def test_a_line_for_each_failure_only(envoy, free_ports, until, tmp_path):
    async def story() -> None:
        log, all_ = tmp_path / "log", tmp_path / "all"
        mesh = {
            "accessLogFile": str(all_),
            "extensionProviders": [{"name": "json", "envoyFileAccessLog": {
                "path": str(log), "logFormat": {"labels": {
                    "code": "%RESPONSE_CODE%", "to": {"host": "%REQ(:AUTHORITY)%"}}}}}],
        }  # fmt: skip
        told = telemetry("t", accessLogging=[
            {"providers": [{"name": "json"}, {"name": "envoy"}]},
            {"providers": [{"name": "json"}], "filter": {"expression": "response.code >= 400"}},
        ])  # fmt: skip
        async with observed(envoy, free_ports, until, mesh, told) as (port, *_):
            await ask(port)
            await ask(port, "/bad")

            async def written() -> bool:
                return all_.exists() and all_.read_text().count("\n") == 2 and log.exists()

            await until("the lines", written)
        assert json.loads(log.read_text()) == {"code": 500, "to": {"host": "a"}}
        good, bad = all_.read_text().splitlines()
        assert '"GET / HTTP/1.1" 200 - via_upstream - "-" 0 2' in good
        assert f'"a" "127.0.0.2:{int(good.split("127.0.0.2:")[1].split(chr(34))[0])}"' in good
        assert f"outbound|{port}||a.default.svc.cluster.local" in good
        assert good.endswith(" - default") and '"GET /bad HTTP/1.1" 500' in bad

    asyncio.run(story())


def test_a_span_goes_to_the_collector_as_a_child_of_the_callers(envoy, free_ports, until):
    async def story() -> None:
        [collector] = free_ports(1)
        mesh = {
            "extensionProviders": [{"name": "otel", "opentelemetry": {
                "service": "otel.default.svc.cluster.local", "port": 4317}}],
            "defaultProviders": {"tracing": ["otel"]},
        }  # fmt: skip
        told = telemetry("t", tracing=[{
            "randomSamplingPercentage": 100,
            "customTags": {"build": {"literal": {"value": "7"}},
                           "path": {"header": {"name": ":path"}}},
        }])  # fmt: skip
        heard: list[ExportTraceServiceRequest] = []
        async with (
            otlp(collector, heard),
            observed(envoy, free_ports, until, mesh, told, collector=collector) as (port, *_),
        ):
            given = await ask(port, traceparent=f"00-{TRACE}-{PARENT}-01")

            async def received() -> bool:
                return bool(heard)

            await until("a span at the collector", received)
        # The older name of `scope_spans`, which our stubs still have; its number is the same.
        [span] = heard[0].resource_spans[0].instrumentation_library_spans[0].spans
        assert span.trace_id.hex() == TRACE and span.parent_span_id.hex() == PARENT
        assert given["traceparent"] == f"00-{TRACE}-{span.span_id.hex()}-01"
        tags = {one.key: one.value.string_value for one in span.attributes}
        assert tags["build"] == "7" and tags["path"] == "/" and tags["http.status_code"] == "200"
        assert span.name == f"a.default.svc.cluster.local:{port}/*"

    asyncio.run(story())


def test_zipkin_and_both_contexts(envoy, free_ports, until):
    async def story() -> None:
        [collector] = free_ports(1)
        heard: list[dict] = []

        async def answer(request: web.Request) -> web.Response:
            assert request.path == "/api/v2/spans"
            heard.extend(await request.json())
            return web.Response(status=202)

        zipkin = {"service": "otel.default.svc.cluster.local", "port": 4317,
                  "traceContextOption": "USE_B3_WITH_W3C_PROPAGATION"}  # fmt: skip
        mesh = {"extensionProviders": [{"name": "z", "zipkin": zipkin}]}
        told = telemetry("t", tracing=[
            {"providers": [{"name": "z"}], "randomSamplingPercentage": 100}])  # fmt: skip
        async with (
            listening(collector, answer),
            observed(envoy, free_ports, until, mesh, told, collector=collector, spoken="http"
                     ) as (port, *_),
        ):  # fmt: skip
            given = await ask(port, **{"x-b3-traceid": TRACE, "x-b3-spanid": PARENT,
                                       "x-b3-sampled": "1"})  # fmt: skip

            async def received() -> bool:
                return bool(heard)

            await until("a span at the collector", received)
        assert heard[0]["traceId"] == TRACE and heard[0]["parentId"] == PARENT
        assert given["x-b3-traceid"] == TRACE and given["x-b3-sampled"] == "1"
        assert given["traceparent"].startswith(f"00-{TRACE}-")

    asyncio.run(story())


def test_a_users_label_and_what_is_not_wanted(envoy, free_ports, until):
    async def story() -> None:
        told = telemetry("t", metrics=[{"overrides": [
            {"match": {"metric": "REQUEST_COUNT"}, "tagOverrides": {
                "request_method": {"value": "request.method"},
                "fixed": {"value": "'7'"},
                "response_flags": {"operation": "REMOVE"}}},
            {"match": {"metric": "REQUEST_SIZE"}, "disabled": True},
        ]}])  # fmt: skip
        async with observed(envoy, free_ports, until, {}, told) as (port, proxy, _):
            await ask(port)
            url = f"http://127.0.0.1:{proxy.admin}/stats/prometheus"

            async def text() -> list[str]:
                async with proxy.session.get(url) as answer:
                    return labelled(await answer.read(), NOBODY).decode().splitlines()

            async def counted() -> bool:
                return any(line.startswith("istio_requests_total{") for line in await text())

            await until("the count", counted)
            lines = await text()
        [one] = [line for line in lines if line.startswith("istio_requests_total{")]
        assert 'request_method="GET"' in one and 'fixed="7"' in one, one
        assert "response_flags" not in one and one.endswith("} 1")
        assert not any(line.startswith("istio_request_bytes") for line in lines)
        assert any(line.startswith("istio_response_bytes") for line in lines)

    asyncio.run(story())
