"""StatefulSets and the revisions of their templates (apps/v1). Never: behaviour."""

from telltale.kube.codec import Json, Object, Typed
from telltale.kube.meta import Condition, LabelSelector, Meta


class RollingUpdate(Typed):
    """Pods with an ordinal below `partition` keep the older template."""

    partition: int = 0


class UpdateStrategy(Typed):
    type: str = "RollingUpdate"
    rolling_update: RollingUpdate = RollingUpdate()


class Ordinals(Typed):
    start: int = 0


class StatefulSetSpec(Typed):
    replicas: int = 1
    selector: LabelSelector = LabelSelector()
    service_name: str = ""
    template: Object = {}
    pod_management_policy: str = "OrderedReady"
    update_strategy: UpdateStrategy = UpdateStrategy()
    revision_history_limit: int = 10
    min_ready_seconds: int = 0
    ordinals: Ordinals = Ordinals()


class StatefulSetStatus(Typed):
    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    conditions: list[Condition] = []


class StatefulSet(Typed):
    metadata: Meta = Meta()
    spec: StatefulSetSpec = StatefulSetSpec()
    status: StatefulSetStatus = StatefulSetStatus()


class ControllerRevision(Typed):
    """`data` is a patch that brings the owner back to this revision."""

    metadata: Meta = Meta()
    data: Json = None
    revision: int = 0
