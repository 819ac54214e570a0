"""Kubernetes Services into the mesh's services; the one place that decides a port's protocol.

Pure. Never: endpoints, Envoy. Protocol: appProtocol, else the port name's prefix, else TCP.
"""

from telltale.kube import service as kube
from telltale.kube.meta import Ref
from telltale.model.service import Discovery, Port, Protocol, Service
from telltale.pilot.intake import nearness
from telltale.pilot.intake.problem import Problem

_BY_WORD = {
    "http": Protocol.HTTP, "http2": Protocol.HTTP2, "grpc": Protocol.GRPC,
    "grpc-web": Protocol.GRPC_WEB, "https": Protocol.TLS, "tls": Protocol.TLS,
    "tcp": Protocol.TCP, "mongo": Protocol.TCP, "mysql": Protocol.TCP, "redis": Protocol.TCP,
    "kubernetes.io/h2c": Protocol.HTTP2, "kubernetes.io/ws": Protocol.HTTP,
    "kubernetes.io/wss": Protocol.TLS,
}  # fmt: skip


def host_of(name: str, namespace: str, domain: str) -> str:
    """The full DNS name of a Service."""
    return f"{name}.{namespace}.svc.{domain}"


def read(given: kube.Service, domain: str) -> tuple[Service, tuple[Problem, ...]]:
    """One Service, and what is wrong with it; UDP ports are left out: the mesh carries TCP."""
    meta, spec = given.metadata, given.spec
    ref = Ref("Service", meta.namespace, meta.name)
    wanted = [port for port in spec.ports if port.protocol == "TCP"]
    problems = [problem for port in wanted if (problem := _unknown(ref, port))]
    service = Service(
        name=meta.name, namespace=meta.namespace,
        host=host_of(meta.name, meta.namespace, domain),
        ports=tuple(_port(port) for port in wanted),
        addresses=_addresses(given), discovery=_discovery(given),
        selector=tuple(sorted(spec.selector.items())),
        alias_of=_alias(spec.external_name) if spec.type == "ExternalName" else "",
        created=meta.creation_timestamp or "",
        unready_too=spec.publish_not_ready_addresses,
        nearness=nearness.read(given, problems),
        own_node_only=spec.internal_traffic_policy == "Local",
    )  # fmt: skip
    if spec.type == "ExternalName" and not spec.external_name:
        problems.append(_nameless(ref))
    return service, tuple(problems)


def protocol_of(port: kube.ServicePort) -> Protocol:
    """What a port says that it speaks; TCP when it does not say."""
    declared = _BY_WORD.get(port.app_protocol.lower())
    return declared or _BY_WORD.get(_word(port.name)) or Protocol.TCP


def _word(name: str) -> str:
    name = name.lower()
    return "grpc-web" if name.startswith("grpc-web") else name.split("-", 1)[0]


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


def _alias(name: str) -> str:
    return name.rstrip(".").lower()


def _unknown(ref: Ref, port: kube.ServicePort) -> Problem | None:
    if not port.app_protocol or port.app_protocol.lower() in _BY_WORD:
        return None
    return Problem(
        ref, f"spec.ports[{port.name or port.port}].appProtocol",
        f"{port.app_protocol!r} is not a protocol that the mesh knows",
        f"the port is carried as {protocol_of(port)}",
        f"use one of {', '.join(sorted(_BY_WORD))}",
    )  # fmt: skip


def _nameless(ref: Ref) -> Problem:
    return Problem(
        ref, "spec.externalName", "is empty", "the Service is another name for nothing",
        "set it to the DNS name that the Service stands for",
    )  # fmt: skip
