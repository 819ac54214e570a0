"""pods/log: what a container has written, from the node. Never: keeping it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from telltale.cluster.api.api import not_allowed
from telltale.cluster.api.core import Core
from telltale.cluster.api.objects import listed, name_of, text
from telltale.cluster.api.request import Answer, Ask, Call, Reply, Stream
from telltale.cluster.api.subresources.door import Door
from telltale.cluster.api.verbs.update import find
from telltale.cluster.kubelet import LogRequest
from telltale.kube import errors
from telltale.kube.codec import Object
from telltale.lib.moment import parse_rfc3339

_TEXT = "text/plain"


class Logs:
    def __init__(self, door: Door) -> None:
        self._door = door

    async def log(self, core: Core, call: Call) -> Reply:
        """What is refused is refused before the stream begins: the first chunk is awaited."""
        if call.ask.method not in ("GET", "HEAD"):
            raise not_allowed()
        pod = find(core, call).object()
        container = container_of(pod, call.ask.one("container"))
        if not text(pod, "spec", "nodeName"):
            return Answer(200, b"", _TEXT)
        chunks = self._door.open().logs(_request(call, container, core.clock.now()))
        try:
            first = await anext(chunks)
        except StopAsyncIteration:
            return Answer(200, b"", _TEXT)
        return Stream(_joined(first, chunks), _TEXT)


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _request(call: Call, container: str, now: datetime) -> LogRequest:
    ask, target = call.ask, call.target
    return LogRequest(
        target.namespace, target.name, container, follow=ask.true("follow"),
        previous=ask.true("previous"), timestamps=ask.true("timestamps"),
        tail_lines=_number(ask, "tailLines"), since_seconds=_since(ask, now),
        limit_bytes=_number(ask, "limitBytes"),
    )  # fmt: skip


def _since(ask: Ask, now: datetime) -> float | None:
    """How far back, from whichever of the two ways to say it."""
    given = ask.one("sinceTime")
    if not given:
        return _number(ask, "sinceSeconds")
    if ask.one("sinceSeconds"):
        raise errors.BadRequest("at most one of `sinceTime` or `sinceSeconds` may be specified")
    try:
        moment = parse_rfc3339(given)
    except ValueError:
        raise errors.BadRequest(f'sinceTime: Invalid value: "{given}": not a time') from None
    return (now - moment.astimezone(UTC)).total_seconds()


def _number(ask: Ask, key: str) -> int | None:
    given = ask.one(key)
    if not given:
        return None
    if not given.isdigit():
        raise errors.BadRequest(f'{key}: Invalid value: "{given}": must be a whole number')
    return int(given)


def container_of(pod: Object, asked: str) -> str:
    """The container that is meant. Raises `BadRequest` where that is not clear."""
    names = [text(one, "name") for one in listed(pod, "spec", "containers")]
    first = [text(one, "name") for one in listed(pod, "spec", "initContainers")]
    if asked:
        if asked not in names + first:
            raise errors.BadRequest(f"container {asked} is not valid for pod {name_of(pod)}")
        return asked
    if len(names) == 1:
        return names[0]
    also = f" or one of the init containers: [{' '.join(first)}]" if first else ""
    raise errors.BadRequest(
        f"a container name must be specified for pod {name_of(pod)}, choose one of:"
        f" [{' '.join(names)}]{also}"
    )
