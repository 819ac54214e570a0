"""A machine of its own for the service proxy: a node with a bridge and three pods, and an outside.

outside --- node (eth0 198.51.100.1, default route to the outside; bridge 172.31.210.1) --- pods
"""

import contextlib
import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import TypeVar

import pytest

from telltale.cluster.services.nft import Nft
from telltale.cluster.services.settings import Settings

T = TypeVar("T")
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PODS = {"a": "172.31.210.11", "b": "172.31.210.12", "c": "172.31.210.13"}
OUTSIDE = "198.51.100.2"


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True, capture_output=True, text=True)


@dataclass
class Machine:
    """Namespaces `prefix-node`, `-outside`, and one for each pod."""

    prefix: str

    def within(self, place: str, work: Callable[[], T]) -> T:
        """Runs `work` on a thread inside a namespace; a socket made there stays there."""
        made: list[T] = []
        failed: list[BaseException] = []

        def inside() -> None:
            try:
                with Path(f"/run/netns/{self.prefix}-{place}").open() as file:
                    if LIBC.setns(file.fileno(), CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
                made.append(work())
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return made[0]

    def socket(self, place: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
        made = self.within(place, lambda: socket.socket(socket.AF_INET, kind))
        made.settimeout(2.0)
        return made

    def strays(self) -> str:
        """Every IP packet that came out of the node's outer interface."""
        listed = self.within("outside", lambda: _nft("list counter ip watch strays"))
        return " ".join(listed.split()[7:11])


def _nft(commands: str) -> str:
    nft = Nft()
    try:
        return nft.run(commands)
    finally:
        nft.close()


def _build(prefix: str) -> None:
    for place in ("node", "outside", *PODS):
        ip(f"netns add {prefix}-{place}")
        ip(f"-n {prefix}-{place} link set lo up")
    node = f"-n {prefix}-node"
    ip(f"{node} link add br-test type bridge")
    ip(f"{node} addr add 172.31.210.1/24 dev br-test")
    ip(f"{node} link set br-test up")
    for name, address in PODS.items():
        ip(f"{node} link add v-{name} type veth peer name eth0 netns {prefix}-{name}")
        ip(f"{node} link set v-{name} master br-test up")
        ip(f"-n {prefix}-{name} addr add {address}/24 dev eth0")
        ip(f"-n {prefix}-{name} link set eth0 up")
        ip(f"-n {prefix}-{name} route add default via 172.31.210.1")
    ip(f"{node} link add eth0 type veth peer name eth0 netns {prefix}-outside")
    ip(f"{node} addr add 198.51.100.1/24 dev eth0")
    ip(f"{node} link set eth0 up")
    ip(f"-n {prefix}-outside addr add {OUTSIDE}/24 dev eth0")
    ip(f"-n {prefix}-outside link set eth0 up")
    ip(f"-n {prefix}-outside route add default via 198.51.100.1")
    ip(f"{node} route add default via {OUTSIDE}")


@pytest.fixture
def machine() -> Iterator[Machine]:
    if os.geteuid() != 0:
        pytest.skip("needs root: makes network namespaces")
    prefix = f"tts{os.getpid()}"
    built = Machine(prefix)
    try:
        _build(prefix)
        watch = "add table ip watch; add counter ip watch strays; "
        watch += "add chain ip watch in { type filter hook prerouting priority -300; }; "
        watch += "add rule ip watch in counter name strays"
        built.within("outside", lambda: _nft(watch))
        yield built
    finally:
        for place in ("node", "outside", *PODS):
            with contextlib.suppress(subprocess.CalledProcessError):
                ip(f"netns del {prefix}-{place}")


@pytest.fixture
def settings() -> Settings:
    return Settings(
        id="test",
        bridge="br-test",
        pod_cidr=IPv4Network("172.31.208.0/21"),
        node_cidr=IPv4Network("172.31.210.0/24"),
        service_cidr=IPv4Network("172.31.220.0/24"),
    )
