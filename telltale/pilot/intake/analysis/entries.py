"""ServiceEntries that say different things of one port of one host. Pure."""

from collections.abc import Iterator

from telltale.kube.istio.kinds import SERVICE_ENTRY
from telltale.kube.istio.serviceentry import ServiceEntry
from telltale.pilot.intake.analysis.seen import Seen, Written
from telltale.pilot.intake.problem import Level, Problem

_Said = tuple[Written, str]


def check(seen: Seen) -> Iterator[Problem]:
    """The younger is told; each sees its own namespace only where it is not shown to others."""
    known: dict[tuple[str, str, int], _Said] = {}
    everything = seen.read(SERVICE_ENTRY, ServiceEntry)
    for written, spec in sorted(everything, key=lambda one: one[0].reader.origin):
        for index, port in enumerate(spec.ports):
            for host in spec.hosts:
                key = written.ref.namespace, host.lower(), port.number or 0
                said = port.protocol.upper()
                elder, before = known.setdefault(key, (written, said))
                if before != said and elder.ref != written.ref:
                    yield written.problem(
                        f"spec.ports[{index}].protocol",
                        f"{host}:{port.number} speaks {said or 'nothing said'} here and {before} "
                        f"in {elder.ref.name}, which is older",
                        "connections are read as the elder says", "let both say the same",
                        code="entry-protocols-differ", level=Level.WARNING,
                    )  # fmt: skip
