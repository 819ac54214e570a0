"""MeshConfig's providers into sinks; what cannot be had is told."""

from telltale.kube import codec
from telltale.kube.istio import providers as istio
from telltale.model.observed import Collector, FileLog, Protocol, Tracer
from telltale.model.options import Options, Provider, Told
from telltale.model.service import Port, Protocol as Spoken, Service
from telltale.pilot.intake.telemetry import providers

HOST = "z.observe.svc.cluster.local"
SERVICES = {HOST: Service("z", "observe", HOST, (Port(9411, Spoken.HTTP),))}
WHERE = {"service": HOST, "port": 9411}


def read(*given: Provider, **options: object):
    return providers.read(Options(providers=given, **options), SERVICES)


def test_every_field_of_zipkin_is_followed():
    settings = {**WHERE, "service": f"observe/{HOST}", "maxTagLength": 9, "path": "/p",
                "enable64bitTraceId": True, "traceContextOption": "USE_B3_WITH_W3C_PROPAGATION"}
    assert codec.convert(istio.Zipkin, settings).enable64bit_trace_id
    sinks, problems = read(Provider("z", "zipkin", settings))
    assert problems == []
    assert sinks.tracers["z"] == Tracer(
        Protocol.ZIPKIN, Collector(HOST, 9411), path="/p", short_ids=True, both_contexts=True,
        tag_length=9,
    )  # fmt: skip


def test_otlp_over_http():
    http = {"path": "/v1/t", "timeout": "2s", "headers": [{"name": "a", "value": "b"}]}
    sinks, problems = read(Provider("o", "opentelemetry", {**WHERE, "http": http}))
    assert problems == []
    assert sinks.tracers["o"] == Tracer(
        Protocol.OTLP_HTTP, Collector(HOST, 9411), path="/v1/t", timeout_s=2.0,
        headers=(("a", "b"),),
    )  # fmt: skip


def test_what_cannot_be_had_is_told_and_the_rest_holds():
    sinks, problems = read(
        Provider("a", "zipkin", {"service": "nowhere", "port": 1}),
        Provider("b", "zipkin", {"service": HOST, "port": 1}),
        Provider("c", "skywalking", {}),
        Provider("d", "opentelemetry", {**WHERE, "dynatraceSampler": {}}),
        Provider("e", "zipkin", {"port": "x"}),
        Provider("f", "envoyFileAccessLog", {"path": "/f", "logFormat": {"text": "%NO%"}}),
        told=Told(tracing=("nobody",)),
    )
    assert [f"{one.field}: {one.what}" for one in problems] == [
        "mesh.extensionProviders[0].zipkin.service: 'nowhere' is no service of the mesh",
        f"mesh.extensionProviders[1].zipkin.port: 1 is no port of {HOST}",
        "mesh.extensionProviders[2].skywalking: 'c' is of a kind that is not spoken to here",
        "mesh.extensionProviders[3].opentelemetry.dynatraceSampler: is not followed",
        "mesh.extensionProviders[4].zipkin: Expected `int`, got `str` - at `$.port`",
        "mesh.extensionProviders[5].envoyFileAccessLog.logFormat: has %NO%, which Envoy does not "
        "know",
        "mesh.defaultProviders.tracing: 'nobody' is no provider",
    ]
    assert [*sinks.tracers] == ["d"] and sinks.logs["f"] == FileLog("/f")


def test_the_meshs_own_log():
    assert read()[0].envoy == FileLog("/dev/stdout")
    good = read(access_log="/l", access_log_json=True, access_log_format='{"a": "%PROTOCOL%"}')
    assert good == (providers.Sinks(FileLog("/l", '{"a":"%PROTOCOL%"}', True)), [])
    for form in ("{", '{"a": "%NO%"}', "[]"):
        sinks, [problem] = read(access_log="/l", access_log_json=True, access_log_format=form)
        assert problem.field == "mesh.accessLogFormat" and sinks.envoy == FileLog("/l", json=True)
