"""Gateways' ports that no Service leads to, certificates that two Gateways show. Pure."""

from collections.abc import Iterator

from telltale.kube.meta import Ref
from telltale.model.gateway import Gateway, Server
from telltale.model.mesh import Mesh
from telltale.pilot.intake.analysis.seen import Seen, selects
from telltale.pilot.intake.problem import Level, Problem

_KIND = "Gateway"


def check(seen: Seen) -> Iterator[Problem]:
    own = [one for one in seen.mesh.gateways if not one.service and one.origin.kind == _KIND]
    for gateway in own:
        yield from _unreached(seen.mesh, gateway)
    yield from _shared(own)


def _unreached(mesh: Mesh, gateway: Gateway) -> Iterator[Problem]:
    """Where workloads have Services at all; without one they are reached in some other way."""
    scope = gateway.scope
    held = [
        one for one in mesh.workloads.values()
        if scope.seen_from(one.namespace) and scope.selects(one.labels)
    ]  # fmt: skip
    services = [one for one in mesh.services.values() if any(selects(one, each) for each in held)]
    ports = sorted({port.number for one in services for port in one.ports})
    for index, server in enumerate(gateway.servers):
        if services and server.port not in ports:
            names = ", ".join(sorted({f"{one.namespace}/{one.name}" for one in services}))
            yield _problem(
                gateway, f"spec.servers[{index}].port.number",
                f"{server.port} is no port of the gateway's Service ({names})",
                "nobody can reach it from outside",
                f"add it to the Service, or use one of its ports ({', '.join(map(str, ports))})",
                code="gateway-port-not-exposed",
            )  # fmt: skip


def _shared(gateways: list[Gateway]) -> Iterator[Problem]:
    """A browser keeps a connection for every name of its certificate, and each has its routes."""
    known: dict[tuple[object, ...], tuple[Gateway, Server]] = {}
    for gateway in gateways:
        for index, server in enumerate(gateway.servers):
            if server.tls is None or not server.tls.keys:
                continue
            key = (gateway.scope, server.port, server.tls.keys)
            elder, other = known.setdefault(key, (gateway, server))
            if elder.name != gateway.name and other.hosts != server.hosts:
                yield _problem(
                    gateway, f"spec.servers[{index}].tls.credentialName",
                    f"shows the certificate that Gateway {elder.name} shows too, for other hosts",
                    "a browser that has a connection to one of them asks it for the other's hosts"
                    " over HTTP/2, and is answered 404",
                    "use one Gateway with all hosts, or a certificate for each",
                    code="gateway-certificate-shared",
                )  # fmt: skip


def _problem(gateway: Gateway, at: str, what: str, why: str, hint: str, *, code: str) -> Problem:
    origin = gateway.origin
    ref = Ref(_KIND, origin.namespace, origin.name)
    return Problem(ref, at, what, why, hint, Level.WARNING, code)
