"""Addresses for hosts that have none, out of 240.240.0.0/16. Pure.

The same host of the same object gets the same address wherever and whenever it is asked, as long as
no elder one has it. An address that the object's status tells (another control plane's) is kept.
Never: anybody being told of them.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b

from telltale.kube.codec import dig
from telltale.kube.istio.message import Config
from telltale.lib.memo import Memo
from telltale.pilot.intake.entries.read import Declared, wants_address

FIRST = int(ipaddress.IPv4Address("240.240.0.0"))
SIZE = 2**16
_LABEL = "networking.istio.io/enable-autoallocate-ip"


def given(
    declared: Iterable[Declared], objects: Iterable[Config], memo: Memo
) -> list[Declared]:
    """The same, each that wants an address with one. The eldest are to come first."""
    known = {(one.metadata.namespace, one.metadata.name): one for one in objects}
    wanted = [(one, known.get((one.origin.namespace, one.origin.name))) for one in declared]
    told = {id(one): _told(one, source) for one, source in wanted}
    taken = {address for addresses in told.values() for address in addresses}
    found: list[Declared] = []
    for one, source in wanted:
        addresses = told[id(one)]
        if not addresses and wants_address(one.service) and _willing(source):
            addresses = _next(one, taken)
            taken.update(addresses)
        found.append(memo.of(_addressed, one, *addresses) if addresses else one)
    return found


def _addressed(one: Declared, *addresses: str) -> Declared:
    return replace(one, service=replace(one.service, automatic=addresses))


def _willing(source: Config | None) -> bool:
    return source is None or source.metadata.labels.get(_LABEL, "").lower() != "false"


def _told(one: Declared, source: Config | None) -> tuple[str, ...]:
    """What the status says: `addresses: [{value: 240.240.0.1, host: a.example}]`."""
    listed = dig(source.status, "addresses") if source else None
    if not isinstance(listed, list) or not wants_address(one.service):
        return ()
    values = (dig(each, "value") for each in listed if _of(each) == one.service.host)
    return tuple(value for value in values if isinstance(value, str) and _is_v4(value))


def _of(each: object) -> object:
    return each.get("host") if isinstance(each, dict) else None


def _is_v4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _next(one: Declared, taken: set[str]) -> tuple[str, ...]:
    """From where its name points, the first that is free; none when all are taken."""
    name = f"{one.origin.namespace}/{one.origin.name}/{one.service.host}"
    start = int.from_bytes(blake2b(name.encode(), digest_size=2).digest(), "big")
    for step in range(SIZE):
        offset = (start + step) % SIZE
        if offset in (0, SIZE - 1):
            continue
        address = str(ipaddress.IPv4Address(FIRST + offset))
        if address not in taken:
            return (address,)
    return ()
