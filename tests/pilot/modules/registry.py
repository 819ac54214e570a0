"""A registry (OCI distribution, version 2) and a server of files, on loopback.

Whoever asks needs a token that is given for the right password; a blob is answered with a redirect.
"""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256

from aiohttp import web

USER, PASSWORD, TOKEN = "u", "p", "t0"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest(body: bytes) -> str:
    return f"sha256:{sha256(body).hexdigest()}"


@dataclass
class Registry:
    """`broken`: what every request is answered with. `asked`: paths, in their order."""

    port: int
    manifests: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    locked: bool = False
    broken: int = 0
    asked: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def holds(self, name: str, body: bytes, layer: str, config: str = "") -> str:
        """An image of one layer; its digest."""
        self.blobs[digest(body)] = body
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": {"mediaType": config},
            "layers": [{"mediaType": layer, "digest": digest(body), "size": len(body)}],
        }).encode()  # fmt: skip
        return self._manifest(name, manifest)

    def lists(self, name: str, of: str) -> str:
        """An index that leads to a manifest, for a machine that is not ours besides."""
        other = {"digest": digest(b""), "platform": {"os": "linux", "architecture": "arm64"}}
        mine = {"digest": of, "platform": {"os": "linux", "architecture": "amd64"}}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [other, mine]}
        return self._manifest(name, json.dumps(index).encode())

    def _manifest(self, name: str, body: bytes) -> str:
        self.manifests[name] = self.manifests[digest(body)] = body
        return digest(body)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        said = request.headers.get("Authorization", "")
        if self.broken:
            return web.Response(status=self.broken)
        if request.path == "/token":
            pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if said != f"Basic {pair}":
                return web.Response(status=401)
            return web.json_response({"token": TOKEN})
        if request.path.startswith("/v2/") and self.locked and said != f"Bearer {TOKEN}":
            asks = f'Bearer realm="http://{self.host}/token",service="here"'
            return web.Response(status=401, headers={"WWW-Authenticate": asks})
        *_, kind, name = request.path.split("/")
        if kind == "manifests" and name in self.manifests:
            return web.Response(body=self.manifests[name])
        if kind == "blobs" and name in self.blobs:
            # As clouds do: to another host, which must not see who we are.
            where = f"http://localhost:{self.port}/stored/{name}"
            return web.Response(status=307, headers={"Location": where})
        if kind == "stored":
            self.leaked += [said] if said else []
            return web.Response(body=self.blobs[name])
        found = self.files.get(request.path)
        return web.Response(body=found) if found is not None else web.Response(status=404)


@asynccontextmanager
async def serving(port: int) -> AsyncIterator[Registry]:
    registry = Registry(port)
    application = web.Application()
    application.router.add_route("*", "/{any:.*}", registry.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield registry
    finally:
        await runner.cleanup()
