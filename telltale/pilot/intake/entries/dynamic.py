"""What resolution DYNAMIC_DNS asks of a ServiceEntry: names that clients say, nothing else. Pure.

Never: other resolutions, or who leads to such a host.
"""

from collections.abc import Iterator

from telltale.kube.istio.serviceentry import ServiceEntry, ServicePort
from telltale.model.service import Protocol
from telltale.pilot.intake import protocols

DYNAMIC = "DYNAMIC_DNS"


def faults(spec: ServiceEntry) -> Iterator[tuple[str, str, str]]:
    """Field, what, hint."""
    for index, host in enumerate(spec.hosts):
        if not host.startswith("*."):
            yield (
                f"hosts[{index}]", f"{host!r} is no wildcard, with resolution {DYNAMIC}",
                "use *. and a name, or resolution DNS for one host",
            )  # fmt: skip
    if spec.addresses:
        yield (
            "addresses", f"has no meaning with resolution {DYNAMIC}",
            "leave it out: the address is that of the name that a client asks for",
        )  # fmt: skip
    for index, port in enumerate(spec.ports):
        spoken = _spoken(port)
        if not (spoken.http or spoken is Protocol.TLS):
            said = port.protocol or "not said"
            yield (
                f"ports[{index}].protocol",
                f"{said}: no client says there which name it wants, with resolution {DYNAMIC}",
                "declare HTTP, HTTP2, GRPC or TLS, or use resolution NONE",
            )  # fmt: skip


def oddities(spec: ServiceEntry) -> Iterator[tuple[str, str, str, str]]:
    """Field, what, why, hint: what is taken, and not as meant perhaps."""
    for index, port in enumerate(spec.ports if spec.resolution == DYNAMIC else ()):
        if port.target_port and port.target_port != port.number and _spoken(port).http:
            yield (
                f"spec.ports[{index}].targetPort",
                f"{port.target_port} is not used for requests, with resolution {DYNAMIC}",
                "a request goes to the port in its Host, else to 80, or by TLS to 443",
                "leave it out, or let clients say the port",
            )  # fmt: skip


def _spoken(port: ServicePort) -> Protocol:
    said = protocols.BY_WORD.get(port.protocol.lower())
    return said or protocols.of(port.number or 0, port.name)
