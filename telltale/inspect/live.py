"""The mesh's objects as the API server has them now, and what the mesh as a whole is told.

A cluster may lack some kinds; then there are none of them. Never: a judgement.
"""

import asyncio
from typing import TypeVar

from telltale.inspect.ask import ROOT_NAMESPACE
from telltale.kube import kinds
from telltale.kube.client import Client
from telltale.kube.errors import NotFound
from telltale.kube.kinds import Kind
from telltale.model.options import DEFAULT, Options
from telltale.pilot.intake import meshconfig
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.read import CONFIGS, Objects

T = TypeVar("T")

MESH_CONFIG = "istio"


async def objects(client: Client) -> Objects:
    """Of all namespaces, as the pilot reads them, but for Secrets: no way depends on a key."""
    async with asyncio.TaskGroup() as group:
        services = group.create_task(_listed(client, kinds.SERVICE))
        slices = group.create_task(_listed(client, kinds.ENDPOINT_SLICE))
        pods = group.create_task(_listed(client, kinds.POD))
        texts = group.create_task(_listed(client, kinds.CONFIG_MAP))
        nodes = group.create_task(_listed(client, kinds.NODE))
        configs = {
            kind: group.create_task(_listed(client, kind)) for kind in CONFIGS
        }  # fmt: skip
    found = {kind: task.result() for kind, task in configs.items()}
    return Objects(services.result(), slices.result(), pods.result(), found, texts=texts.result(),
                   nodes=nodes.result())  # fmt: skip


async def options(client: Client) -> Options:
    """What the mesh is told as a whole; the defaults where it is told nothing."""
    return (await mesh_config(client))[0]


async def mesh_config(client: Client) -> tuple[Options, tuple[Problem, ...]]:
    """The same, and what is wrong with it."""
    try:
        told = await client.get(kinds.CONFIG_MAP, MESH_CONFIG, ROOT_NAMESPACE)
    except NotFound:
        return DEFAULT, ()
    return meshconfig.read(told.data.get("mesh", ""))


async def _listed(client: Client, kind: Kind[T]) -> tuple[T, ...]:
    try:
        return tuple((await client.list(kind)).items)
    except NotFound:
        return ()
