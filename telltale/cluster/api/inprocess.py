"""A `kube.transport.Transport` straight onto the API, for those who live in the same process.

Never: HTTP. The identity is that of system:masters; bodies are trusted to have known fields.
"""

from collections.abc import AsyncIterator

from telltale.cluster.api.api import Api
from telltale.cluster.api.request import MASTER, Answer, Ask, Reply, Stream, User
from telltale.kube import errors
from telltale.kube.transport import Request, Response, error_of


class InProcess:
    def __init__(self, api: Api, user: User = MASTER) -> None:
        self._api = api
        self._user = user

    async def send(self, request: Request) -> Response:
        reply = await self._api.handle(self._ask(request))
        if isinstance(reply, Answer):
            return Response(reply.code, reply.body)
        if isinstance(reply, Stream):
            return Response(200, b"".join([chunk async for chunk in reply.chunks]))
        raise errors.BadRequest("a connection cannot be upgraded in process")

    async def lines(self, request: Request) -> AsyncIterator[bytes]:
        reply: Reply = await self._api.handle(self._ask(request))
        if isinstance(reply, Answer):
            if reply.code >= 400:
                raise error_of(reply.code, reply.body)
            for line in reply.body.splitlines():
                yield line
        elif isinstance(reply, Stream):
            buffer = b""
            async for chunk in reply.chunks:
                *whole, buffer = (buffer + chunk).split(b"\n")
                for line in whole:
                    yield line
            if buffer:
                yield buffer

    def _ask(self, request: Request) -> Ask:
        query = {"fieldValidation": ("Ignore",)}
        query.update({key: (value,) for key, value in request.query.items()})
        headers = {"content-type": request.content_type, "accept": "application/json"}
        return Ask(request.method, request.path, query, headers, request.body, self._user)
