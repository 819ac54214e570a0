"""What a ServiceEntry must not say (istio.io, ServiceEntry, and its validation). Pure.

`refused` tells it of one object, as the webhook and the intake both ask. Never: other objects.
"""

import ipaddress
import re
from collections.abc import Iterator

from telltale.kube.istio.serviceentry import ServiceEntry, ServicePort, WorkloadEntry
from telltale.model.service import PROXY_PORTS
from telltale.pilot.intake import exports, protocols
from telltale.pilot.intake.entries import dynamic
from telltale.pilot.intake.istio import Reader
from telltale.pilot.intake.problem import Level

UNIX = "unix://"
LONGEST_PATH = 107  # sun_path, unix(7)
WORDS = {*protocols.BY_WORD, "udp"}
DNS = ("DNS", "DNS_ROUND_ROBIN")
_LEFT_OUT = "the object is left out"
_NAME = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}"
                   r"[a-z0-9_])?)*\.?", re.IGNORECASE)  # fmt: skip
Wrong = tuple[str, str, str]  # field, what, hint


def refused(reader: Reader, spec: ServiceEntry) -> bool:
    """Tells all that is wrong; whether the object must be left out."""
    for found in (_hosts(spec), _addresses(spec), _ports(spec), _resolution(spec), _ends(spec)):
        for field, what, hint in found:
            reader.wrong(f"spec.{field}", what, _LEFT_OUT, hint)
    for fault in exports.faults(spec.export_to, reader.namespace, hidden=True):
        reader.wrong("spec.exportTo", fault.what, _LEFT_OUT, fault.hint)
    _warnings(reader, spec)
    return any(one.level is Level.ERROR for one in reader.problems)


def address_fault(address: str) -> tuple[str, str] | None:
    """What is wrong with where an endpoint or a machine is, and what would be right."""
    if address.startswith(UNIX):
        path = address.removeprefix(UNIX)
        if not path.startswith(("/", "@")):
            return f"{address!r} is a relative path", f"write {UNIX}/ and an absolute path"
        if len(path.encode()) > LONGEST_PATH:
            return f"{address!r} is too long", f"use a path of at most {LONGEST_PATH} bytes"
    elif not address:
        return "is empty", "say an IP address, a DNS name or unix:///path"
    elif not is_ip(address) and ("*" in address or not _NAME.fullmatch(address)):
        return f"{address!r} is no address", "say an IP address, a DNS name or unix:///path"
    return None


def is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _hosts(spec: ServiceEntry) -> Iterator[Wrong]:
    if not spec.hosts:
        yield "hosts", "is empty", "name the host that the object stands for"
    for index, host in enumerate(spec.hosts):
        if host == "*" or not (_NAME.fullmatch(host) or is_ip(host)):
            yield f"hosts[{index}]", f"{host!r} is no host", "use a DNS name, or *. and one"
    plain = [port for port in spec.ports if not _told_apart(port)]
    if len(spec.hosts) > 1 and plain:
        names = ", ".join(port.name or str(port.number) for port in plain)
        yield (
            "hosts", f"{len(spec.hosts)} hosts cannot be told apart on port {names}",
            "write an object a host, or declare the port as HTTP or TLS",
        )  # fmt: skip


def _told_apart(port: ServicePort) -> bool:
    return port.protocol.lower() in ("http", "http2", "grpc", "grpc-web", "https", "tls")


def _addresses(spec: ServiceEntry) -> Iterator[Wrong]:
    for index, one in enumerate(spec.addresses):
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError:
            yield f"addresses[{index}]", f"{one!r} is no address", "use an IP address or a CIDR"
            continue
        if "/" in one and spec.resolution in DNS:
            yield (
                f"addresses[{index}]", f"{one!r} is a range, with resolution {spec.resolution}",
                "use single addresses, or resolution NONE or STATIC",
            )  # fmt: skip


def _ports(spec: ServiceEntry) -> Iterator[Wrong]:
    numbers: set[int] = set()
    names: set[str] = set()
    for index, port in enumerate(spec.ports):
        where = f"ports[{index}]"
        if port.number is None:
            yield f"{where}.number", "is missing", "say the port's number"
        elif port.number in numbers:
            yield f"{where}.number", f"{port.number} is there twice", "keep one of them"
        if not port.name:
            yield f"{where}.name", "is missing", "give the port a name"
        elif port.name in names:
            yield f"{where}.name", f"{port.name!r} is there twice", "rename one of them"
        if port.protocol and port.protocol.lower() not in WORDS:
            accepted = ", ".join(sorted(word.upper() for word in WORDS))
            yield (
                f"{where}.protocol", f"{port.protocol!r} is not a protocol that the mesh knows",
                f"use one of {accepted}",
            )  # fmt: skip
        numbers.add(port.number or 0)
        names.add(port.name)


def _resolution(spec: ServiceEntry) -> Iterator[Wrong]:
    how = spec.resolution
    if how == "DYNAMIC_DNS":
        yield from dynamic.faults(spec)
    if spec.endpoints and spec.workload_selector:
        yield "workloadSelector", "stands beside endpoints", "keep one of the two"
    if how in ("NONE", "DYNAMIC_DNS") and (spec.endpoints or spec.workload_selector):
        field = "endpoints" if spec.endpoints else "workloadSelector"
        yield field, f"has no meaning with resolution {how}", "use resolution STATIC or DNS"
    if how == "DNS_ROUND_ROBIN" and len(spec.endpoints) > 1:
        yield (
            "endpoints", f"there are {len(spec.endpoints)}, with resolution DNS_ROUND_ROBIN",
            "keep one, or use resolution DNS",
        )  # fmt: skip
    if how in DNS and not spec.endpoints:
        for index, host in enumerate(spec.hosts):
            if host.startswith("*"):
                yield (
                    f"hosts[{index}]", f"{host!r} cannot be looked up in DNS",
                    "name endpoints, or use resolution NONE",
                )  # fmt: skip


def _ends(spec: ServiceEntry) -> Iterator[Wrong]:
    declared = {port.name for port in spec.ports}
    for index, one in enumerate(spec.endpoints):
        where = f"endpoints[{index}]"
        if fault := address_fault(one.address):
            yield f"{where}.address", *fault
            continue
        yield from _fits(spec.resolution, one, where)
        for name in one.ports:
            if name not in declared:
                yield (
                    f"{where}.ports", f"{name!r} is no port of this object",
                    f"use one of {', '.join(sorted(declared))}",
                )  # fmt: skip


def _fits(resolution: str, one: WorkloadEntry, where: str) -> Iterator[Wrong]:
    if one.address.startswith(UNIX):
        if one.ports:
            yield f"{where}.ports", "a unix socket has no ports", "leave them out"
        if resolution != "STATIC":
            yield (
                f"{where}.address", f"{one.address!r}, with resolution {resolution}",
                "use resolution STATIC",
            )  # fmt: skip
    elif resolution == "STATIC" and not is_ip(one.address):
        yield (
            f"{where}.address", f"{one.address!r} is a name, with resolution STATIC",
            "use an IP address, or resolution DNS",
        )  # fmt: skip


def _warnings(reader: Reader, spec: ServiceEntry) -> None:
    if not spec.ports:
        reader.warn("spec.ports", "is empty", "nothing is led to the host", "declare its ports")
    if spec.workload_selector and not spec.workload_selector.labels:
        reader.warn(
            "spec.workloadSelector", "is empty", "it selects every workload of the namespace",
            "say which labels",
        )  # fmt: skip
    for field, what, why, hint in dynamic.oddities(spec):
        reader.warn(field, what, why, hint)
    for index, port in enumerate(spec.ports):
        if not spec.addresses and protocol_is_plain(port) and spec.resolution != "STATIC":
            reader.warn(
                f"spec.ports[{index}]", "is TCP, and the object has no addresses",
                f"it takes every connection to port {port.number} that nothing else claims",
                "say the addresses that clients dial", "entry-without-addresses",
            )  # fmt: skip
    for index, port in enumerate(spec.ports):
        if port.number in PROXY_PORTS:
            reader.warn(
                f"spec.ports[{index}].number", f"{port.number} is a port of the proxy itself",
                "connections to it are not led to the host", "use another port",
            )  # fmt: skip
    for index, end in enumerate(spec.endpoints):
        if end.network:
            reader.warn(
                f"spec.endpoints[{index}].network", f"{end.network!r} is another network",
                "the mesh knows one network: the endpoint is dialled itself", "leave it out",
            )  # fmt: skip


def protocol_is_plain(port: ServicePort) -> bool:
    found = protocols.BY_WORD.get(port.protocol.lower())
    return found is not None and not found.http and not _told_apart(port)
