"""Nodes into places. Pure. Never: whether a node is well."""

from collections.abc import Iterable

from telltale.kube.cluster import Node
from telltale.model.place import NOWHERE, REGION, SUBZONE, ZONE, Place

# As nodes were labelled before Kubernetes 1.17.
_OLD_REGION = "failure-domain.beta.kubernetes.io/region"
_OLD_ZONE = "failure-domain.beta.kubernetes.io/zone"


def read(given: Iterable[Node]) -> dict[str, Place]:
    """By name; a node that does not say where it is is left out."""
    places = ((node.metadata.name, place_of(node)) for node in given)
    return {name: place for name, place in places if place != NOWHERE}


def place_of(node: Node) -> Place:
    labels = node.metadata.labels
    return Place(
        labels.get(REGION) or labels.get(_OLD_REGION, ""),
        labels.get(ZONE) or labels.get(_OLD_ZONE, ""), labels.get(SUBZONE, ""),
    )  # fmt: skip
