"""An image cannot be pulled."""

from collections.abc import Iterator

from telltale.kube.core import ContainerStatus, Pod
from telltale.kube.meta import Ref
from telltale.why import proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import Advice, Fault, How, Patch
from telltale.why.pods import PULL_REASONS, key_of, spec_of
from telltale.why.workloads import Group, groups, way_back
from telltale.why.world import World


def judge(world: World) -> Iterator[Finding]:
    for group in groups(world, _every, lambda _, status: _unpulled(status)):
        yield _finding(world, group)


def _every(pod: Pod) -> list[ContainerStatus]:
    return [*pod.status.init_container_statuses, *pod.status.container_statuses]


def _unpulled(status: ContainerStatus) -> bool:
    waiting = status.state.waiting
    return waiting is not None and waiting.reason in PULL_REASONS


def _finding(world: World, group: Group) -> Finding:
    pod, owner = group.first, group.owner
    key, waiting = key_of(pod), group.status.state.waiting
    spec = spec_of(pod, group.container)
    image = spec.image if spec else group.status.image
    said = " ".join(waiting.message.split())[:200] if waiting and waiting.message else ""
    edit = f"kubectl -n {owner.namespace} edit {owner.kind.lower()}/{owner.name}"
    path = f'.spec.containers[?(@.name=="{group.container}")].image'
    kind = "initContainerStatuses" if group.container.endswith("-init") else "containerStatuses"
    reason = f'.status.{kind}[?(@.name=="{group.container}")].state.waiting.reason'
    return Finding(
        cause=CAUSE.name,
        object=owner,
        field=f"{group.field}.image",
        expected="an image that can be pulled",
        found=image,
        title=f"the image of {group.container} cannot be pulled",
        because=(
            f"pod {key[1]} is not ready: {group.container} waits,"
            f" {waiting.reason if waiting else 'no image'}",
            f"its image is {image}",
            *([f"the node says: {said}"] if said else []),
        ),
        evidence=(
            # The reason goes to and fro between ErrImagePull and ImagePullBackOff.
            Evidence("it waits for its image", proofs.read(proofs.pod_ref(key), reason), "Image"),
            Evidence("the image asked for", proofs.read(proofs.pod_ref(key), path), image),
        ),
        affected=tuple(key_of(one) for one in group.pods),
        fix=way_back(
            world, owner, "go back, or name an image that exists", Advice("name another", edit)
        ),
        edge=Edge.APP,
        place=f"image {image}",
    )


CAUSE = Cause(
    name="image-missing",
    judge=judge,
    fault=Fault(
        title="give reviews-v2 an image that is not there",
        steps=(
            Patch(
                Ref("Deployment", "{namespace}", "reviews-v2"),
                {"spec": {"template": {"spec": {"containers": [
                    {"name": "reviews", "image": "telltale/no-such-image:1.0"},
                ]}}}},
                How.STRATEGIC,
            ),
        ),
        look="kubectl get pods: reviews-v2 1/2 ErrImagePull, then ImagePullBackOff",
    ),
    doc="""A container waits because its image cannot be pulled: misspelt, not imported, or behind
a registry that refuses. Nothing on the mesh's side needs looking at; the message is the node's.""",
)  # fmt: skip
