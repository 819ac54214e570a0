"""What a plan costs the pilot: of a mesh read for the first time, and of one edit in it.

Pure work in one process, no cluster: SERVICES services in ten namespaces, four endpoints each, a
tenth of them with a VirtualService and subsets, one proxy connected in each namespace. The peer of
an edit is the cold plan of the same mesh: what it would cost to begin anew.
"""

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator

import msgspec

from bench.row import Row
from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.core import Pod
from telltale.kube.istio.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from telltale.kube.istio.message import Config
from telltale.kube.service import EndpointSlice, Service
from telltale.lib.clock import SystemClock
from telltale.model.mesh import Options
from telltale.model.workload import Proxy, Workload
from telltale.pilot.classes import Key
from telltale.pilot.metrics import Metrics
from telltale.pilot.push import Push
from telltale.pilot.watch import Current
from telltale.pilot.xds.order import CDS, EDS, RDS

SIZES = (100, 1000)
NAMESPACES = 10
ENDPOINTS = 4
RUNS = 5

Edit = Callable[[Current, int], None]


def measure() -> list[Row]:
    return [row for size in SIZES for row in _of(size)]


def _of(size: int) -> Iterator[Row]:
    cold = sorted(_cold(size) for _ in range(RUNS))[RUNS // 2]
    push, current = _world(size)
    _plan(push)
    yield Row(f"cold plan, {size} services", cold * 1e3, "ms", _checked(push))
    for name, edit in _EDITS.items():
        took = sorted(_edited(push, current, edit, one) for one in range(RUNS))[RUNS // 2]
        yield Row(
            f"{name}, {size} services", took * 1e3, "ms",
            f"median of {RUNS}; every class has other bytes for it", cold * 1e3,
        )  # fmt: skip
    yield Row(f"a status written, {size} services", _told(push, current) * 1e3, "ms",
              "no lane has anything to do: nothing is read, planned or sent")  # fmt: skip
    yield Row(f"memory of the plans, {size} services", _memory(size), "MB", "tracemalloc")


def _cold(size: int) -> float:
    push, _ = _world(size)
    gc.collect()
    began = time.process_time()
    _plan(push)
    return time.process_time() - began


def _edited(push: Push, current: Current, edit: Edit, turn: int) -> float:
    before = _versions(push)
    edit(current, turn)
    began = time.process_time()
    _plan(push)
    took = time.process_time() - began
    if before & _versions(push):
        raise SystemExit(f"turn {turn}: a class has what it had before")
    return took


def _route(current: Current, turn: int) -> None:
    current.apply_config(VIRTUAL_SERVICE, Change.MODIFIED, _routing(0, 10 + turn))


def _add(current: Current, turn: int) -> None:
    current.apply_service(Change.ADDED, _service(5000 + turn))


def _rule(current: Current, turn: int) -> None:
    one = _policy(0)
    spec = {**one.spec, "trafficPolicy": {"connectionPool": {"tcp": {"maxConnections": turn + 1}}}}
    current.apply_config(DESTINATION_RULE, Change.MODIFIED, msgspec.structs.replace(one, spec=spec))


_EDITS: dict[str, Edit] = {
    "one route edited": _route, "one Service added": _add, "one DestinationRule edited": _rule,
}  # fmt: skip


def _told(push: Push, current: Current) -> float:
    """A watch event that changes nothing of what the mesh is made of."""
    one = msgspec.structs.replace(_routing(0, 10 + RUNS - 1), status={"observedGeneration": 2})
    before = current.whole.version, current.parts.version
    began = time.process_time()
    current.apply_config(VIRTUAL_SERVICE, Change.MODIFIED, one)
    took = time.process_time() - began
    if (current.whole.version, current.parts.version) != before:
        raise SystemExit("a status made the mesh be read again")
    return took


def _versions(push: Push) -> set[tuple[Key, str]]:
    """Of clusters and routes together."""
    return {(key, f"{one.of(CDS).version} {one.of(RDS).version}")
            for key, one in push.snapshots.items()}  # fmt: skip


def _memory(size: int) -> float:
    tracemalloc.start()
    push, _ = _world(size)
    before = tracemalloc.get_traced_memory()[0]
    _plan(push)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / 1e6


def _plan(push: Push) -> None:
    """What the push loop does on a change, without its pauses."""
    push.read()
    for number in range(NAMESPACES):
        if str(number) not in push.members:
            push.attach(str(number), _proxy(number))
    for member in push.members.values():
        member.key = push.plans.key(member.proxy)
    for key in {member.key for member in push.members.values()}:
        push.snapshots[key] = push.snapshot(key, 0.0)


def _checked(push: Push) -> str:
    one = next(iter(push.snapshots.values()))
    counted = [len(one.of(kind).resources) for kind in (CDS, EDS, RDS)]
    return f"{NAMESPACES} classes; {counted[0]} clusters, {counted[1]} assignments each"


def _world(size: int) -> tuple[Push, Current]:
    clock = SystemClock()
    current = Current(clock)
    fill(current, size)
    return Push(current, Options(), clock, Metrics("bench")), current


def fill(current: Current, size: int) -> None:
    """The services, endpoints, pods and rules of all rows."""
    for number in range(size):
        current.apply_service(Change.ADDED, _service(number))
        current.apply_slice(Change.ADDED, _slice(number))
        for index in range(ENDPOINTS):
            current.apply_pod(Change.ADDED, _pod(number, index))
        if number % 10 == 0:
            current.apply_config(VIRTUAL_SERVICE, Change.ADDED, _routing(number, 50))
            current.apply_config(DESTINATION_RULE, Change.ADDED, _policy(number))


def _meta(number: int, name: str) -> dict[str, str]:
    return {"name": name, "namespace": f"ns-{number % NAMESPACES}"}


def _service(number: int) -> Service:
    address = f"172.19.{number // 250}.{number % 250 + 1}"
    spec = {"clusterIP": address, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
    return codec.convert(Service, {"metadata": _meta(number, f"svc-{number}"), "spec": spec})


def moved_slice(number: int, address: str) -> EndpointSlice:
    """A service's endpoints, the first of them at another address."""
    found = _slice(number)
    first, *rest = found.endpoints
    moved = msgspec.structs.replace(first, addresses=[address])
    return msgspec.structs.replace(found, endpoints=[moved, *rest])


def _slice(number: int) -> EndpointSlice:
    meta = _meta(number, f"svc-{number}-1")
    pod = {"kind": "Pod", "namespace": meta["namespace"]}
    endpoints = [
        {"addresses": [_address(number, index)],
         "targetRef": {**pod, "name": f"p-{number}-{index}"}}
        for index in range(ENDPOINTS)
    ]  # fmt: skip
    return codec.convert(EndpointSlice, {
        "metadata": {**meta, "labels": {"kubernetes.io/service-name": f"svc-{number}"}},
        "ports": [{"name": "http", "port": 8080}], "endpoints": endpoints,
    })  # fmt: skip


def _pod(number: int, index: int) -> Pod:
    labels = {"app": f"svc-{number}", "version": f"v{index % 2 + 1}"}
    return codec.convert(Pod, {
        "metadata": {**_meta(number, f"p-{number}-{index}"), "labels": labels},
        "status": {"podIP": _address(number, index), "phase": "Running"},
    })  # fmt: skip


def _address(number: int, index: int) -> str:
    return f"172.16.{number // 60}.{number % 60 * ENDPOINTS + index}"


def _routing(number: int, weight: int) -> Config:
    host = f"svc-{number}"
    shares = [
        {"destination": {"host": host, "subset": "v1"}, "weight": weight},
        {"destination": {"host": host, "subset": "v2"}, "weight": 100 - weight},
    ]
    spec = {"hosts": [host], "http": [{"route": shares}]}
    return codec.convert(Config, {"metadata": _meta(number, host), "spec": spec})


def _policy(number: int) -> Config:
    subsets = [{"name": name, "labels": {"version": name}} for name in ("v1", "v2")]
    spec = {"host": f"svc-{number}", "subsets": subsets}
    return codec.convert(Config, {"metadata": _meta(number, f"svc-{number}"), "spec": spec})


def _proxy(number: int) -> Proxy:
    workload = Workload(f"client-{number}", f"ns-{number}", addresses=(f"172.16.250.{number + 1}",))
    return Proxy(f"sidecar~{workload.addresses[0]}~{workload.key}~x", workload)
