"""WorkloadEntries into machines, and what WorkloadGroups are refused for. Pure.

Never: which services a machine stands behind (`members`).
"""

from collections.abc import Iterable

from telltale.kube.istio import serviceentry as istio
from telltale.kube.istio.kinds import WORKLOAD_ENTRY, WORKLOAD_GROUP
from telltale.kube.istio.message import Config
from telltale.lib.memo import Memo
from telltale.model.workload import Machine
from telltale.pilot.intake.entries.read import machine
from telltale.pilot.intake.entries.rules import UNIX, address_fault
from telltale.pilot.intake.istio import Reader, read_all
from telltale.pilot.intake.problem import Level, Problem

_LEFT_OUT = "the object is left out"
_UNHEALTHY = "False"


def read(
    given: Iterable[Config], domain: str, memo: Memo | None = None
) -> tuple[list[Machine], list[Problem]]:
    """Those that are not told to be ill (condition `Healthy`)."""
    given = tuple(given)
    found, problems = read_all(
        WORKLOAD_ENTRY, istio.WorkloadEntry, given, domain, _machine, memo=memo
    )
    ill = {(one.metadata.namespace, one.metadata.name) for one in given if _ill(one)}
    return [one for one in found if (one.namespace, one.name) not in ill], problems


def _ill(one: Config) -> bool:
    conditions = one.status.get("conditions")
    return isinstance(conditions, list) and any(
        isinstance(each, dict) and each.get("type") == "Healthy"
        and each.get("status") == _UNHEALTHY
        for each in conditions
    )  # fmt: skip


def _machine(reader: Reader, spec: istio.WorkloadEntry) -> Machine | None:
    if not spec.address and spec.network:
        reader.wrong(
            "spec.address", f"is empty, on network {spec.network!r}", _LEFT_OUT,
            "say the address: the mesh knows one network, and no gateway to another",
        )  # fmt: skip
    elif fault := address_fault(spec.address):
        reader.wrong("spec.address", fault[0], _LEFT_OUT, fault[1])
    elif spec.address.startswith(UNIX) and spec.ports:
        reader.wrong("spec.ports", "a unix socket has no ports", _LEFT_OUT, "leave them out")
    elif spec.network:
        reader.warn(
            "spec.network", f"{spec.network!r} is another network",
            "the mesh knows one network: the machine is dialled itself", "leave it out",
        )  # fmt: skip
    if any(one.level is Level.ERROR for one in reader.problems):
        return None
    return machine(reader.origin.name, reader.namespace, spec)


def read_groups(
    given: Iterable[Config], domain: str, memo: Memo | None = None
) -> tuple[list[None], list[Problem]]:
    """A group does nothing but let machines register themselves, and here they do not."""
    return read_all(WORKLOAD_GROUP, istio.WorkloadGroup, given, domain, _group, memo=memo)


def _group(reader: Reader, spec: istio.WorkloadGroup) -> None:
    if spec.template is None:
        reader.wrong("spec.template", "is missing", _LEFT_OUT, "say what its machines have alike")
    elif spec.template.address:
        reader.wrong(
            "spec.template.address", f"{spec.template.address!r} would be that of all machines",
            _LEFT_OUT, "leave it out",
        )  # fmt: skip
    reader.warn(
        "spec", "machines do not register themselves with this mesh", "the group has no members",
        "write a WorkloadEntry for each machine, with the labels of the template",
    )  # fmt: skip
