"""A request from A to Service B whose ends are ready: what lies between them. Pure.

Never: sent, and never routes or policies; `NOT_EXAMINED` says so wherever this is shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from telltale.kube.service import Service
from telltale.why import parts
from telltale.why.pods import key_of, sidecar
from telltale.why.symptom import Question, Subject
from telltale.why.world import World

NOT_EXAMINED = "routing rules, policies, and what the app itself answers"


@dataclass(frozen=True, slots=True)
class Fact:
    well: bool
    text: str


def examine(question: Question, subject: Subject, world: World) -> Iterator[Fact]:
    """Nothing for a subject that is no request."""
    service = subject.service
    if service is None:
        return
    yield from _service(question, service, world)
    meshed = [pod for pod in world.focused() if sidecar(pod)]
    cut_off = [pod for pod in meshed if parts.connected_now(world, key_of(pod)) is False]
    if cut_off:
        yield Fact(False, f"{cut_off[0].metadata.name} is cut off from the pilot")
    elif meshed:
        yield Fact(True, f"the proxies of both ends have their configuration ({len(meshed)} pods)")
    plain = [pod for pod in world.focused() if not sidecar(pod)]
    if plain:
        yield Fact(True, f"without istio-proxy, by plain ClusterIP: {plain[0].metadata.name}")
    if dns := len(parts.dns(world).ready):
        yield Fact(True, f"the cluster's DNS has {dns} ready pod{'s' if dns > 1 else ''}")


def _service(question: Question, service: Service, world: World) -> Iterator[Fact]:
    name = f"Service {service.metadata.namespace}/{service.metadata.name}"
    ports = [one.port for one in service.spec.ports]
    shown = ", ".join(map(str, ports)) or "no port"
    if question.port and question.port not in ports:
        yield Fact(False, f"{name} has no port {question.port}; it has {shown}")
    else:
        yield Fact(True, f"{name} has port {question.port or shown}")
    if "endpointslices" not in world.complete:
        return
    count = world.endpoints(service)
    chosen = ",".join(f"{k}={v}" for k, v in sorted(service.spec.selector.items()))
    if count:
        yield Fact(True, f"{name} has {count} ready endpoint{'s' if count > 1 else ''}")
    else:
        yield Fact(False, f"{name} has no ready endpoint (it selects {chosen or 'nothing'})")
