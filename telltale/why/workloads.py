"""What causes in a user's workload have in common: whose container, and the way back. Pure.

Never: a verdict.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from telltale.kube.core import ContainerStatus, Pod
from telltale.kube.meta import Ref
from telltale.why.fix import Advice, Fix, Step, Undo
from telltale.why.pods import key_of, workload
from telltale.why.world import World


@dataclass(frozen=True, slots=True)
class Group:
    """The pods of one workload whose container of this name is in the same trouble."""

    owner: Ref
    container: str
    pods: tuple[Pod, ...]

    @property
    def field(self) -> str:
        """Where the container is written in its owner."""
        deep = "spec" if self.owner.kind == "Pod" else "spec.template.spec"
        return f"{deep}.containers[{self.container}]"

    @property
    def first(self) -> Pod:
        return self.pods[0]

    @property
    def status(self) -> ContainerStatus:
        every = [*self.first.status.container_statuses, *self.first.status.init_container_statuses]
        return next(one for one in every if one.name == self.container)


def groups(
    world: World, containers: Callable[[Pod], list[ContainerStatus]],
    troubled: Callable[[Pod, ContainerStatus], bool],
) -> Iterator[Group]:  # fmt: skip
    """The containers in focus that are in trouble, by workload; pods on their way out are not."""
    found: dict[tuple[Ref, str], list[Pod]] = {}
    for pod in sorted(world.focused(), key=key_of):
        if pod.metadata.deletion_timestamp or pod.ended:
            continue
        for status in containers(pod):
            if troubled(pod, status):
                found.setdefault((workload(pod), status.name), []).append(pod)
    for (owner, container), pods in sorted(found.items(), key=lambda one: one[0]):
        yield Group(owner, container, tuple(pods))


def way_back(world: World, owner: Ref, title: str, advice: Advice) -> Fix:
    """Back to the revision before, when there was one; what to correct is the user's knowledge."""
    steps: tuple[Step, ...] = (Undo(owner), advice) if had_revision(world, owner) else (advice,)
    return Fix(
        title=title,
        steps=steps,
        scope=f"one object: {owner}",
        automatic=False,
        expect="the new pod is n/n within 30 s",
    )


def had_revision(world: World, owner: Ref) -> bool:
    """Whether a Deployment has an older revision to go back to."""
    if owner.kind != "Deployment":
        return False
    sets = [
        one for one in world.replica_sets
        if one.metadata.namespace == owner.namespace
        and (controller := one.metadata.controller) and controller.name == owner.name
    ]  # fmt: skip
    return len(sets) > 1
