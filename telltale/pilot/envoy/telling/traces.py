"""Tracing: a span for each request, sent to a collector of the mesh. Pure.

What the spans of one workload have in common (its name) comes from Envoy's environment, which its
agent fills, so that many workloads can have the same configuration. Never: what is traced.
"""

from envoy.config.core.v3.base_pb2 import HeaderValueOption
from envoy.config.trace.v3.opentelemetry_pb2 import OpenTelemetryConfig
from envoy.config.trace.v3.zipkin_pb2 import ZipkinConfig
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm,
)
from envoy.extensions.request_id.uuid.v3.uuid_pb2 import UuidRequestIdConfig
from envoy.extensions.tracers.opentelemetry.resource_detectors.v3.environment_resource_detector_pb2 import (  # noqa: E501
    EnvironmentResourceDetectorConfig,
)
from envoy.type.tracing.v3.custom_tag_pb2 import CustomTag as EnvoyTag

from telltale.model.metric import IDENTITY
from telltale.model.observed import CustomTag, Protocol, TagFrom, Tracer, Tracing
from telltale.pilot.envoy import names
from telltale.pilot.envoy.resources import pack

TIMEOUT_S = 10.0
TAG_LENGTH = 256
_DETECTOR = "envoy.tracers.opentelemetry.resource_detectors.environment"


def trace(manager: hcm.HttpConnectionManager, wanted: Tracing) -> None:
    tracing = manager.tracing
    tracing.client_sampling.value = 100
    tracing.random_sampling.value = wanted.percent
    tracing.overall_sampling.value = 100
    tracing.max_path_tag_length.value = wanted.tracer.tag_length or TAG_LENGTH
    if wanted.tracer.protocol is Protocol.ZIPKIN:
        tracing.provider.name = "envoy.tracers.zipkin"
        tracing.provider.typed_config.CopyFrom(pack(_zipkin(wanted.tracer)))
    else:
        tracing.provider.name = "envoy.tracers.opentelemetry"
        tracing.provider.typed_config.CopyFrom(pack(_opentelemetry(wanted.tracer)))
    if wanted.mesh_tags:
        tracing.custom_tags.extend(_MESH_TAGS)
    tracing.custom_tags.extend(_tag(one) for one in wanted.tags)
    if not wanted.by_request_id:
        uuid = UuidRequestIdConfig()
        uuid.use_request_id_for_trace_sampling.value = False
        manager.request_id_extension.typed_config.CopyFrom(pack(uuid))


def _opentelemetry(tracer: Tracer) -> OpenTelemetryConfig:
    config = OpenTelemetryConfig()
    where = tracer.collector
    cluster = names.outbound(where.port, where.host)
    if tracer.protocol is Protocol.OTLP_GRPC:
        config.grpc_service.envoy_grpc.cluster_name = cluster
        config.grpc_service.envoy_grpc.authority = where.host
    else:
        uri = config.http_service.http_uri
        uri.uri = f"http://{where.host}:{where.port}{tracer.path}"
        uri.cluster = cluster
        uri.timeout.FromNanoseconds(round((tracer.timeout_s or TIMEOUT_S) * 1e9))
        for name, value in tracer.headers:
            option = config.http_service.request_headers_to_add.add()
            option.append_action = HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
            option.header.key, option.header.value = name, value
    config.resource_detectors.add(
        name=_DETECTOR, typed_config=pack(EnvironmentResourceDetectorConfig())
    )
    return config


def _zipkin(tracer: Tracer) -> ZipkinConfig:
    where = tracer.collector
    config = ZipkinConfig(
        collector_cluster=names.outbound(where.port, where.host),
        collector_endpoint=tracer.path,
        collector_hostname=f"{where.host}:{where.port}",
        collector_endpoint_version=ZipkinConfig.HTTP_JSON,
        trace_id_128bit=not tracer.short_ids,
    )
    config.shared_span_context.value = False
    if tracer.both_contexts:
        config.trace_context_option = ZipkinConfig.USE_B3_WITH_W3C_PROPAGATION
    return config


def _tag(wanted: CustomTag) -> EnvoyTag:
    made = EnvoyTag(tag=wanted.name)
    match wanted.source:
        case TagFrom.LITERAL:
            made.literal.value = wanted.value
        case TagFrom.ENVIRONMENT:
            made.environment.name = wanted.value
            made.environment.default_value = wanted.default
        case TagFrom.HEADER:
            made.request_header.name = wanted.value
            made.request_header.default_value = wanted.default
        case TagFrom.FORMAT:
            made.value = wanted.value
    return made


_MESH_TAGS = tuple(
    _tag(CustomTag(tag, TagFrom.ENVIRONMENT, variable)) for tag, variable in IDENTITY.items()
)
