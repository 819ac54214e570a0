"""An API server that answers from a script, for what a conversation must look like from our side.

What it says is written by hand; how a real one behaves is tested against the real one.
"""

from collections import deque
from collections.abc import AsyncIterator

from telltale.kube import codec
from telltale.kube.codec import Json
from telltale.kube.errors import ApiError, Unavailable
from telltale.kube.transport import Request, Response, error_of

Answer = Response | list[Json] | ApiError  # an answer, the events of a watch, or none at all


def says(body: Json, code: int = 200) -> Response:
    return Response(code, codec.encode(body))


class Scripted:
    """Each request takes the next answer; after the last nobody is there any more."""

    def __init__(self, *answers: Answer) -> None:
        self.asked: list[Request] = []
        self._answers = deque(answers)

    async def send(self, request: Request) -> Response:
        answer = self._next(request)
        assert isinstance(answer, Response), "the script has a watch here"
        return answer

    async def lines(self, request: Request) -> AsyncIterator[bytes]:
        answer = self._next(request)
        if isinstance(answer, Response):
            raise error_of(answer.code, answer.body)
        for event in answer:
            yield codec.encode(event)

    def _next(self, request: Request) -> Response | list[Json]:
        self.asked.append(request)
        answer = self._answers.popleft() if self._answers else Unavailable("the script is over")
        if isinstance(answer, ApiError):
            raise answer
        return answer
