"""What objects name and the mesh does not have: hosts, workloads of subsets, credentials.

Pure, over a whole mesh, for it changes with every pod: ask with the mesh of now. Never: an error,
as what is missing may be on its way.
"""

from collections.abc import Iterator

from telltale.kube.meta import Ref
from telltale.model.mesh import Mesh
from telltale.model.policy import Policy, Subset
from telltale.model.service import Discovery, Service
from telltale.pilot.intake.doors import unmet as unmet_gateways
from telltale.pilot.intake.problem import Level, Problem


def problems(mesh: Mesh) -> list[Problem]:
    of_policies = [one for policy in mesh.policies for one in _of(mesh, policy)]
    return [*of_policies, *unmet_gateways.problems(mesh)]


def _of(mesh: Mesh, policy: Policy) -> Iterator[Problem]:
    origin = policy.origin
    ref = Ref(origin.kind, origin.namespace, origin.name)
    if policy.host.startswith("*"):
        return
    service = mesh.services.get(policy.host)
    if service is None:
        yield Problem(
            ref, "spec.host", f"{policy.host!r} is no service of the mesh",
            "the object holds for nothing", "correct the host, or create the service",
            Level.WARNING, "policy-host-not-found", policy.host,
        )  # fmt: skip
        return
    for subset in policy.subsets:
        if not _selected(mesh, service, subset):
            said = ", ".join(f"{key}={value}" for key, value in subset.labels) or "no labels"
            yield Problem(
                ref, f"spec.subsets[{subset.name}].labels",
                f"{said} selects no workload of {service.host}",
                "requests for it are answered with 503 (UH)",
                "correct the labels, or label the pods", Level.WARNING, "subset-selects-nothing",
                service.host,
            )  # fmt: skip


def _selected(mesh: Mesh, service: Service, subset: Subset) -> bool:
    """Whether any workload, ready or not, is in the subset; who has none is not asked."""
    if not (service.discovery.assigned or service.discovery is Discovery.HEADLESS):
        return True
    wanted = (*service.selector, *subset.labels)
    behind = mesh.endpoints.get(service.key, {})
    known = [mesh.labels_of(one) for group in behind.values() for one in group]
    if service.selector:
        pods = mesh.workloads.values()
        known += [one.labels for one in pods if one.namespace == service.namespace]
    return any(all(one.get(key) == value for key, value in wanted) for one in known)
