"""A DestinationRule's `loadBalancer`: how an endpoint is chosen. Pure. Never: whether one is there.

What contradicts itself is left out, block by block, so that the rest of the rule holds.
"""

import re

from telltale.kube.istio import destinationrule as istio
from telltale.model.policy import Balance, Balancing, Sticky, Warmup
from telltale.pilot.intake.destinations import localities
from telltale.pilot.intake.destinations.bounds import MOMENT_S, count, span
from telltale.pilot.intake.istio import Reader, labels

TABLE_MAX = 5_000_011  # Envoy's own bound of a Maglev table, itself excluded
_PERCENT = 100
_VALUE = re.compile(r"[ -:<-~]*")  # RFC 6265, 4.1.1: no control character, no semicolon
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.6.2
_SIMPLE = {
    "LEAST_REQUEST": Balance.LEAST_REQUEST, "LEAST_CONN": Balance.LEAST_REQUEST,
    "UNSPECIFIED": None, "ROUND_ROBIN": Balance.ROUND_ROBIN, "RANDOM": Balance.RANDOM,
    "PASSTHROUGH": Balance.PASSTHROUGH,
}  # fmt: skip


def read(reader: Reader, at: str, given: istio.LoadBalancer) -> Balancing:
    if given.simple == "LEAST_CONN":
        reader.warn(f"{at}.simple", "LEAST_CONN is deprecated", "it is read as LEAST_REQUEST",
                    "write LEAST_REQUEST", "deprecated")  # fmt: skip
    if given.zone_aware_lb_setting is not None:
        reader.warn(f"{at}.zoneAwareLbSetting", "is not supported by Telltale",
                    "it is passed over", "use localityLbSetting")  # fmt: skip
    if given.simple and given.consistent_hash:
        reader.wrong(at, "has both simple and consistentHash", "consistentHash holds",
                     "remove one of the two")  # fmt: skip
    warmup = _warmup(reader, at, given)
    locality = localities.read(reader, f"{at}.localityLbSetting", given)
    if given.consistent_hash:
        return _hashed(reader, f"{at}.consistentHash", given.consistent_hash, locality, warmup)
    algorithm = _SIMPLE[given.simple] if given.simple else None
    if warmup and algorithm in (Balance.RANDOM, Balance.PASSTHROUGH):
        _no_warmup(reader, at, str(given.simple))
        warmup = None
    return Balancing(algorithm, None, 0, locality, warmup)


def _hashed(
    reader: Reader, at: str, given: istio.ConsistentHash, locality: localities.Found,
    warmup: Warmup | None,
) -> Balancing:  # fmt: skip
    if warmup:
        _no_warmup(reader, at, "consistentHash")
    sticky = _sticky(reader, at, given)
    algorithm, size = _table(reader, at, given)
    if sticky is None:  # a table without a key would choose at random, with more memory
        return Balancing(locality=locality)
    return Balancing(algorithm, sticky, size, locality)


def _sticky(reader: Reader, at: str, given: istio.ConsistentHash) -> Sticky | None:
    """By what requests are told apart."""
    cookie = given.http_cookie
    found = [
        one for one in (
            _header(reader, f"{at}.httpHeaderName", given.http_header_name),
            _cookie(reader, f"{at}.httpCookie", cookie) if cookie else None,
            Sticky(source_ip=True) if given.use_source_ip else None,
            Sticky(query=given.http_query_parameter_name)
            if given.http_query_parameter_name else None,
        ) if one
    ]  # fmt: skip
    if not found and not cookie and not given.http_header_name:
        reader.wrong(at, "does not say by what to hash", "requests are balanced as by default",
                     "set httpHeaderName, httpCookie, useSourceIp or "
                     "httpQueryParameterName")  # fmt: skip
    if len(found) > 1:
        reader.wrong(at, "says more than one thing to hash by", "the first of them holds",
                     "leave one of httpHeaderName, httpCookie, useSourceIp, "
                     "httpQueryParameterName")  # fmt: skip
    return found[0] if found else None


def _header(reader: Reader, at: str, name: str | None) -> Sticky | None:
    if not name:
        return None
    if not _TOKEN.fullmatch(name):
        reader.wrong(at, f"{name!r} is not a header's name", "requests are balanced as by default",
                     "write a name such as x-user")  # fmt: skip
        return None
    return Sticky(header=name.lower())


def _cookie(reader: Reader, at: str, given: istio.HttpCookie) -> Sticky | None:
    if not _TOKEN.fullmatch(given.name):
        what = f"{given.name!r} is not a cookie's name" if given.name else "is empty"
        reader.wrong(f"{at}.name", what, "requests are balanced as by default",
                     "give the cookie's name")  # fmt: skip
        return None
    ttl = span(reader, f"{at}.ttl", given.ttl, least_s=0)
    path = given.path if _VALUE.fullmatch(given.path) else ""
    if path != given.path:
        reader.wrong(f"{at}.path", f"{given.path!r} is not a path", "none is given out",
                     "write a path such as /")  # fmt: skip
    attributes = labels({
        one.name: one.value for one in given.attributes
        if _TOKEN.fullmatch(one.name) and _VALUE.fullmatch(one.value)
    })  # fmt: skip
    if len(attributes) != len(given.attributes):
        reader.wrong(f"{at}.attributes", "has one that cannot be, or one twice",
                     "it is passed over", "name each attribute once, as SameSite")  # fmt: skip
    return Sticky(cookie=given.name, cookie_path=path, cookie_ttl_s=ttl,
                  cookie_attributes=attributes)  # fmt: skip


def _table(reader: Reader, at: str, given: istio.ConsistentHash) -> tuple[Balance, int]:
    if given.ring_hash and given.maglev:
        reader.wrong(at, "has both ringHash and maglev", "ringHash holds", "remove one of them")
    elif given.maglev:
        return Balance.MAGLEV, _maglev(reader, f"{at}.maglev.tableSize", given.maglev.table_size)
    if given.ring_hash and given.ring_hash.minimum_ring_size and given.minimum_ring_size:
        reader.wrong(f"{at}.minimumRingSize", "is said here and in ringHash",
                     "ringHash.minimumRingSize holds", "remove this one")  # fmt: skip
    elif given.minimum_ring_size:
        reader.warn(f"{at}.minimumRingSize", "is deprecated", "it is read as ringHash's",
                    "write ringHash.minimumRingSize", "deprecated")  # fmt: skip
    ring = given.ring_hash.minimum_ring_size if given.ring_hash else 0
    field = f"{at}.minimumRingSize" if not ring else f"{at}.ringHash.minimumRingSize"
    size = count(reader, field, ring or given.minimum_ring_size, most=8 << 20)
    return Balance.RING, size or 0


def _maglev(reader: Reader, field: str, size: int) -> int:
    if size and not (size < TABLE_MAX and _prime(size)):
        reader.wrong(field, f"{size} is not a prime below {TABLE_MAX}", "65537 is taken",
                     "use a prime such as 65537")  # fmt: skip
        return 0
    return size


def _prime(number: int) -> bool:
    return number > 1 and all(number % one for one in range(2, int(number**0.5) + 1))


def _warmup(reader: Reader, at: str, given: istio.LoadBalancer) -> Warmup | None:
    old = given.warmup_duration_secs
    if old is not None and given.warmup:
        reader.wrong(f"{at}.warmupDurationSecs", "is said together with warmup", "warmup holds",
                     "remove warmupDurationSecs")  # fmt: skip
    elif old is not None:
        found = span(reader, f"{at}.warmupDurationSecs", old)
        return Warmup(found) if found else None
    if given.warmup is None:
        return None
    at = f"{at}.warmup"
    if given.warmup.duration is None:
        reader.wrong(f"{at}.duration", "is missing", "endpoints are not warmed up",
                     "say how long, for example 30s")  # fmt: skip
        return None
    window = span(reader, f"{at}.duration", given.warmup.duration, least_s=MOMENT_S)
    percent, aggression = given.warmup.minimum_percent, given.warmup.aggression
    if percent is not None and not 0 <= percent <= _PERCENT:
        reader.wrong(f"{at}.minimumPercent", f"{percent:g} is not 0 to 100", "10 is taken",
                     "use 0 to 100")  # fmt: skip
        percent = None
    if aggression is not None and not 1 <= aggression < float("inf"):
        reader.wrong(f"{at}.aggression", f"{aggression:g} is less than 1", "1 is taken",
                     "use 1 or more")  # fmt: skip
        aggression = None
    if not window:
        return None
    return Warmup(window, 10.0 if percent is None else percent, aggression or 1.0)


def _no_warmup(reader: Reader, at: str, balancer: str) -> None:
    reader.warn(f"{at}.warmup", f"is not possible with {balancer}",
                "endpoints get their whole part at once",
                "use LEAST_REQUEST or ROUND_ROBIN")  # fmt: skip
