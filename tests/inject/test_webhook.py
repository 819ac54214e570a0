"""The webhook over real TLS on loopback, with a certificate of our own authority."""

import asyncio
import base64
import io
import json
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import pytest

from telltale.ca.authority import new_authority
from telltale.ca.tls import client_context, server_context
from telltale.inject.settings import SidecarSettings
from telltale.inject.webhook import BODY_BYTES_MAX, Listen, serve, serving
from telltale.model.scope import Origin
from telltale.model.startup import Starts, Startup

pytestmark = pytest.mark.live

SETTINGS = SidecarSettings(proxy_image="telltale/proxyv2:1.0")
NAMES = ("istio-pilot.istio-system.svc", "localhost")
HERE = Listen("127.0.0.1", 0)
Talk = Callable[[aiohttp.ClientSession, str], Coroutine[None, None, None]]


def _settings() -> SidecarSettings:
    return SETTINGS


@asynccontextmanager
async def _running() -> AsyncIterator[tuple[int, bytes]]:
    authority = new_authority("telltale", datetime.now(UTC))
    tls = server_context(authority.server(NAMES, datetime.now(UTC)))
    async with serving(_settings, tls, HERE) as port:
        yield port, authority.certificate


def converse(talk: Talk) -> None:
    async def run() -> None:
        async with asyncio.timeout(20), _running() as (port, root):
            connector = aiohttp.TCPConnector(ssl=client_context(root))
            async with aiohttp.ClientSession(connector=connector) as session:
                await talk(session, f"https://localhost:{port}")

    asyncio.run(run())


def _review(pod: object) -> dict[str, object]:
    request = {"uid": "u-1", "namespace": "default", "operation": "CREATE", "object": pod}
    asked = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
    return {**asked, "request": request}


POD = {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}]}}


def test_a_pod_is_patched_over_tls() -> None:
    async def talk(session: aiohttp.ClientSession, url: str) -> None:
        # The API server adds the timeout to the path's query.
        async with session.post(f"{url}/inject?timeout=10s", json=_review(POD)) as answer:
            assert answer.status == 200
            assert answer.content_type == "application/json"
            told = await answer.json()
        assert told["response"]["allowed"] is True
        assert told["response"]["patch"]
        async with session.get(f"{url}/ready") as answer:
            assert answer.status == 200

    converse(talk)


def test_each_pod_is_injected_as_the_objects_of_its_moment_say() -> None:
    workers = iter((2, 7))

    def told() -> SidecarSettings:
        one = Starts(Origin("", "p", "default"), (), Startup(next(workers)))
        return replace(SETTINGS, starts=(one,))

    async def run() -> None:
        authority = new_authority("telltale", datetime.now(UTC))
        tls = server_context(authority.server(NAMES, datetime.now(UTC)))
        async with asyncio.timeout(20), serving(told, tls, HERE) as port:
            connector = aiohttp.TCPConnector(ssl=client_context(authority.certificate))
            async with aiohttp.ClientSession(connector=connector) as session:
                for count in (2, 7):
                    url = f"https://localhost:{port}/inject"
                    async with session.post(url, json=_review(POD)) as answer:
                        patch = (await answer.json())["response"]["patch"]
                    assert f'{{\\"concurrency\\":{count}}}' in base64.b64decode(patch).decode()

    asyncio.run(run())


def test_what_cannot_be_read_is_answered_and_the_next_is_served() -> None:
    async def talk(session: aiohttp.ClientSession, url: str) -> None:
        for data, status, says in (
            (b"{", 400, "not an AdmissionReview"),
            (b"\xff" * 100, 400, "not an AdmissionReview"),
            (b" " * (BODY_BYTES_MAX + 1), 413, f"larger than {BODY_BYTES_MAX} bytes"),
        ):
            async with session.post(f"{url}/inject", data=io.BytesIO(data)) as answer:
                assert answer.status == status
                told = json.loads(await answer.text())
            assert told["response"]["allowed"] is False
            assert says in told["response"]["status"]["message"]
        async with session.get(f"{url}/inject") as answer:
            assert answer.status == 405
        async with session.post(f"{url}/elsewhere", json={}) as answer:
            assert answer.status == 404
        async with session.post(f"{url}/inject", json=_review(POD)) as answer:
            assert (await answer.json())["response"]["allowed"] is True

    converse(talk)


def test_many_at_once() -> None:
    async def talk(session: aiohttp.ClientSession, url: str) -> None:
        async def one() -> bool:
            async with session.post(f"{url}/inject", json=_review(POD)) as answer:
                return bool((await answer.json())["response"]["allowed"])

        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(one()) for _ in range(50)]
        assert all(task.result() for task in asked)

    converse(talk)


def test_a_client_with_another_root_does_not_trust_it() -> None:
    async def run() -> None:
        other = new_authority("other", datetime.now(UTC))
        async with _running() as (port, _):
            connector = aiohttp.TCPConnector(ssl=client_context(other.certificate))
            async with aiohttp.ClientSession(connector=connector) as session:
                with pytest.raises(aiohttp.ClientConnectorCertificateError):
                    await session.get(f"https://localhost:{port}/ready")

    asyncio.run(run())


def test_old_tls_is_refused() -> None:
    async def run() -> None:
        async with _running() as (port, root):
            old = client_context(root)
            with pytest.warns(DeprecationWarning):
                old.minimum_version = ssl.TLSVersion.TLSv1
                old.maximum_version = ssl.TLSVersion.TLSv1_1
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.open_connection("localhost", port, ssl=old)

    asyncio.run(run())


def test_a_taken_port_is_an_os_error_and_serve_ends_when_cancelled() -> None:
    async def run() -> None:
        authority = new_authority("telltale", datetime.now(UTC))
        tls = server_context(authority.server(NAMES, datetime.now(UTC)))
        async with serving(_settings, tls, HERE) as port:
            with pytest.raises(OSError, match="address already in use"):
                await serve(_settings, tls, Listen("127.0.0.1", port))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await serve(_settings, tls, HERE)

    asyncio.run(run())
