"""Reads for the tools: pods, the admin page of a pod's Envoy, the pilots' debug pages.

Envoy's page is on the pod's own loopback, so it is asked by `pilot-agent request` in the sidecar.
Never: a judgement. Raises `ApiError`, one line that names what could not be asked.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from telltale.inspect import dump, pods
from telltale.inspect.dump import Dump
from telltale.kube import codec, errors, exec, kinds
from telltale.kube.client import Client
from telltale.kube.codec import Json, Object
from telltale.kube.core import Pod
from telltale.kube.transport import Server

ROOT_NAMESPACE = "istio-system"
PILOT_LABELS = "app in (istiod, pilot)"
PILOT_PORT = 15014


@dataclass(frozen=True, slots=True)
class Envoy:
    """The Envoy beside a workload."""

    server: Server
    pod: Pod

    async def dump(self, *, endpoints: bool = False) -> Dump:
        page = "config_dump?include_eds" if endpoints else "config_dump"
        return dump.read(await self.page(page))

    async def hosts(self) -> tuple[tuple[str, Object], ...]:
        return dump.hosts(await self.page("clusters?format=json"))

    async def page(self, path: str) -> bytes:
        meta = self.pod.metadata
        if not pods.has_sidecar(self.pod):
            raise errors.NotFound(
                f"pod {meta.namespace}/{meta.name} has no container {pods.SIDECAR}: it is outside "
                "the mesh; label its namespace istio-injection=enabled and create it anew"
            )
        place = exec.Place(meta.namespace, meta.name, pods.SIDECAR)
        ended = await exec.run(self.server, place, ("pilot-agent", "request", "GET", path))
        if ended.code:
            said = " ".join(ended.stderr.split()) or f"exit code {ended.code}"
            raise errors.Unavailable(f"pod {meta.namespace}/{meta.name}: {said}")
        return ended.stdout


async def envoy(client: Client, server: Server, word: str, namespace: str) -> Envoy:
    """That of the pod that is meant, or of the first of a workload's."""
    wanted = pods.parse(word, namespace)
    listing = await client.list(kinds.POD, wanted.namespace)
    return Envoy(server, pods.choose(listing.items, wanted)[0])


@dataclass(frozen=True, slots=True)
class Page:
    """What a pilot said."""

    pilot: str
    body: Json


async def pilot_pages(
    client: Client, path: str, query: Mapping[str, str] | None = None
) -> tuple[Page, ...]:
    """The same page of every pilot that runs. `NotFound` when none of several knows the proxy."""
    listing = await client.list(kinds.POD, ROOT_NAMESPACE, labels=PILOT_LABELS)
    running = sorted(
        pod.metadata.name for pod in listing.items
        if pod.status.phase == "Running" and not pod.metadata.deletion_timestamp
    )  # fmt: skip
    if not running:
        raise errors.Unavailable(
            f"no pilot runs: no running pod in {ROOT_NAMESPACE} has a label {PILOT_LABELS}; "
            "`telltale why` says why"
        )
    asked = (_page(client, name, path, query) for name in running)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    pages = tuple(one for one in answers if isinstance(one, Page))
    for one in answers:
        if isinstance(one, BaseException) and not (pages and isinstance(one, errors.NotFound)):
            raise one
    return pages


async def _page(
    client: Client, name: str, path: str, query: Mapping[str, str] | None
) -> Page:
    url = kinds.POD.path(ROOT_NAMESPACE, f"{name}:{PILOT_PORT}", f"proxy/{path}")
    try:
        return Page(name, codec.parse(await client.raw("GET", url, query)))
    except errors.NotFound:
        raise
    except errors.ApiError as error:
        said = " ".join(str(error).split())
        what = f"pilot {ROOT_NAMESPACE}/{name} cannot be asked for {path}: {said}"
        raise errors.from_status(error.code, {"message": what}) from error
