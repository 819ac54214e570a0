"""A whole API server without sockets, asked request by request."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from telltale.cluster.api.request import MASTER, Answer, Ask, Stream, User
from telltale.cluster.api.run import ApiServer, ApiSettings, build
from telltale.kube.codec import Object
from telltale.lib.clock import FakeClock, FakeIds

CONTENT = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


@dataclass
class Told:
    """An answer, read."""

    code: int
    body: Object
    raw: bytes
    headers: dict[str, str]

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))


@dataclass
class Asking:
    """Asks an API server, one request at a time."""

    built: ApiServer
    runner: asyncio.Runner
    clock: FakeClock
    user: User = MASTER
    namespaces: list[str] = field(default_factory=list)

    def __call__(self, method, path, body=None, *, query="", headers=None, raw=None) -> Told:
        found = self.runner.run(
            self.built.api.handle(self._ask(method, path, body, query, headers, raw))
        )
        assert isinstance(found, Answer), f"{method} {path} did not answer at once"
        text = found.body
        with contextlib.suppress(orjson.JSONDecodeError):
            return Told(found.code, orjson.loads(text), text, dict(found.headers))
        return Told(found.code, {}, text, dict(found.headers))

    def patch(self, path, body, how="merge", query=""):
        return self("PATCH", path, body, query=query, headers={"content-type": CONTENT[how]})

    def watch(self, path, query="", take=1, meanwhile=None, limit_s=5.0):
        """The first `take` events of a watch; `meanwhile` runs once it has begun."""

        async def run():
            ask = self._ask("GET", path, None, f"watch=true&{query}", None, None)
            reply = await self.built.api.handle(ask)
            if isinstance(reply, Answer):
                return orjson.loads(reply.body)
            assert isinstance(reply, Stream)
            found = []
            async with asyncio.timeout(limit_s):
                async for chunk in reply.chunks:
                    found += [orjson.loads(line) for line in chunk.splitlines()]
                    if len(found) >= take:
                        break
            await reply.chunks.aclose()
            return found

        async def both():
            watching = asyncio.ensure_future(run())
            await asyncio.sleep(0)
            for method, where, body in meanwhile or ():
                await self.built.api.handle(self._ask(method, where, body, "", None, None))
            return await watching

        return self.runner.run(both())

    def _ask(self, method, path, body, query, headers, raw):
        pairs = [one.partition("=")[::2] for one in query.split("&") if one]
        found: dict[str, tuple[str, ...]] = {}
        for key, value in pairs:
            found[key] = (*found.get(key, ()), value)
        data = raw if raw is not None else orjson.dumps(body) if body is not None else b""
        given = {"content-type": "application/json", **(headers or {})}
        return Ask(method, path, found, given, data, self.user)


@pytest.fixture(scope="session")
def pki_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys are made once for all tests."""
    return tmp_path_factory.mktemp("pki")


@pytest.fixture
def settings(pki_folder: Path) -> ApiSettings:
    return ApiSettings((("127.0.0.1", 0),), pki_folder, store="")


@pytest.fixture
def ask(settings: ApiSettings) -> Iterator[Asking]:
    """With namespaces `default` and `kube-system`, and their default service accounts."""
    clock = FakeClock()
    with asyncio.Runner() as runner:
        asking = Asking(build(settings, clock, FakeIds()), runner, clock)
        for namespace in ("default", "kube-system"):
            asking("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
            account = {"metadata": {"name": "default"}}
            asking("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", account)
        yield asking
        asking.built.store.close()
