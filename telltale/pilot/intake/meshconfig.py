"""The mesh's own configuration into options. Pure.

What the pilot cannot follow is a Problem that names it: the mesh is then not as somebody wrote it.
Never: reading a file; what the injector alone follows (`telltale.inject.meshconfig`).
"""

from collections.abc import Iterator
from dataclasses import replace

from telltale.kube import codec, strict
from telltale.kube.codec import Malformed, Object
from telltale.kube.istio import meshconfig as istio
from telltale.kube.istio.destinationrule import LocalityLoadBalancer, TcpKeepalive
from telltale.kube.istio.virtualservice import Retry
from telltale.kube.meta import LabelSelector, Ref
from telltale.kube.strict import Why
from telltale.model.discovery import Asks, Clause, Discovery
from telltale.model.options import DEFAULT, Egress, Options, Paths, Provider, Shown, Told
from telltale.model.policy import Keepalive, Locality
from telltale.model.route import Retries
from telltale.pilot.intake.durations import seconds
from telltale.pilot.intake.problem import Level, Problem

_REF = Ref("ConfigMap", "istio-system", "istio")
_FOLLOWED = {*istio.MeshConfig.__struct_encode_fields__}
_PATHS = {
    "DEFAULT": Paths.DOTS, "BASE": Paths.DOTS, "NONE": Paths.AS_SENT,
    "MERGE_SLASHES": Paths.SLASHES, "DECODE_AND_MERGE_SLASHES": Paths.ESCAPES,
}  # fmt: skip
_ASKS = {"In": Asks.ONE_OF, "NotIn": Asks.NONE_OF, "Exists": Asks.THERE,
         "DoesNotExist": Asks.ABSENT}  # fmt: skip
_DEFAULTS = ", ".join(istio.DEFAULT_CONFIG)
_INSTEAD = {
    "tracing": "name a tracer in extensionProviders, and a Telemetry that uses it",
    "image": "there is one image; another is annotation sidecar.istio.io/proxyImage",
}  # fmt: skip


def read(text: str, domain: str = DEFAULT.domain) -> tuple[Options, tuple[Problem, ...]]:
    """Key `mesh` of ConfigMap `istio`. Raises `Malformed` for a value that cannot be read."""
    documents = codec.parse_yaml(text)
    if len(documents) > 1:
        raise Malformed(f"expected one document, found {len(documents)}")
    given = documents[0] if documents else {}
    problems = [_unfollowed(key) for key in given if key not in _FOLLOWED]
    known: Object = {key: value for key, value in given.items() if key in _FOLLOWED}
    config = codec.convert(istio.MeshConfig, known)
    problems += _unknown(known)
    problems += unfollowed_defaults("mesh.defaultConfig", config.default_config)
    providers, wrong = _providers(config.extension_providers)
    selectors, unread = _selectors(config.discovery_selectors)
    found = replace(_options(config, providers, domain), discovery=Discovery(selectors))
    return found, (*problems, *wrong, *unread)


def _unknown(given: Object) -> Iterator[Problem]:
    """Fields within those that are followed; of a provider's own its reader tells."""
    for fault in strict.faults(istio.MeshConfig, given, "mesh"):
        if fault.why is Why.UNKNOWN:
            yield Problem(_REF, fault.path, fault.what, "it has no effect", fault.hint,
                          code="unknown-field")  # fmt: skip


def unfollowed_defaults(at: str, given: Object, ref: Ref = _REF) -> Iterator[Problem]:
    """What of a proxy's defaults nobody follows, neither the injector nor the agent."""
    topology = given.get("gatewayTopology")
    inner = topology.keys() if isinstance(topology, dict) else ()
    keys = [key for key in given if key not in istio.DEFAULT_CONFIG]
    keys += [f"gatewayTopology.{one}" for one in inner if one not in istio.GATEWAY_TOPOLOGY]
    for key in keys:
        yield Problem(ref, f"{at}.{key}", "is not followed", "proxies are as if it were not there",
                      _INSTEAD.get(key, f"take it out; what is followed: {_DEFAULTS}"),
                      Level.WARNING, "not-followed")  # fmt: skip


def _selectors(
    given: list[LabelSelector],
) -> tuple[tuple[tuple[Clause, ...], ...], list[Problem]]:
    """One that cannot be read is left out, as if nobody had written it."""
    found: list[tuple[Clause, ...]] = []
    problems: list[Problem] = []
    for index, one in enumerate(given):
        same = [Clause(key, Asks.ONE_OF, (value,)) for key, value in one.match_labels.items()]
        unread = [each.operator for each in one.match_expressions if each.operator not in _ASKS]
        if unread:
            problems.append(Problem(
                _REF, f"mesh.discoverySelectors[{index}].matchExpressions",
                f"{unread[0]!r} is no operator", "the selector is left out",
                f"write one of {', '.join(_ASKS)}",
            ))  # fmt: skip
            continue
        more = [
            Clause(each.key, _ASKS[each.operator], tuple(each.values))
            for each in one.match_expressions
        ]
        found.append((*same, *more))
    return tuple(found), problems


def _options(
    config: istio.MeshConfig, providers: tuple[Provider, ...], domain: str
) -> Options:
    only = config.outbound_traffic_policy.mode == "REGISTRY_ONLY"
    told = config.default_providers
    return Options(
        domain=domain,
        access_log=config.access_log_file,
        access_log_format=config.access_log_format,
        access_log_json=config.access_log_encoding == "JSON",
        root=config.root_namespace or DEFAULT.root,
        egress=Egress.KNOWN if only else Egress.ANY,
        shown=_shown(config),
        connect_timeout_s=seconds(config.connect_timeout) or DEFAULT.connect_timeout_s,
        keepalive=_keepalive(config.tcp_keepalive),
        detection_s=seconds(config.protocol_detection_timeout) or 0.0,
        retries=_retries(config.default_http_retry_policy),
        dns_refresh_s=seconds(config.dns_refresh_rate) or DEFAULT.dns_refresh_s,
        locality=_locality(config.locality_lb_setting),
        tracing=config.enable_tracing,
        providers=providers,
        told=Told(tuple(told.tracing), tuple(told.metrics), tuple(told.access_logging)),
        paths=_PATHS[config.path_normalization.normalization],
        upgrade_to_http2=config.h2_upgrade_policy == "UPGRADE",
    )


def _shown(config: istio.MeshConfig) -> Shown:
    return Shown(
        tuple(config.default_service_export_to) or DEFAULT.shown.services,
        tuple(config.default_virtual_service_export_to) or DEFAULT.shown.routings,
        tuple(config.default_destination_rule_export_to) or DEFAULT.shown.policies,
    )


def _keepalive(given: TcpKeepalive | None) -> Keepalive | None:
    if given is None:
        return None
    return Keepalive(given.probes or None, seconds(given.time), seconds(given.interval))


def _retries(given: Retry | None) -> Retries | None:
    if given is None:
        return None
    words = [word.strip() for word in given.retry_on.split(",") if word.strip()]
    return Retries(
        attempts=given.attempts,
        per_try_s=seconds(given.per_try_timeout),
        on=tuple(word for word in words if not word.isdigit()),
        codes=tuple(int(word) for word in words if word.isdigit()),
        backoff_s=seconds(given.backoff),
        other_hosts=given.retry_ignore_previous_hosts is not False,
        other_localities=bool(given.retry_remote_localities),
    )


def _locality(given: LocalityLoadBalancer | None) -> Locality | None:
    if given is None:
        return None
    return Locality(
        enabled=given.enabled is not False,
        distribute=tuple((one.from_, tuple(one.to.items())) for one in given.distribute),
        failover=tuple((one.from_, one.to) for one in given.failover),
        priority=tuple(given.failover_priority),
    )


def _providers(given: list[Object]) -> tuple[tuple[Provider, ...], list[Problem]]:
    """Each has a name and one key more, which says of what kind it is and holds its settings."""
    found: dict[str, Provider] = {}
    problems: list[Problem] = []
    for index, one in enumerate(given):
        name, kinds = one.get("name"), sorted(one.keys() - {"name"})
        settings = one.get(kinds[0]) if len(kinds) == 1 else None
        if isinstance(name, str) and name and name not in found and isinstance(settings, dict):
            found[name] = Provider(name, kinds[0], settings)
        else:
            problems.append(_unlike_a_provider(index, name, kinds, name in found))
    return tuple(found.values()), problems


def _unlike_a_provider(index: int, name: object, kinds: list[str], twice: bool) -> Problem:
    what = f"{name!r} is there twice" if twice else f"{name!r} says {', '.join(kinds) or 'nothing'}"
    return Problem(
        _REF, f"mesh.extensionProviders[{index}]", what, "the provider is left out",
        "give it a name of its own and exactly one kind, such as zipkin, with its settings",
    )  # fmt: skip


def _unfollowed(key: str) -> Problem:
    return Problem(
        _REF, f"mesh.{key}", "is not followed by the pilot", "the mesh is as if it were not there",
        f"take it out; what is followed: {', '.join(sorted(_FOLLOWED))}", Level.WARNING,
        "not-followed",
    )  # fmt: skip
