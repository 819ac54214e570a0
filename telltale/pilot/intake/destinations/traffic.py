"""A `trafficPolicy` into one layer of `Traffic`, block by block. Pure. Never: what lies below."""

from collections.abc import Sequence

from telltale.kube.istio import destinationrule as istio
from telltale.model.policy import PLAIN, Ejection, Traffic
from telltale.pilot.intake.destinations import balancing, pools, tls as clienttls
from telltale.pilot.intake.destinations.bounds import said, span
from telltale.pilot.intake.istio import Reader

Ports = dict[int, Traffic]


def read(reader: Reader, at: str, given: istio.TrafficPolicy | None) -> tuple[Traffic, Ports]:
    """What holds for every port, and what each port says of its own."""
    if given is None:
        return PLAIN, {}
    if given == istio.TrafficPolicy():
        _empty(reader, at)
        return PLAIN, {}
    layer = _blocks(reader, at, given)
    tunnel = _tunnel(reader, f"{at}.tunnel", given.tunnel) if given.tunnel else None
    proxy_protocol = {"V1": 1, "V2": 2}[given.proxy_protocol.version] if given.proxy_protocol else 0
    if tunnel and proxy_protocol:
        reader.wrong(f"{at}.proxyProtocol", "is said together with tunnel", "tunnel holds",
                     "remove one of them")  # fmt: skip
        proxy_protocol = 0
    budget = _budget(reader, f"{at}.retryBudget", given.retry_budget)
    whole = Traffic(layer.balancing, layer.pool, layer.ejection, layer.tls, proxy_protocol,
                    tunnel, budget)  # fmt: skip
    return whole, _ports(reader, f"{at}.portLevelSettings", given.port_level_settings)


def _ports(reader: Reader, at: str, given: Sequence[istio.PortTrafficPolicy]) -> Ports:
    found: Ports = {}
    for index, one in enumerate(given):
        here = f"{at}[{index}]"
        number = one.port.number if one.port else None
        if number is None:
            reader.wrong(f"{here}.port", "is missing", "these settings are left out",
                         "set port.number")  # fmt: skip
            continue
        if one == istio.PortTrafficPolicy(port=one.port):
            _empty(reader, here)
        layer = _blocks(reader, here, one)
        if number in found:
            reader.wrong(f"{here}.port.number", f"{number} is said twice", "the first holds",
                         "join the two")  # fmt: skip
        found.setdefault(number, layer)
    return found


def _blocks(
    reader: Reader, at: str, given: istio.TrafficPolicy | istio.PortTrafficPolicy
) -> Traffic:
    """Those blocks that a port may have of its own."""
    balanced = given.load_balancer
    pool, out, tls = given.connection_pool, given.outlier_detection, given.tls
    ejection = pools.ejection(reader, f"{at}.outlierDetection", out) if out else None
    found = Traffic(
        balancing=balancing.read(reader, f"{at}.loadBalancer", balanced) if balanced else None,
        pool=pools.read(reader, f"{at}.connectionPool", pool) if pool else None,
        ejection=ejection,
        tls=clienttls.read(reader, f"{at}.tls", tls) if tls else None,
    )
    _failing_over(reader, at, found, ejection)
    return found


def _failing_over(
    reader: Reader, at: str, found: Traffic, ejection: Ejection | None
) -> None:
    locality = found.balancing.locality if found.balancing else None
    if locality and (locality.failover or locality.priority) and ejection is None:
        reader.warn(f"{at}.loadBalancer.localityLbSetting", "fails over without outlierDetection",
                    "nobody is ever found unhealthy, so traffic is spread over all places",
                    "add outlierDetection")  # fmt: skip


def _tunnel(reader: Reader, at: str, given: istio.Tunnel) -> tuple[str, str, int] | None:
    protocol = given.protocol or "CONNECT"
    if protocol not in ("CONNECT", "POST"):
        reader.wrong(f"{at}.protocol", f"{protocol!r} is not CONNECT or POST",
                     "the tunnel is left out", "write CONNECT")  # fmt: skip
    elif not given.target_host:
        reader.wrong(f"{at}.targetHost", "is empty", "the tunnel is left out", "name a host")
    elif not 1 <= given.target_port <= 65535:
        reader.wrong(f"{at}.targetPort", f"{given.target_port} is not a port",
                     "the tunnel is left out", "use 1 to 65535")  # fmt: skip
    else:
        return protocol, given.target_host, given.target_port
    return None


def _budget(
    reader: Reader, at: str, given: istio.RetryBudget | None
) -> tuple[float, int] | None:
    if given is None:
        return None
    if span(reader, f"{at}.budgetInterval", given.budget_interval):
        reader.warn(f"{at}.budgetInterval", "is not supported by Envoy",
                    "requests that are under way are counted, not those of a time",
                    "remove it")  # fmt: skip
    percent = given.percent.value if given.percent else 20.0
    return percent, said(reader, f"{at}.minRetryConcurrency", given.min_retry_concurrency) or 3


def _empty(reader: Reader, at: str) -> None:
    reader.wrong(at, "is empty", "it is left out", "say something in it, or remove it")
