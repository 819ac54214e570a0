"""A story's YAML as the objects that a pilot would have heard of. Never: a check of them."""

from telltale.kube import codec
from telltale.kube.cluster import ConfigMap, Node, Secret
from telltale.kube.codec import Object
from telltale.kube.core import Pod
from telltale.kube.istio.message import Config
from telltale.kube.service import EndpointSlice, Service
from telltale.pilot.intake.read import CONFIGS, Objects


def objects_from(found: list[Object]) -> Objects:
    def all_of(kind, shape):
        return tuple(codec.convert(shape, one) for one in found if one["kind"] == kind)

    configs = {
        kind: tuple(
            codec.convert(Config, object) for object in found
            if (object["apiVersion"].rpartition("/")[0], object["kind"])
            == (kind.group, kind.kind)
        )
        for kind in CONFIGS
    }  # fmt: skip
    return Objects(
        all_of("Service", Service), all_of("EndpointSlice", EndpointSlice), all_of("Pod", Pod),
        configs, all_of("Secret", Secret), all_of("ConfigMap", ConfigMap), all_of("Node", Node),
    )  # fmt: skip
