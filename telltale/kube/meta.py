"""What every object of the API carries. Never: a rule."""

from dataclasses import dataclass

from telltale.kube.codec import Json, Object, Typed


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Which object: kind, namespace ("" when it has none) and name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        path = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind.lower()} {path}"


class OwnerReference(Typed):
    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False
    block_owner_deletion: bool = False


class Meta(Typed):
    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: list[OwnerReference] = []
    finalizers: list[str] = []

    @property
    def controller(self) -> OwnerReference | None:
        return next((owner for owner in self.owner_references if owner.controller), None)


class Anything(Typed):
    """An object of any kind, known only by its metadata."""

    api_version: str = ""
    kind: str = ""
    metadata: Meta = Meta()


class Config(Typed):
    """An object that configures the mesh, its spec unread: one that is wrong spoils no other."""

    metadata: Meta = Meta()
    spec: Object = {}
    status: Object = {}


class Requirement(Typed):
    key: str = ""
    """The label's key."""
    operator: str = ""
    """In, NotIn, Exists or DoesNotExist."""
    values: list[str] = []
    """The values, for In and NotIn."""


class LabelSelector(Typed):
    match_labels: dict[str, str] = {}
    """Labels that must be there."""
    match_expressions: list[Requirement] = []
    """What else must hold of the labels."""


class Condition(Typed):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None
    last_probe_time: str | None = None
    last_update_time: str | None = None
    observed_generation: int | None = None


IntOrString = int | str
Quantity = int | float | str
Values = dict[str, Json]
