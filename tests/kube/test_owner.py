"""What made a pod, seen from the pod."""

import pytest

from telltale.kube import codec
from telltale.kube.core import Pod
from telltale.kube.owner import workload

HASH = {"pod-template-hash": "5cb4"}


@pytest.mark.parametrize(("kind", "name", "labels", "said"), [
    ("ReplicaSet", "web-5cb4", HASH, "deployment shop/web"),
    ("ReplicaSet", "web-5cb4", {}, "replicaset shop/web-5cb4"),
    ("ReplicaSet", "web", HASH, "replicaset shop/web"),
    ("StatefulSet", "db", {}, "statefulset shop/db"),
    ("", "", HASH, "pod shop/x"),
])  # fmt: skip
def test_the_owner_is_the_deployment_over_a_replicaset_or_the_controller(kind, name, labels, said):
    owners = [{"kind": kind, "name": name, "controller": True}] if kind else []
    meta = {"name": "x", "namespace": "shop", "labels": labels, "ownerReferences": owners}
    assert str(workload(codec.convert(Pod, {"metadata": meta}))) == said
