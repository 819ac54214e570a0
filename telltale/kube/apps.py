"""Deployments and ReplicaSets (apps/v1). Never: behaviour.

A pod template stays JSON: a controller copies it whole, fields that we have no type for included.
"""

from telltale.kube.codec import Object, Typed
from telltale.kube.meta import Condition, IntOrString, LabelSelector, Meta


class RollingUpdate(Typed):
    max_unavailable: IntOrString = "25%"
    max_surge: IntOrString = "25%"


class Strategy(Typed):
    type: str = "RollingUpdate"
    rolling_update: RollingUpdate = RollingUpdate()


class DeploymentSpec(Typed):
    replicas: int = 1
    selector: LabelSelector = LabelSelector()
    template: Object = {}
    strategy: Strategy = Strategy()
    min_ready_seconds: int = 0
    revision_history_limit: int = 10
    paused: bool = False
    progress_deadline_seconds: int = 600


class DeploymentStatus(Typed):
    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    conditions: list[Condition] = []


class Deployment(Typed):
    metadata: Meta = Meta()
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class ReplicaSetSpec(Typed):
    replicas: int = 1
    selector: LabelSelector = LabelSelector()
    template: Object = {}
    min_ready_seconds: int = 0


class ReplicaSetStatus(Typed):
    observed_generation: int = 0
    replicas: int = 0
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: list[Condition] = []


class ReplicaSet(Typed):
    metadata: Meta = Meta()
    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()
