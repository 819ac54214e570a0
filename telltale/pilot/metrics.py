"""The pilot's numbers under the names that dashboards know (Istio's), in a registry of its own.

Never: a decision taken from them. Durations in seconds, sizes in bytes.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10, 30)
_SIZES = (1_000, 10_000, 100_000, 1_000_000, 4_000_000, 10_000_000, 40_000_000)


class Metrics:
    """One attribute a metric."""

    def __init__(self, version: str) -> None:
        own = self.registry = CollectorRegistry()
        self.info = Gauge("pilot_info", "Pilot version and build", ["version"], registry=own)
        self.info.labels(version).set(1)
        self.connected = Gauge("pilot_xds", "Connected proxies", ["version"], registry=own)
        self.pushes = Counter("pilot_xds_pushes", "Responses sent", ["type"], registry=own)
        self.convergence = Histogram(
            "pilot_proxy_convergence_time", "From a change seen to its response sent",
            buckets=_FAST, registry=own,
        )  # fmt: skip
        self.push_time = Histogram(
            "pilot_xds_push_time", "From a response sent to the answer of the proxy", ["type"],
            buckets=_FAST, registry=own,
        )  # fmt: skip
        self.sizes = Histogram(
            "pilot_xds_config_size_bytes", "Size of responses", ["type"],
            buckets=_SIZES, registry=own,
        )  # fmt: skip
        self.context = Histogram(
            "pilot_pushcontext_init_seconds", "To read the objects and plan every class",
            buckets=_FAST, registry=own,
        )  # fmt: skip
        self.rejects = Counter(
            "pilot_total_xds_rejects", "Responses that proxies rejected", ["type"], registry=own
        )
        self.triggers = Counter(
            "pilot_push_triggers", "What set pushes off", ["type"], registry=own
        )
        self.services = Gauge("pilot_services", "Services known", registry=own)
        self.inbound = Counter(
            "pilot_inbound_updates", "Changes that reached the mesh", ["type"], registry=own
        )
        self.uptime = Gauge("istiod_uptime_seconds", "Since the pilot started", registry=own)

    def text(self) -> bytes:
        """In Prometheus' text form."""
        return generate_latest(self.registry)
