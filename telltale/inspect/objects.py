"""YAML documents as the objects that a mesh is made of, pods made of their templates. Pure.

Files hold Deployments, not pods: each template stands for one pod of the workload's name, without
an address. Never: reading a file. Raises `Malformed` that names the object.
"""

from collections.abc import Iterable
from typing import TypeVar

from telltale.kube import codec
from telltale.kube.cluster import ConfigMap, Node, Secret
from telltale.kube.codec import Malformed, Object, dig
from telltale.kube.core import Pod
from telltale.kube.istio.message import Config
from telltale.kube.service import EndpointSlice, Service
from telltale.pilot.intake.read import CONFIGS, Objects

T = TypeVar("T")

TEMPLATED = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")
DEFAULT_NAMESPACE = "default"
_UNPLACED = {one.kind for one in CONFIGS if not one.namespaced}


def of(documents: Iterable[Object], namespace: str = DEFAULT_NAMESPACE) -> Objects:
    """`namespace` is that of objects that name none, as with `kubectl apply -n`."""
    found = [placed(one, namespace) for one in documents]
    pods = [*_all(found, "Pod", Pod), *(_pod(one) for one in found if _is(one, TEMPLATED))]
    configs = {
        kind: tuple(
            _converted(Config, document) for document in found
            if document.get("kind") == kind.kind and _group(document) == kind.group
        )
        for kind in CONFIGS
    }  # fmt: skip
    return Objects(
        tuple(_all(found, "Service", Service)),
        tuple(_all(found, "EndpointSlice", EndpointSlice)),
        tuple(pods), configs, tuple(_all(found, "Secret", Secret)),
        tuple(_all(found, "ConfigMap", ConfigMap)), tuple(_all(found, "Node", Node)),
    )  # fmt: skip


def placed(document: Object, namespace: str) -> Object:
    """With its namespace: the one given, if it names none and its kind has one."""
    meta = document.get("metadata")
    unplaced = document.get("kind") in _UNPLACED
    if unplaced or not isinstance(meta, dict) or meta.get("namespace"):
        return document
    return {**document, "metadata": {**meta, "namespace": namespace}}


def _group(document: Object) -> str:
    group, slash, _ = str(document.get("apiVersion", "")).partition("/")
    return group if slash else ""


def _is(document: Object, kinds: tuple[str, ...]) -> bool:
    return document.get("kind") in kinds and _group(document) in ("", "apps", "batch")


def _all(documents: Iterable[Object], kind: str, shape: type[T]) -> list[T]:
    groups = ("", "discovery.k8s.io")
    return [
        _converted(shape, one) for one in documents
        if one.get("kind") == kind and _group(one) in groups
    ]  # fmt: skip


def _converted(shape: type[T], document: Object) -> T:
    try:
        return codec.convert(shape, document)
    except Malformed as error:
        raise Malformed(f"{_said(document)}: {error}") from error


def _said(document: Object) -> str:
    namespace = dig(document, "metadata", "namespace", default="")
    name = dig(document, "metadata", "name", default="(no name)")
    return f"{str(document.get('kind')).lower()} {namespace}/{name}"


def _pod(document: Object) -> Pod:
    """A pod of a workload's template, owned by it, under its name."""
    template = dig(document, "spec", "template", default={})
    labels = dig(template, "metadata", "labels", default={})
    notes = dig(template, "metadata", "annotations", default={})
    owner: Object = {
        "kind": document.get("kind"), "controller": True,
        "name": dig(document, "metadata", "name"),
    }  # fmt: skip
    meta: Object = {
        "name": dig(document, "metadata", "name"), "labels": labels, "annotations": notes,
        "namespace": dig(document, "metadata", "namespace"), "ownerReferences": [owner],
    }  # fmt: skip
    made: Object = {
        **document, "metadata": meta, "spec": dig(template, "spec", default={}), "status": {},
    }  # fmt: skip
    return _converted(Pod, made)
