"""Istio's Gateways into the mesh's. Pure. Never: whether a workload, route or Secret is there.

A server that cannot be had is left out with a word, and the others stand. What is told of one
object is told by `read([one], domain)` too: nothing here looks at a second.
"""

import ipaddress
import re
from collections.abc import Iterable

from telltale.kube.istio import gateway as istio
from telltale.kube.istio.kinds import GATEWAY
from telltale.kube.istio.message import Config
from telltale.lib.memo import Memo
from telltale.model.gateway import Gateway, Host, Server, ServerTls
from telltale.model.scope import EVERYWHERE, Scope
from telltale.model.service import Protocol
from telltale.pilot.intake.doors import tls as gateway_tls
from telltale.pilot.intake.istio import Reader, labels, read_all
from telltale.pilot.intake.problem import Problem

_SPEAKS = {
    "HTTP": Protocol.HTTP, "HTTP2": Protocol.HTTP2, "GRPC": Protocol.GRPC,
    "GRPC-WEB": Protocol.GRPC_WEB, "TCP": Protocol.TCP, "MONGO": Protocol.TCP,
    "REDIS": Protocol.TCP, "MYSQL": Protocol.TCP, "HTTPS": Protocol.HTTP, "TLS": Protocol.TCP,
}  # fmt: skip
_ENCRYPTED = ("HTTPS", "TLS")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_WORD = re.compile(r"[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?")
_OUT = "the server is left out"


def read(
    given: Iterable[Config], domain: str, memo: Memo | None = None
) -> tuple[list[Gateway], list[Problem]]:
    return read_all(GATEWAY, istio.Gateway, given, domain, _gateway, memo=memo)


def _gateway(reader: Reader, spec: istio.Gateway) -> Gateway:
    if not spec.servers:
        reader.wrong("spec.servers", "is empty", "nothing is listened for", "add a server")
    servers: list[Server] = []
    names: set[str] = set()
    for number, one in enumerate(spec.servers):
        path = f"spec.servers[{number}]"
        server = _server(reader, path, one)
        if server is None:
            continue
        if server.name in names:
            reader.wrong(f"{path}.port.name", f"{server.name!r} names another server's port too",
                         _OUT, "give each port its own name")  # fmt: skip
            continue
        names.add(server.name)
        servers.append(server)
    return Gateway(
        origin=reader.origin, name=f"{reader.namespace}/{reader.ref.name}",
        scope=Scope((EVERYWHERE,), labels(spec.selector)), servers=tuple(servers),
    )  # fmt: skip


def _server(reader: Reader, path: str, server: istio.Server) -> Server | None:
    port = server.port or istio.Port()
    speaks = _SPEAKS.get(port.protocol.upper())
    sound = [_port(reader, f"{path}.port", port), _bind(reader, path, server.bind)]
    hosts = _hosts(reader, path, server.hosts)
    if server.default_endpoint:
        reader.warn(f"{path}.defaultEndpoint", "is not used", "Istio does not use it either",
                    "route with a VirtualService")  # fmt: skip
    encrypted = port.protocol.upper() in _ENCRYPTED
    tls: ServerTls | None = None
    if encrypted:
        tls = _tls(reader, f"{path}.tls", port.protocol, server.tls)
        sound.append(tls is not None)
    elif server.tls is not None:
        sound.append(_plain(reader, f"{path}.tls", port.protocol, server.tls))
    if speaks is None or not hosts or not all(sound):
        return None
    return Server(
        port=port.number, speaks=Protocol.TLS if tls and tls.passes else speaks, hosts=hosts,
        name=port.name, bind=server.bind, tls=tls,
        redirect=bool(not encrypted and server.tls and server.tls.https_redirect),
    )  # fmt: skip


def _port(reader: Reader, path: str, port: istio.Port) -> bool:
    before = len(reader.problems)
    if not 1 <= port.number <= 65535:
        reader.wrong(f"{path}.number", f"{port.number} is not a port", _OUT, "use 1 to 65535")
    if port.protocol.upper() not in _SPEAKS:
        reader.wrong(f"{path}.protocol", f"{port.protocol!r} is not a protocol of a gateway", _OUT,
                     f"use one of {', '.join(_SPEAKS)}")  # fmt: skip
    if not port.name:
        reader.wrong(f"{path}.name", "is empty", _OUT, "name the port")
    elif not _LABEL.fullmatch(port.name.lower()):
        reader.wrong(f"{path}.name", f"{port.name!r} is not a DNS label", _OUT,
                     "use letters, digits and dashes")  # fmt: skip
    if port.target_port:
        reader.wrong(f"{path}.targetPort", "is not for gateways", _OUT,
                     "the gateway's Service maps its ports")  # fmt: skip
    return len(reader.problems) == before


def _bind(reader: Reader, path: str, bind: str) -> bool:
    if not bind:
        return True
    if bind.startswith("unix://"):
        reader.wrong(f"{path}.bind", f"{bind!r}: a Unix socket is not listened on", _OUT,
                     "bind to an IP address")  # fmt: skip
        return False
    if not _is_address(bind):
        reader.wrong(f"{path}.bind", f"{bind!r} is not an IP address", _OUT,
                     "use an address of the gateway's pod, or leave it out for all")  # fmt: skip
        return False
    return True


def _hosts(reader: Reader, path: str, written: list[str]) -> tuple[Host, ...]:
    """Each `[NAMESPACE/]HOST`; one that is wrong is left out, and with the last one the server."""
    if not written:
        reader.wrong(f"{path}.hosts", "is empty", _OUT, "name a host, or '*' for any")
    found: dict[Host, None] = {}
    for number, one in enumerate(written):
        namespace, slash, name = one.rpartition("/")
        name = name.lower().rstrip(".")
        namespace = namespace if slash else EVERYWHERE
        if _is_namespace(namespace) and _is_host(name):
            namespace = reader.namespace if namespace == "." else namespace
            found[Host(name, namespace)] = None
        else:
            reader.wrong(f"{path}.hosts[{number}]", f"{one!r} is not [NAMESPACE/]HOST",
                         "the host is left out",
                         "write a DNS name, *.NAME or *, after a namespace, . or *")  # fmt: skip
    return tuple(found)


def _tls(
    reader: Reader, path: str, protocol: str, tls: istio.ServerTls | None
) -> ServerTls | None:
    if tls is None:
        reader.wrong(path, f"protocol {protocol} needs it", _OUT,
                     "add tls with a mode and a credentialName")  # fmt: skip
        return None
    return gateway_tls.read(reader, path, tls)


def _plain(reader: Reader, path: str, protocol: str, tls: istio.ServerTls) -> bool:
    """Plain text may have nothing of TLS but the redirect, and only HTTP can redirect."""
    if tls != istio.ServerTls(https_redirect=tls.https_redirect):
        reader.wrong(path, f"protocol {protocol} is plain text and may have httpsRedirect only",
                     _OUT, "use protocol HTTPS or TLS, or leave it out")  # fmt: skip
        return False
    if tls.https_redirect and not _SPEAKS.get(protocol.upper(), Protocol.HTTP).http:
        reader.wrong(f"{path}.httpsRedirect", f"protocol {protocol} cannot redirect", _OUT,
                     "use protocol HTTP")  # fmt: skip
        return False
    return True


def _is_namespace(text: str) -> bool:
    return text in (".", EVERYWHERE) or bool(_LABEL.fullmatch(text))


def _is_host(text: str) -> bool:
    if text == "*" or _is_address(text):
        return True
    parts = text.removeprefix("*.").split(".")
    return len(text) <= 255 and all(_WORD.fullmatch(part) for part in parts)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
