"""The node's answers to the API server: a container's log, a command in it, a port, its settings.

Never: who may ask. Errors and their texts are the kubelet's.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

from telltale.cluster.kubelet import ExecRequest, LogRequest, Streams
from telltale.cluster.node import exec, logs
from telltale.cluster.node.launch import cell_of
from telltale.cluster.node.linux import in_network
from telltale.cluster.node.logs import Wanted
from telltale.cluster.node.machine import Machine
from telltale.cluster.node.pod import PodLife
from telltale.kube.codec import Object
from telltale.kube.errors import BadRequest, NotFound

_DIAL_S = 5.0


class Serving:
    """A `Kubelet`. `lives` is the node's own table of pods, by uid."""

    def __init__(self, machine: Machine, lives: Mapping[str, PodLife]) -> None:
        self._machine = machine
        self._lives = lives

    async def logs(self, request: LogRequest) -> AsyncIterator[bytes]:
        life, name = self._find(request.namespace, request.pod, request.container)
        run = life.record.runs[name]
        attempt = run.attempt
        restarting = run.state.waiting is not None
        if request.previous:
            attempt -= 1
            if run.last.terminated is None or not run.id:
                raise BadRequest(
                    f'previous terminated container "{name}" in pod "{request.pod}" not found'
                )
        elif not run.id or (restarting and not attempt):
            reason = run.state.waiting.reason if run.state.waiting else "ContainerCreating"
            raise BadRequest(
                f'container "{name}" in pod "{request.pod}" is waiting to start: {_plain(reason)}'
            )
        since = None
        if request.since_seconds is not None:
            since = self._machine.clock.now() - timedelta(seconds=request.since_seconds)
        wanted = Wanted(request.tail_lines, since, request.limit_bytes, request.timestamps)
        file = cell_of(self._machine, life.record.pod, name, attempt).log

        def more() -> bool:
            now = life.record.runs[name]
            return now.running and now.attempt == attempt

        follow = more if request.follow and not request.previous else None
        async for line in logs.read(file, wanted, follow):
            yield line

    async def exec(self, request: ExecRequest, streams: Streams) -> int:
        life, name = self._find(request.namespace, request.pod, request.container)
        run = life.record.runs[name]
        if not run.running:
            raise BadRequest(
                f'container not found ("{name}")'
                if not run.id
                else f"cannot exec in a stopped container: {name} of {request.pod} is not running"
            )
        flags = ("--tty",) if request.tty else ()
        environment = ("--env", "TERM=xterm") if request.tty else ()
        command = self._machine.runtime.command(
            "exec", *flags, *environment, run.id, *request.command
        )
        return await exec.run(command, streams, stdin=request.stdin, terminal=request.tty)

    async def connect(
        self, namespace: str, pod: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        life, _ = self._find(namespace, pod, "")
        found = life.record.pod
        kept = None
        if not found.spec.host_network:
            kept = self._machine.network.path(found.metadata.uid)
        opened = await asyncio.to_thread(_dial, kept, port)
        return await asyncio.open_connection(sock=opened)

    def configuration(self) -> Object:
        settings = self._machine.settings
        return {
            "clusterDNS": [settings.dns_address],
            "clusterDomain": settings.cluster_domain,
            "podCIDR": settings.node_cidr,
            "maxPods": settings.pods_most,
            "containerLogMaxSize": f"{settings.log_bytes >> 20}Mi",
        }

    def _find(self, namespace: str, pod: str, container: str) -> tuple[PodLife, str]:
        for life in self._lives.values():
            meta = life.record.pod.metadata
            if (meta.namespace, meta.name) == (namespace, pod):
                if container and container not in life.record.runs:
                    raise BadRequest(f"container {container} is not valid for pod {pod}")
                return life, container or life.record.pod.spec.containers[0].name
        raise NotFound(f'pods "{pod}" not found on this node')


def _dial(kept: Path | None, port: int) -> socket.socket:
    """A connection to the loopback of a network namespace; the host's without one. Blocking."""
    with in_network(kept) if kept else nullcontext():
        try:
            opened = socket.create_connection(("127.0.0.1", port), _DIAL_S)
        except ConnectionRefusedError:
            opened = socket.create_connection(("::1", port), _DIAL_S)
    opened.setblocking(False)
    return opened


def _plain(reason: str) -> str:
    """kubectl users know these sentences."""
    words = {
        "ErrImagePull": "trying and failing to pull image",
        "ImagePullBackOff": "trying and failing to pull image",
        "CreateContainerConfigError": "CreateContainerConfigError",
    }
    return words.get(reason, reason)
