"""Faults on purpose: made, remembered in the cluster itself, and taken back exactly.

The memory is ConfigMap kube-system/telltale-faults, written before anything is changed, so that
another shell, or we after a crash, can take it back. Never: a fault that is not in the catalogue.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from telltale.kube import codec, errors, kinds
from telltale.kube.client import Client
from telltale.kube.codec import Json, Object, dig
from telltale.kube.core import ContainerStatus, Pod
from telltale.kube.meta import Ref
from telltale.kube.service import EndpointSlice
from telltale.why import taken_back
from telltale.why.apply import Hands, apply, execute_once, read
from telltale.why.causes.every import FAULTS
from telltale.why.fix import Create, DeletePods, Exec, Fault, Patch, Readdress, RestartProxies, Step
from telltale.why.pods import workload
from telltale.why.taken_back import Fate

MEMORY = Ref("ConfigMap", "kube-system", "telltale-faults")
DNS = Ref("Service", "kube-system", "kube-dns")
PILOT = Ref("Service", "istio-system", "istio-pilot")
PILOT_PORT = 15010
SHOW_S = 20.0
EXEC_S = 120.0


class NoSuchFault(ValueError):
    """A name that is not in the catalogue; the message lists those that are."""


@dataclass(frozen=True, slots=True)
class Pace:
    tell: Callable[[str], None]
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    exec_s: float = EXEC_S


async def break_(hands: Hands, name: str, namespace: str, pace: Pace) -> Fault:
    """Makes a fault, and says what it does.

    Raises `NoSuchFault`, or `ApiError`: with nothing changed or, when a later step fails, with the
    memory kept so that `undo` takes back what was done.
    """
    fault = find(name)
    memory = await _remembered(hands.client)
    if name in memory:
        raise errors.Conflict(f"{name} is broken already: `telltale mend` takes it back")
    if hands.execute is None and any(isinstance(one, Exec | RestartProxies) for one in fault.steps):
        raise errors.BadRequest(f"{name} runs commands in pods: kubectl is needed")
    steps = [await _aimed(hands.client, step, namespace) for step in fault.steps]
    undo: list[Step] = []
    for step in steps:
        undo[:0] = await taken_back.before(hands.client, step)
    await _remember(hands.client, name, {"order": len(memory), "undo": taken_back.to_json(undo)})
    for step in steps:
        pace.tell(step.command)
        await _make(hands, step, pace)
    left = await taken_back.made(hands.client, undo)
    entry: Object = {"order": len(memory), "undo": taken_back.to_json(undo), "left": left}
    await _remember(hands.client, name, entry)
    return fault


class Outcome(StrEnum):
    """What became of a fault that was to be taken back."""

    TAKEN_BACK = "taken back"
    MENDED = "mended already, nothing to take back"
    OVER = "over by itself, nothing to take back"
    LEFT = "changed since, left as it is"


async def undo(hands: Hands, tell: Callable[[str], None]) -> dict[str, Outcome]:
    """Takes every fault back, the last one first, and says what became of each; none: empty.

    What is as it was before is not touched, nor is what somebody else has changed since.
    """
    memory = await _remembered(hands.client)
    done = {}
    for name in sorted(memory, key=lambda one: -int(str(dig(memory[one], "order", default=0)))):
        done[name] = await _undo(hands, memory[name], tell)
        await _forget(hands.client, name)
    return done


async def _undo(hands: Hands, entry: Json, tell: Callable[[str], None]) -> Outcome:
    steps = taken_back.from_json(dig(entry, "undo", default=[]))
    known = dig(entry, "left")
    left = known if isinstance(known, list) else [None] * len(steps)
    fates = set()
    for kept, as_left in zip(steps, left, strict=True):
        if isinstance(kept, DeletePods) and Fate.STANDS not in fates:
            continue  # only there to hurry what was taken back
        try:
            found = await taken_back.fate(hands.client, kept, as_left)
            fates.add(found)
            if found is Fate.STANDS:
                step = await _aimed(hands.client, kept, "")
                tell(step.command)
                await apply(hands, step)
            elif found is Fate.CHANGED and isinstance(kept, Patch | Readdress):
                tell(f"{kept.ref} is neither as it was nor as it was broken: left as it is")
        except errors.NotFound as error:
            tell(f"gone meanwhile, nothing to take back: {error}")
    if not steps:
        return Outcome.OVER
    if Fate.CHANGED in fates:
        return Outcome.LEFT
    return Outcome.TAKEN_BACK if Fate.STANDS in fates else Outcome.MENDED


async def broken(client: Client) -> tuple[str, ...]:
    """The faults that are made at present."""
    return tuple(sorted(await _remembered(client)))


def find(name: str) -> Fault:
    """A fault of the catalogue. Raises `NoSuchFault`."""
    if name not in FAULTS:
        raise NoSuchFault(f"no fault {name!r}; there are: {', '.join(sorted(FAULTS))}")
    return FAULTS[name]


async def _aimed(client: Client, step: Step, namespace: str) -> Step:
    """A step with this namespace, and with what stands for values of the moment filled in."""

    def at(ref: Ref) -> Ref:
        return replace(ref, namespace=ref.namespace.replace("{namespace}", namespace))

    match step:
        case Readdress(ref):
            now = str(dig(await read(client, at(ref)), "spec", "clusterIP", default=""))
            return replace(step, ref=at(ref), was=now)
        case Create(made):
            named = "{dns}" in codec.encode(made).decode()
            found = _filled(made, "{dns}", await _dns_address(client)) if named else made
            assert isinstance(found, dict)
            return Create(found)
        case Patch(ref, body):
            target = await read(client, at(ref))
            mesh = str(dig(target, "data", "mesh", default="")).rstrip("\n")
            filled = _filled(body, "{mesh}", mesh)
            assert isinstance(filled, dict)
            return replace(step, ref=at(ref), body=filled)
        case Exec(workload):
            return replace(step, workload=at(workload))
        case DeletePods() | RestartProxies():
            return replace(step, namespace=step.namespace.replace("{namespace}", namespace))
        case _:
            return step


async def _dns_address(client: Client) -> str:
    return str(dig(await read(client, DNS), "spec", "clusterIP", default=""))


def _filled(value: Json, word: str, text: str) -> Json:
    if isinstance(value, str):
        return value.replace(word, text)
    if isinstance(value, list):
        return [_filled(one, word, text) for one in value]
    if isinstance(value, dict):
        return {key: _filled(one, word, text) for key, one in value.items()}
    return value


async def _make(hands: Hands, step: Step, pace: Pace) -> None:
    """One step of a fault, and the wait after which it shows."""
    match step:
        case Exec():
            await _repeat(hands, step, pace)
        case RestartProxies():
            await _until(pace, "the pilot to be gone", partial(_pilot_gone, hands.client))
            await apply(hands, step)
        case Patch(ref, body) if ref.kind == "Deployment" and dig(body, "spec", "template"):
            before = await _pods_of(hands.client, ref)
            await apply(hands, step)
            await _until(pace, f"a new pod of {ref}", partial(_new_pod, hands.client, ref, before))
        case _:
            await apply(hands, step)


async def _until(pace: Pace, what: str, true: Callable[[], Awaitable[bool]]) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + SHOW_S
    while not await true():
        if loop.time() > until:
            raise errors.Timeout(f"waited {SHOW_S:.0f} s for {what}")
        await pace.pause(0.3)


async def _pilot_gone(client: Client) -> bool:
    """Nobody answers behind the pilot's Service: proxies that start now stay without."""
    slices = (await client.list(kinds.ENDPOINT_SLICE, PILOT.namespace)).items
    behind = [one for one in slices if one.service == PILOT.name]
    return not any(
        one.ready for part in behind if _carries(part) for one in part.endpoints
    )  # fmt: skip


def _carries(part: EndpointSlice) -> bool:
    return not part.ports or any(one.port == PILOT_PORT for one in part.ports)


async def _pods_of(client: Client, ref: Ref) -> frozenset[str]:
    pods = (await client.list(kinds.POD, ref.namespace)).items
    return frozenset(pod.metadata.name for pod in pods if workload(pod) == ref)


async def _new_pod(client: Client, ref: Ref, before: frozenset[str]) -> bool:
    return bool(await _pods_of(client, ref) - before)


async def _repeat(hands: Hands, step: Exec, pace: Pace) -> None:
    """Runs the command, and again whenever the container is back, until it waits long enough."""
    pod = await execute_once(hands, step)
    loop = asyncio.get_running_loop()
    until, seen = loop.time() + pace.exec_s, _restarts(pod, step.container)
    while step.restarts:
        if loop.time() > until:
            raise errors.Timeout(
                f"{pod.metadata.name}: {step.container} does not wait after {pace.exec_s:.0f} s"
            )
        await pace.pause(0.5)
        now = await hands.client.get(kinds.POD, pod.metadata.name, pod.metadata.namespace)
        status = _status(now, step.container)
        if status is None:
            continue
        if status.state.waiting and status.restart_count >= step.restarts:
            return
        if status.state.running and status.restart_count > seen:
            seen = status.restart_count
            pace.tell(f"{pod.metadata.name}: {step.container} restarted {seen} times")
            await execute_once(hands, step)


def _status(pod: Pod, container: str) -> ContainerStatus | None:
    return next((one for one in pod.status.container_statuses if one.name == container), None)


def _restarts(pod: Pod, container: str) -> int:
    status = _status(pod, container)
    return status.restart_count if status else 0


async def _remembered(client: Client) -> dict[str, Json]:
    try:
        found = await client.get(kinds.CONFIG_MAP, MEMORY.name, MEMORY.namespace)
    except errors.NotFound:
        return {}
    return {name: codec.parse(text) for name, text in found.data.items()}


async def _remember(client: Client, name: str, entry: Object) -> None:
    data: Object = {name: codec.encode(entry).decode()}
    meta: Object = {"name": MEMORY.name, "namespace": MEMORY.namespace}
    try:
        await client.create(kinds.CONFIG_MAP, {"metadata": meta, "data": data})
    except errors.AlreadyExists:
        await client.patch(
            kinds.CONFIG_MAP, MEMORY.name, {"data": data}, namespace=MEMORY.namespace
        )


async def _forget(client: Client, name: str) -> None:
    patch: Object = {"data": {name: None}}
    left = await client.patch(kinds.CONFIG_MAP, MEMORY.name, patch, namespace=MEMORY.namespace)
    if not left.data:
        await client.delete(kinds.CONFIG_MAP, MEMORY.name, MEMORY.namespace)
