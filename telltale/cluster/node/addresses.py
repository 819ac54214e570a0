"""Which address the next pod gets: round the range, one just freed rests the longest. Pure."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network


class NoAddress(Exception):
    """Every address of the range is in use."""


def next_free(
    network: IPv4Network, taken: Collection[IPv4Address], last: IPv4Address | None
) -> IPv4Address:
    """The free address after `last`; the first is the node's. Raises `NoAddress`."""
    size = network.num_addresses
    start = int(last) - int(network.network_address) if last and last in network else 1
    for step in range(1, size):
        offset = (start + step) % size
        candidate = network[offset]
        if 1 < offset < size - 1 and candidate not in taken:
            return candidate
    raise NoAddress(f"no IP addresses available in range {network}: {len(taken)} in use")


class Addresses:
    """Who has which address. An address is free again only after `release`."""

    def __init__(self, network: IPv4Network) -> None:
        self._network = network
        self._held: dict[str, IPv4Address] = {}
        self._last: IPv4Address | None = None

    def keep(self, uid: str, address: str) -> None:
        """A pod that is taken over has its address already."""
        self._held[uid] = self._last = IPv4Address(address)

    def take(self, uid: str) -> IPv4Address:
        """The pod's address, a new one if it has none. Raises `NoAddress`."""
        if uid not in self._held:
            self._last = next_free(self._network, set(self._held.values()), self._last)
            self._held[uid] = self._last
        return self._held[uid]

    def release(self, uid: str) -> None:
        self._held.pop(uid, None)
