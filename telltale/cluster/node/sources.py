"""What a pod may draw on: ConfigMaps, Secrets, Services, itself. Never: a client."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from telltale.kube.cluster import ConfigMap, Secret
from telltale.kube.core import Pod
from telltale.kube.service import Service


class Missing(Exception):
    """Something that a pod needs is not there; `str()` is the kubelet's sentence."""


class Sources(Protocol):
    def config_map(self, namespace: str, name: str) -> ConfigMap | None: ...
    def secret(self, namespace: str, name: str) -> Secret | None: ...
    def services(self) -> Iterable[Service]: ...


@dataclass(frozen=True, slots=True)
class Placed:
    """A pod and where it is: what the downward API can tell."""

    pod: Pod
    address: str = ""
    host: str = ""
    cpus: int = 1
    memory_bytes: int = 0
