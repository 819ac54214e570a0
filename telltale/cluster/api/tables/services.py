"""The columns of Services and of the addresses behind them. Pure."""

from telltale.cluster.api.objects import listed, mapping, number, text, words
from telltale.cluster.api.tables.column import AGE, NAME, Column, said, shown
from telltale.kube.codec import Json, Object


def _external(service: Object) -> Json:
    outside = words(service, "spec", "externalIPs")
    match text(service, "spec", "type"):
        case "ExternalName":
            return text(service, "spec", "externalName")
        case "LoadBalancer":
            balanced = listed(service, "status", "loadBalancer", "ingress")
            outside = [text(one, "ip") or text(one, "hostname") for one in balanced] + outside
            return ",".join(outside) or "<pending>"
        case _:
            return ",".join(outside) or "<none>"


def _ports(service: Object) -> Json:
    found = []
    for one in listed(service, "spec", "ports"):
        node = f":{number(one, 'nodePort')}" if number(one, "nodePort") else ""
        found.append(f"{number(one, 'port')}{node}/{text(one, 'protocol')}")
    return ",".join(found) or "<none>"


def pairs(labels: Object | dict[str, str]) -> str:
    """Labels as `a=b,c=d`."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "<none>"


def _selector(service: Object) -> Json:
    return pairs(mapping(service, "spec", "selector"))


SERVICES: tuple[Column, ...] = (
    NAME, shown("Type", "spec", "type"), shown("Cluster-IP", "spec", "clusterIP"),
    said("External-IP", _external), said("Port(s)", _ports), AGE,
    said("Selector", _selector, wide=True),
)  # fmt: skip


def _addresses(endpoints: Object) -> Json:
    found: list[str] = []
    for subset in listed(endpoints, "subsets"):
        for port in listed(subset, "ports") or [{}]:
            for one in listed(subset, "addresses"):
                number_ = number(port, "port")
                found.append(f"{text(one, 'ip')}:{number_}" if number_ else text(one, "ip"))
    return _some(found)


def _some(found: list[str]) -> str:
    """The first three, and how many more."""
    if len(found) > 3:
        return f"{','.join(found[:3])} + {len(found) - 3} more..."
    return ",".join(found) or "<none>"


ENDPOINTS: tuple[Column, ...] = (NAME, said("Endpoints", _addresses), AGE)


def _slice_ports(found: Object) -> Json:
    ports = [str(number(one, "port")) for one in listed(found, "ports")]
    return _some(ports) if ports else "<unset>"


def _slice_addresses(found: Object) -> Json:
    addresses = [one for each in listed(found, "endpoints") for one in words(each, "addresses")]
    return _some(addresses) if addresses else "<unset>"


SLICES: tuple[Column, ...] = (
    NAME, shown("AddressType", "addressType"), said("Ports", _slice_ports),
    said("Endpoints", _slice_addresses), AGE,
)  # fmt: skip
