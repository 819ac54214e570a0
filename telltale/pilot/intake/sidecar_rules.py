"""What a Sidecar must not say (istio.io, Sidecar, and its validation). Pure.

`refused` tells it of one object, as the webhook and the intake both ask. Never: other objects.
"""

import re
from collections.abc import Iterable, Iterator

from telltale.kube.istio.sidecar import Egress, Ingress, Sidecar, SidecarPort
from telltale.model.service import PROXY_PORTS
from telltale.pilot.intake import protocols
from telltale.pilot.intake.entries.rules import UNIX, address_fault, is_ip
from telltale.pilot.intake.istio import Reader
from telltale.pilot.intake.problem import Level

Wrong = tuple[str, str, str]  # field, what, hint
_LEFT_OUT = "the object is left out"
_HERE = re.compile(r"(127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):([0-9]{1,5})")
_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\*", re.IGNORECASE)
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?|[*.~]")


def refused(reader: Reader, spec: Sidecar) -> bool:
    """Tells all that is wrong; whether the object must be left out."""
    parts = (spec.ingress, spec.egress, spec.outbound_traffic_policy, spec.inbound_connection_pool)
    if not any(part is not None and part != [] for part in parts):
        reader.wrong(
            "spec", "says nothing", _LEFT_OUT,
            "say egress, ingress or outboundTrafficPolicy; egress hosts ['*/*'] is everything",
        )  # fmt: skip
    for found in (_ingress(spec.ingress), _egress(spec.egress), _policy(spec)):
        for field, what, hint in found:
            reader.wrong(f"spec.{field}", what, _LEFT_OUT, hint)
    chosen = spec.workload_selector
    if chosen and not chosen.labels:
        reader.warn(
            "spec.workloadSelector", "is empty", "it means every workload of the namespace",
            "say which labels, or take it out",
        )  # fmt: skip
    return any(one.level is Level.ERROR for one in reader.problems)


def _port(port: SidecarPort | None, where: str) -> Iterator[Wrong]:
    if port is None or port.number is None:
        yield f"{where}.port.number", "is missing", "say the port's number"
    elif port.number in PROXY_PORTS:
        yield f"{where}.port.number", f"{port.number} is a port of the proxy itself", "use another"
    elif port.protocol and port.protocol.lower() not in protocols.BY_WORD:
        accepted = ", ".join(sorted(word.upper() for word in protocols.BY_WORD))
        yield (
            f"{where}.port.protocol",
            f"{port.protocol!r} is not a protocol that the mesh knows", f"use one of {accepted}",
        )  # fmt: skip


def _twice(ports: Iterable[tuple[str, SidecarPort | None]]) -> Iterator[Wrong]:
    known: set[int] = set()
    for where, port in ports:
        number = port.number if port else None
        if number in known:
            yield f"{where}.port.number", f"{number} is there twice", "keep one of them"
        if number:
            known.add(number)


def _ingress(given: list[Ingress]) -> Iterator[Wrong]:
    yield from _twice((f"ingress[{index}]", one.port) for index, one in enumerate(given))
    for index, one in enumerate(given):
        where = f"ingress[{index}]"
        yield from _port(one.port, where)
        if one.capture_mode == "NONE" and one.bind in ("", "0.0.0.0", "::"):
            yield (
                f"{where}.bind", "is every address, with captureMode NONE",
                "say the one address where the proxy is to listen",
            )  # fmt: skip
        if one.bind and not is_ip(one.bind):
            yield f"{where}.bind", f"{one.bind!r} is no IP address", "use one of the workload's"
        if one.default_endpoint and not is_here(one.default_endpoint):
            yield (
                f"{where}.defaultEndpoint", f"{one.default_endpoint!r} is not in the workload",
                "use 127.0.0.1:PORT, 0.0.0.0:PORT or unix:///PATH",
            )  # fmt: skip
        if one.tls is not None:
            yield (
                f"{where}.tls", "a sidecar's own TLS is not served by this mesh",
                "terminate it in the workload: declare the port as TLS",
            )  # fmt: skip


def is_here(endpoint: str) -> bool:
    if endpoint.startswith(UNIX):
        return address_fault(endpoint) is None
    found = _HERE.fullmatch(endpoint)
    return found is not None and 0 < int(found[2]) < 2**16


def _egress(given: list[Egress]) -> Iterator[Wrong]:
    yield from _twice((f"egress[{index}]", one.port) for index, one in enumerate(given))
    for index, one in enumerate(given):
        where = f"egress[{index}]"
        if one.port is not None:
            yield from _port(one.port, where)
        elif index < len(given) - 1:
            yield f"{where}.port", "is missing", "what is for all other ports must be the last one"
        if not one.hosts:
            yield f"{where}.hosts", "is empty", "name hosts; '~/*' is nothing, '*/*' everything"
        yield from _bind(one, where)
        for place, host in enumerate(one.hosts):
            if not _is_glob(host):
                yield (
                    f"{where}.hosts[{place}]", f"{host!r} is not NAMESPACE/HOST",
                    "write */*, ./* or shop/reviews.shop.svc.cluster.local",
                )  # fmt: skip


def _bind(one: Egress, where: str) -> Iterator[Wrong]:
    if not one.bind:
        return
    unix = one.bind.startswith(UNIX)
    if one.port is None:
        yield f"{where}.bind", f"{one.bind!r} stands without a port", "say the port, or no bind"
    elif address_fault(one.bind) if unix else not is_ip(one.bind):
        yield f"{where}.bind", f"{one.bind!r} is no IP address", "use an IP or unix:///PATH"
    if unix and one.capture_mode == "IPTABLES":
        yield (
            f"{where}.captureMode", "IPTABLES leads nobody to a unix socket",
            "use NONE, or bind an IP address",
        )  # fmt: skip


def _is_glob(text: str) -> bool:
    namespace, slash, host = text.partition("/")
    return bool(slash and _NAMESPACE.fullmatch(namespace) and _HOST.fullmatch(host))


def _policy(spec: Sidecar) -> Iterator[Wrong]:
    given = spec.outbound_traffic_policy
    proxy = given.egress_proxy if given else None
    if given is None or proxy is None:
        return
    where = "outboundTrafficPolicy.egressProxy"
    if given.mode != "ALLOW_ANY":
        yield where, f"stands beside mode {given.mode}", "it takes what ALLOW_ANY lets through"
    if not proxy.host or "*" in proxy.host:
        yield f"{where}.host", f"{proxy.host!r} is not one host", "name the egress proxy's host"
    if proxy.port is None or proxy.port.number is None:
        yield f"{where}.port", "is missing", "say the port's number"
