"""Addresses for hosts that have none, out of 240.240.0.0/16. Pure.

What an object's status tells is kept, so that an address outlives the pilot, and other objects come
and go beside it. A new one follows from the names of object and host, wherever it is asked, as long
as nobody has it. Never: one of IPv6, which the mesh does not carry; that of another control plane
stays in the status.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b

from telltale.kube.codec import Json, dig
from telltale.kube.istio.kinds import SERVICE_ENTRY
from telltale.kube.istio.message import Config
from telltale.lib.memo import Memo
from telltale.pilot.intake.entries.read import Declared, wants_address
from telltale.pilot.intake.status import About, Statuses

FIRST = int(ipaddress.IPv4Address("240.240.0.0"))
SIZE = 2**16
ADDRESSES = "addresses"  # in the status
_LABEL = "networking.istio.io/enable-autoallocate-ip"


def given(
    declared: Iterable[Declared], objects: Iterable[Config], memo: Memo
) -> list[Declared]:
    """The same, each that wants an address with one. The eldest are to come first."""
    known = {(one.metadata.namespace, one.metadata.name): one for one in objects}
    wanted = [(one, known.get((one.origin.namespace, one.origin.name))) for one in declared]
    taken: set[str] = set()
    told = [_kept(_told(one, source), taken) for one, source in wanted]
    found: list[Declared] = []
    for (one, source), addresses in zip(wanted, told, strict=True):
        if not any(map(_is_v4, addresses)) and _wanted(one, source):
            addresses = (*_next(one, taken), *addresses)
            taken.update(addresses)
        found.append(memo.of(_addressed, one, *addresses) if addresses else one)
    return found


def statuses(declared: Iterable[Declared], objects: Iterable[Config]) -> Statuses:
    """What the objects' statuses are to say of it: `addresses: [{value: 240.240.0.1, host: a}]`."""
    found: dict[About, list[Json]] = {}
    for one in declared:
        about = About(SERVICE_ENTRY, one.origin.namespace, one.origin.name)
        listed = found.setdefault(about, [])
        listed += ({"value": value, "host": one.service.host} for value in one.given)
    told = {
        (one.metadata.namespace, one.metadata.name) for one in objects if ADDRESSES in one.status
    }
    return {
        about: {ADDRESSES: listed} for about, listed in found.items()
        if listed or (about.namespace, about.name) in told
    }


def _addressed(one: Declared, *addresses: str) -> Declared:
    served = tuple(filter(_is_v4, addresses))
    return replace(one, service=replace(one.service, automatic=served), given=addresses)


def _wanted(one: Declared, source: Config | None) -> bool:
    said = source.metadata.labels.get(_LABEL, "") if source else ""
    return wants_address(one.service) and said.lower() != "false"


def _told(one: Declared, source: Config | None) -> Iterator[str]:
    """The addresses that the status has for this host."""
    listed = dig(source.status, ADDRESSES) if source else None
    if not isinstance(listed, list) or not _wanted(one, source):
        return
    for each in listed:
        value = dig(each, "value")
        if dig(each, "host") == one.service.host and isinstance(value, str) and _is_ip(value):
            yield value


def _kept(told: Iterable[str], taken: set[str]) -> Sequence[str]:
    """Those that no elder one has; they are taken then."""
    kept = tuple(one for one in dict.fromkeys(told) if one not in taken)
    taken.update(kept)
    return kept


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_v4(address: str) -> bool:
    return ":" not in address


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
