"""Sidecars into what the proxies of some workloads see and hear. Pure.

Never: which of several holds for a workload (`Mesh.sidecar`).
"""

from collections.abc import Iterable

from telltale.kube.istio import sidecar as istio
from telltale.kube.istio.destinationrule import ConnectionPool
from telltale.kube.istio.kinds import SIDECAR
from telltale.kube.istio.message import Config
from telltale.lib.memo import Memo
from telltale.model.options import Egress
from telltale.model.policy import Pool
from telltale.model.scope import Scope
from telltale.model.service import Protocol
from telltale.model.sidecar import Glob, Hears, Reach, Sidecar
from telltale.pilot.intake import protocols
from telltale.pilot.intake.destinations import pools
from telltale.pilot.intake.entries.rules import UNIX
from telltale.pilot.intake.istio import Reader, labels, read_all
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.sidecar_rules import refused


def read(
    given: Iterable[Config], domain: str, memo: Memo | None = None
) -> tuple[list[Sidecar], list[Problem]]:
    return read_all(SIDECAR, istio.Sidecar, given, domain, _sidecar, memo=memo)


def _sidecar(reader: Reader, spec: istio.Sidecar) -> Sidecar | None:
    if refused(reader, spec):
        return None
    chosen = spec.workload_selector
    policy = spec.outbound_traffic_policy
    return Sidecar(
        origin=reader.origin,
        scope=Scope((reader.namespace,), labels(chosen.labels) if chosen else ()),
        reach=tuple(_reach(reader, one) for one in spec.egress),
        hears=tuple(_hears(reader, index, one) for index, one in enumerate(spec.ingress)),
        egress=_egress(policy) if policy else None,
        proxy=_proxy(reader, policy) if policy else None,
        pool=_pool(reader, "inboundConnectionPool", spec.inbound_connection_pool),
    )


def _reach(reader: Reader, given: istio.Egress) -> Reach:
    globs = (_glob(reader, one) for one in given.hosts)
    led = given.capture_mode != "NONE" and not given.bind.startswith(UNIX)
    return Reach(
        tuple(one for one in globs if one), (given.port and given.port.number) or 0,
        _protocol(given.port), given.bind, led,
    )  # fmt: skip


def _glob(reader: Reader, written: str) -> Glob | None:
    namespace, _, host = written.partition("/")
    if namespace == "~":
        return None
    return Glob(reader.namespace if namespace == "." else namespace, host.lower())


def _pool(reader: Reader, at: str, given: ConnectionPool | None) -> Pool | None:
    return pools.read(reader, f"spec.{at}", given) if given else None


def _hears(reader: Reader, index: int, given: istio.Ingress) -> Hears:
    number = (given.port and given.port.number) or 0
    return Hears(
        number, _protocol(given.port), given.default_endpoint, given.bind,
        given.capture_mode != "NONE",
        _pool(reader, f"ingress[{index}].connectionPool", given.connection_pool),
    )  # fmt: skip


def _protocol(port: istio.SidecarPort | None) -> Protocol:
    if port is None:
        return Protocol.AUTO
    said = protocols.BY_WORD.get(port.protocol.lower())
    return said or protocols.of(port.number or 0, port.name)


def _egress(policy: istio.OutboundPolicy) -> Egress:
    return Egress.ANY if policy.mode == "ALLOW_ANY" else Egress.KNOWN


def _proxy(reader: Reader, policy: istio.OutboundPolicy) -> tuple[str, int, str] | None:
    given = policy.egress_proxy
    if given is None or given.port is None:
        return None
    return reader.host(given.host), given.port.number or 0, given.subset
