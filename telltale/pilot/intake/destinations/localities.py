"""`localityLbSetting`: how traffic is spread over places. Pure. Never: where anybody is."""

from typing import TypeAlias

from telltale.kube.istio import destinationrule as istio
from telltale.model.policy import Locality
from telltale.pilot.intake.istio import Reader

Found: TypeAlias = Locality | None
_WHOLE = 100


def read(reader: Reader, at: str, balancer: istio.LoadBalancer) -> Found:
    given = balancer.locality_lb_setting
    if given is None:
        return None
    if balancer.zone_aware_lb_setting is not None:
        reader.wrong(at, "is said together with zoneAwareLbSetting", "localityLbSetting holds",
                     "remove zoneAwareLbSetting")  # fmt: skip
    if given.enabled is False:
        return Locality(enabled=False)
    if given.distribute and (given.failover or given.failover_priority):
        reader.wrong(f"{at}.distribute", "is said together with failover or failoverPriority",
                     "distribute holds", "remove one of them")  # fmt: skip
    distribute = _distribute(reader, f"{at}.distribute", given.distribute)
    if distribute:
        return Locality(distribute=distribute)
    failover = _failover(reader, f"{at}.failover", given.failover)
    return Locality(failover=failover, priority=_priority(reader, at, given.failover_priority))


def _distribute(
    reader: Reader, at: str, given: list[istio.Distribute]
) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for index, one in enumerate(given):
        here = f"{at}[{index}]"
        if not one.from_ or not _well_formed(one.from_):
            reader.wrong(f"{here}.from", f"{one.from_!r} is no region/zone/subzone",
                         "it is left out", "write us-west/zone1/*")  # fmt: skip
        elif other := next((known for known in found if _overlap(known, one.from_)), ""):
            reader.wrong(f"{here}.from", f"{one.from_!r} covers what {other!r} covers",
                         "the first of them holds", "say each place once")  # fmt: skip
        elif _weighed(reader, f"{here}.to", one.to):
            found[one.from_] = tuple(sorted(one.to.items()))
    return tuple(found.items())


def _weighed(reader: Reader, at: str, to: dict[str, int]) -> bool:
    if bad := [one for one in to if not _well_formed(one)]:
        reader.wrong(at, f"{bad[0]!r} is no place", "it is left out", "write us-west/zone1/*")
    elif sum(to.values()) != _WHOLE or not all(to.values()):
        reader.wrong(at, f"the weights add up to {sum(to.values())}, each from 1",
                     "it is left out", "make them add up to 100")  # fmt: skip
    elif pair := _overlapping(sorted(to)):
        reader.wrong(at, f"{pair[0]!r} covers what {pair[1]!r} covers", "it is left out",
                     "say each place once")  # fmt: skip
    else:
        return True
    return False


def _overlapping(places: list[str]) -> tuple[str, str] | None:
    pairs = ((one, other) for one in places for other in places if one < other)
    return next((pair for pair in pairs if _overlap(*pair)), None)


def _failover(
    reader: Reader, at: str, given: list[istio.Failover]
) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for index, one in enumerate(given):
        if not one.from_ or not one.to:
            reader.wrong(f"{at}[{index}]", "needs both from and to", "it is left out",
                         "name two regions")  # fmt: skip
        elif one.from_ == one.to:
            reader.wrong(f"{at}[{index}]", f"from and to are both {one.to!r}", "it is left out",
                         "name another region in to")  # fmt: skip
        elif any("/" in part or "*" in part for part in (one.from_, one.to)):
            reader.wrong(f"{at}[{index}]", f"{one.from_!r} to {one.to!r} is not about regions",
                         "it is left out", "name regions alone, without zones")  # fmt: skip
        else:
            found.setdefault(one.from_, one.to)
    return tuple(found.items())


def _priority(reader: Reader, at: str, given: list[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(one for one in given if one.partition("=")[0]))
    if len(found) != len(given):
        reader.wrong(f"{at}.failoverPriority", "has an empty label or one twice",
                     "such are passed over", "name each label once")  # fmt: skip
    return found


def _well_formed(place: str) -> bool:
    """Parts without a gap; a `*` only as the last one."""
    parts = place.split("/")
    return len(parts) <= 3 and all(parts) and all("*" not in one for one in parts[:-1]) and (
        parts[-1] == "*" or "*" not in parts[-1]
    )


def _overlap(one: str, other: str) -> bool:
    """Whether a place could be in both."""
    pairs = zip(one.split("/"), other.split("/"), strict=False)
    return all(first == second or "*" in (first, second) for first, second in pairs)
