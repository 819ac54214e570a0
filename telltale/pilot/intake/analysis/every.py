"""All checks of the whole mesh; a check is a file, and a line here. Pure."""

from telltale.pilot.intake import unmet
from telltale.pilot.intake.analysis import (
    annotations,
    calls,
    destinations,
    entries,
    exposed,
    gateways,
    images,
    overlaps,
    ports,
    proxies,
)
from telltale.pilot.intake.analysis.seen import Seen, selects
from telltale.pilot.intake.problem import Problem

_OF_CONFIGURATION = (
    destinations.check, gateways.check, overlaps.check, entries.check, exposed.check,
)  # fmt: skip
_OF_WORKLOADS = (ports.check, proxies.check, annotations.check, calls.check, images.check)
_OF_THE_CLUSTER = ("gateway-without-workload", "gateway-credential")


def configuration(seen: Seen) -> tuple[Problem, ...]:
    """What the mesh's configuration gets wrong: the pilot asks this all the time.

    What follows from the mesh alone as it was read (destinations that are not there, rules that are
    never reached) is told by `read` already.
    """
    found = [problem for check in _OF_CONFIGURATION for problem in check(seen)]
    return (*found, *unmet.problems(seen.mesh))


def everything(seen: Seen) -> tuple[Problem, ...]:
    """And what workloads and Services do: for `analyze`."""
    return (*configuration(seen), *(one for check in _OF_WORKLOADS for one in check(seen)))


def certain(seen: Seen, problem: Problem) -> bool:
    """A few files do not show what else is in the cluster: of that nothing is said."""
    if not seen.partial:
        return True
    if problem.code in _OF_THE_CLUSTER:
        return False
    if problem.code in ("policy-host-not-found", "host-not-found"):
        return seen.tells_of(problem.host)
    if problem.code == "subset-selects-nothing":
        service = seen.mesh.services[problem.host]
        return any(selects(service, one) for one in seen.mesh.workloads.values())
    if problem.code == "subset-not-found":
        return any(one.host == problem.host for one in seen.mesh.policies)
    return True
