"""Kubernetes Services into the mesh's services.

Pure. Never: endpoints, Envoy.
"""

from telltale.kube import service as kube
from telltale.kube.meta import Ref
from telltale.model.options import DEFAULT, Options
from telltale.model.scope import Scope
from telltale.model.service import Discovery, Port, Protocol, Service
from telltale.pilot.intake import exports, nearness, protocols
from telltale.pilot.intake.problem import Level, Problem


def host_of(name: str, namespace: str, domain: str) -> str:
    """The full DNS name of a Service."""
    return f"{name}.{namespace}.svc.{domain}"


def read(given: kube.Service, options: Options = DEFAULT) -> tuple[Service, tuple[Problem, ...]]:
    """One Service, and what is wrong with it; UDP ports are left out: the mesh carries TCP."""
    meta, spec = given.metadata, given.spec
    ref = Ref("Service", meta.namespace, meta.name)
    wanted = [port for port in spec.ports if port.protocol == "TCP"]
    problems = [problem for port in wanted if (problem := _unknown(ref, port))]
    service = Service(
        name=meta.name, namespace=meta.namespace,
        host=host_of(meta.name, meta.namespace, options.domain),
        ports=tuple(_port(port) for port in wanted),
        addresses=_addresses(given), outside=_outside(given), discovery=_discovery(given),
        selector=tuple(sorted(spec.selector.items())),
        alias_of=_alias(spec.external_name) if spec.type == "ExternalName" else "",
        created=meta.creation_timestamp or "",
        unready_too=spec.publish_not_ready_addresses,
        nearness=nearness.read(given, problems),
        own_node_only=spec.internal_traffic_policy == "Local",
        scope=_scope(given, options),
    )  # fmt: skip
    if spec.type == "ExternalName" and not spec.external_name:
        problems.append(_nameless(ref))
    return service, tuple(problems)


def _scope(given: kube.Service, options: Options) -> Scope:
    said = given.metadata.annotations.get(kube.EXPORT_TO, "")
    names = [one.strip() for one in said.split(",") if one.strip()]
    return exports.scope(names, given.metadata.namespace, options.shown.services)


def protocol_of(port: kube.ServicePort) -> Protocol:
    """What a port says that it speaks."""
    return protocols.of(port.port, port.name, port.app_protocol)


def _port(port: kube.ServicePort) -> Port:
    return Port(port.port, protocol_of(port), port.name, port.target_port or port.port)


def _discovery(given: kube.Service) -> Discovery:
    if given.spec.type == "ExternalName":
        return Discovery.ALIAS
    return Discovery.HEADLESS if given.headless else Discovery.VIRTUAL


def _addresses(given: kube.Service) -> tuple[str, ...]:
    spec = given.spec
    both = dict.fromkeys([spec.cluster_ip, *spec.cluster_ips])
    return tuple(address for address in both if address and address != "None")


def _outside(given: kube.Service) -> tuple[str, ...]:
    return tuple(one.ip for one in given.status.load_balancer.ingress if one.ip)


def _alias(name: str) -> str:
    return name.rstrip(".").lower()


def _unknown(ref: Ref, port: kube.ServicePort) -> Problem | None:
    if not port.app_protocol or port.app_protocol.lower() in protocols.BY_APP:
        return None
    return Problem(
        ref, f"spec.ports[{port.name or port.port}].appProtocol",
        f"{port.app_protocol!r} is not a protocol that the mesh knows",
        _carried(protocol_of(port)),
        f"use one of {', '.join(sorted(protocols.BY_APP))}", Level.WARNING, "app-protocol",
    )  # fmt: skip


def _carried(protocol: Protocol) -> str:
    if protocol is Protocol.AUTO:
        return "the first bytes of each connection decide how it is carried"
    return f"the port is carried as {protocol}"


def _nameless(ref: Ref) -> Problem:
    return Problem(
        ref, "spec.externalName", "is empty", "the Service is another name for nothing",
        "set it to the DNS name that the Service stands for",
    )  # fmt: skip
