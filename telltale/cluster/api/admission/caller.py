"""How a webhook is reached: HTTPS, the certificate judged by the configuration's own CA bundle.

A Service is reached at its ClusterIP. Never: what is asked, or what the answer means.
"""

import base64
import binascii
import ssl
from io import BytesIO
from typing import Protocol

import aiohttp

from telltale.cluster.api.far import whole
from telltale.cluster.api.objects import text
from telltale.cluster.store.revisions import Store
from telltale.cluster.store.stored import Key
from telltale.kube.admission import ClientConfig

_MOST_BYTES = 16 * 1024 * 1024


class Unreachable(Exception):
    """No usable answer; the message says from where and why."""


class Caller(Protocol):
    async def post(self, client: ClientConfig, body: bytes) -> bytes:
        """The answer's body. Raises `Unreachable`. The caller of this sets the time limit."""
        ...


class HttpsCaller:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def post(self, client: ClientConfig, body: bytes) -> bytes:
        host, url = self._where(client)
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(
                    url, data=BytesIO(body), headers={"Content-Type": "application/json"},
                    ssl=_trust(client), server_hostname=host or None, allow_redirects=False,
                ) as answer,
            ):  # fmt: skip
                found = await whole(answer.content, _MOST_BYTES)
                if answer.status >= 300:
                    said = found[:200].decode(errors="replace").strip()
                    raise Unreachable(f"{url}: the webhook answered {answer.status} {said}")
                return found
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f'Post "{_named(client)}": {error}') from error

    def _where(self, client: ClientConfig) -> tuple[str, str]:
        """The name that the certificate must be good for ("" when the URL has it), and the URL."""
        service = client.service
        if service is None:
            return "", client.url
        found = self._store.get(Key("services", service.namespace, service.name))
        address = text(found.object(), "spec", "clusterIP") if found else ""
        if not address or address == "None":
            missing = "not found" if found is None else "has no ClusterIP"
            raise Unreachable(f'Post "{_named(client)}": service "{service.name}" {missing}')
        path = service.path if service.path.startswith("/") else f"/{service.path}"
        host = f"{service.name}.{service.namespace}.svc"
        return host, f"https://{address}:{service.port}{path}"


def _named(client: ClientConfig) -> str:
    """The URL as people know it."""
    if client.service is None:
        return client.url
    service = client.service
    path = service.path if service.path.startswith("/") else f"/{service.path}"
    return f"https://{service.name}.{service.namespace}.svc:{service.port}{path}"


def _trust(client: ClientConfig) -> ssl.SSLContext:
    if not client.ca_bundle:
        return ssl.create_default_context()
    try:
        bundle = base64.b64decode(client.ca_bundle).decode()
        return ssl.create_default_context(cadata=bundle)
    except (binascii.Error, UnicodeDecodeError, ssl.SSLError) as error:
        raise Unreachable(
            f"{_named(client)}: the caBundle is not a certificate: {error}"
        ) from error
