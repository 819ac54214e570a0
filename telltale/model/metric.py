"""What a sidecar counts, and the words in which its Envoy and its agent agree on it.

Envoy counts under few, short tags: who the other side is comes as one text, and who it is itself
not at all. The agent makes Istio's labels of them when it is scraped, so that a request costs
little. Never: how Envoy is told, or how labels are written out.
"""

from dataclasses import dataclass
from enum import StrEnum


class Metric(StrEnum):
    """Istio's names; HTTP's are counted a request, TCP's a connection."""

    REQUESTS = "istio_requests_total"
    DURATION = "istio_request_duration_milliseconds"
    REQUEST_BYTES = "istio_request_bytes"
    RESPONSE_BYTES = "istio_response_bytes"
    GRPC_REQUESTS = "istio_request_messages_total"
    GRPC_RESPONSES = "istio_response_messages_total"
    OPENED = "istio_tcp_connections_opened_total"
    CLOSED = "istio_tcp_connections_closed_total"
    SENT = "istio_tcp_sent_bytes_total"
    RECEIVED = "istio_tcp_received_bytes_total"

    @property
    def tcp(self) -> bool:
        return self.startswith("istio_tcp_")


class Tag(StrEnum):
    """Under which Envoy counts. A tag of any other name is a label that a user asked for."""

    REPORTER = "reporter"
    PEER = "peer"  # the other side: a `peer.Peer` as text
    SERVICE = "service"  # `Called` as text
    CODE = "response_code"
    FLAGS = "response_flags"
    GRPC = "grpc_response_status"
    OWN_PRINCIPAL = "own_principal"
    PEER_PRINCIPAL = "peer_principal"
    WITHOUT = "without"  # labels that a user does not want, with a comma between them


class Reporter(StrEnum):
    SOURCE = "source"
    DESTINATION = "destination"


# What stands before Istio's names in what Envoy exposes.
EXPOSED = "envoy_istio_"
STAT_PREFIX = "istio"

# The environment of Envoy: who its workload is, for the other side to read.
OWN_PEER = "TELLTALE_PEER"
# The same in single words, for the tags of spans, and what spans call their service.
IDENTITY = {
    "istio.canonical_service": "TELLTALE_SERVICE",
    "istio.canonical_revision": "TELLTALE_REVISION",
    "istio.namespace": "TELLTALE_NAMESPACE",
    "istio.cluster_id": "TELLTALE_CLUSTER",
    "istio.mesh_id": "TELLTALE_MESH",
}
RESOURCE = "OTEL_RESOURCE_ATTRIBUTES"  # OpenTelemetry's name for it
# The header that takes it there, and where the receiving Envoy keeps it away from the app.
PEER_HEADER = "x-telltale-peer"
PEER_PLACE = ("telltale", "peer")


@dataclass(frozen=True, slots=True)
class Called:
    """The service that was meant."""

    host: str = "unknown"
    name: str = "unknown"
    namespace: str = "unknown"

    def __str__(self) -> str:
        return f"{self.host};{self.name};{self.namespace}"


def called(text: str) -> Called:
    words = text.split(";")
    return Called(*(one or "unknown" for one in words)) if len(words) == 3 else Called()
