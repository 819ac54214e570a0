"""Services: what is filled in, and which are valid. Pure. Addresses are `addresses`' business."""

from telltale.cluster.api import names
from telltale.cluster.api.kinds.kind import Kind
from telltale.cluster.api.objects import default, listed, number, part, section, text, words
from telltale.cluster.api.problems import Problem, duplicate, invalid, required, unsupported
from telltale.kube.codec import Object, dig

_TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]
_RANGE = "must be between 1 and 65535, inclusive"


def _default(service: Object) -> None:
    spec = section(service, "spec")
    default(spec, type="ClusterIP", sessionAffinity="None")
    section(service, "status", "loadBalancer")
    for port in listed(spec, "ports"):
        default(port, protocol="TCP")
        if port.get("targetPort") in (None, 0, "") and text(spec, "type") != "ExternalName":
            port["targetPort"] = port.get("port")
    if text(spec, "sessionAffinity") == "ClientIP":
        default(section(spec, "sessionAffinityConfig", "clientIP"), timeoutSeconds=10800)
    if text(spec, "type") == "ExternalName":
        return
    default(spec, internalTrafficPolicy="Cluster")
    if text(spec, "type") in ("NodePort", "LoadBalancer"):
        default(spec, externalTrafficPolicy="Cluster")
    if text(spec, "type") == "LoadBalancer":
        default(spec, allocateLoadBalancerNodePorts=True)


def _validate(service: Object) -> list[Problem]:
    spec = part(service, "spec")
    kind, ip = text(spec, "type"), text(spec, "clusterIP")
    problems: list[Problem] = []
    if kind not in _TYPES:
        problems.append(unsupported("spec.type", kind, _TYPES))
    if not listed(spec, "ports") and ip != "None" and kind != "ExternalName":
        problems.append(required("spec.ports"))
    if kind == "ExternalName" and not text(spec, "externalName"):
        problems.append(required("spec.externalName"))
    if text(spec, "sessionAffinity") not in ("ClientIP", "None"):
        given = text(spec, "sessionAffinity")
        problems.append(unsupported("spec.sessionAffinity", given, ["ClientIP", "None"]))
    problems += names.labels(spec.get("selector"), "spec.selector")
    if ip == "None" and kind not in ("ClusterIP", "ExternalName"):
        why = f"may not be set to 'None' for {kind} services"
        problems.append(invalid("spec.clusterIPs[0]", ip, why))
    first = (words(spec, "clusterIPs") or [ip])[0]
    if ip and first != ip:
        problems.append(invalid("spec.clusterIPs", [first], "first value must match `clusterIP`"))
    return problems + _ports(spec)


def _ports(spec: Object) -> list[Problem]:
    problems: list[Problem] = []
    ports = listed(spec, "ports")
    seen: set[str] = set()
    taken: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        place, name = f"spec.ports[{index}]", text(port, "name")
        if not name and len(ports) > 1:
            problems.append(required(f"{place}.name"))
        elif name and (why := names.label(name)):
            problems.append(invalid(f"{place}.name", name, why))
        elif name and name in seen:
            problems.append(duplicate(f"{place}.name", name))
        seen.add(name)
        if not 0 < number(port, "port") < 65536:
            problems.append(invalid(f"{place}.port", port.get("port") or 0, _RANGE))
        if text(port, "protocol") not in ("SCTP", "TCP", "UDP"):
            given = text(port, "protocol")
            problems.append(unsupported(f"{place}.protocol", given, ["SCTP", "TCP", "UDP"]))
        problems += _target(port, place)
        same = (text(port, "protocol"), number(port, "port"))
        if same in taken:
            shown: Object = {"port": same[1], "protocol": same[0]}
            problems.append(duplicate(place, shown))
        taken.add(same)
    return problems


def _target(port: Object, place: str) -> list[Problem]:
    target = port.get("targetPort")
    if isinstance(target, str):
        why = names.port_name(target)
        return [invalid(f"{place}.targetPort", target, why)] if why else []
    if isinstance(target, int) and not 0 < target < 65536:
        return [invalid(f"{place}.targetPort", target, _RANGE)]
    return []


def _validate_update(service: Object, old: Object) -> list[Problem]:
    before, now = text(old, "spec", "clusterIP"), text(service, "spec", "clusterIP")
    keeps = text(service, "spec", "type") != "ExternalName"
    if before and keeps and text(old, "spec", "type") != "ExternalName" and now != before:
        field = "spec.clusterIPs[0]"
        return [invalid(field, [now] if now else None, "may not change once set")]
    return []


def _fields(service: Object) -> dict[str, str]:
    return {
        "spec.clusterIP": text(service, "spec", "clusterIP"),
        "spec.type": text(service, "spec", "type"),
    }


SERVICE = Kind(
    name_rule=names.label_1035, default=_default, validate=_validate,
    validate_update=_validate_update, fields=_fields, status=True,
)  # fmt: skip


def _endpoints(found: Object) -> list[Problem]:
    problems: list[Problem] = []
    for at, subset in enumerate(listed(found, "subsets")):
        for key in ("addresses", "notReadyAddresses"):
            for index, one in enumerate(listed(subset, key)):
                if not text(one, "ip"):
                    problems.append(required(f"subsets[{at}].{key}[{index}].ip"))
        for index, port in enumerate(listed(subset, "ports")):
            if not 0 < number(port, "port") < 65536:
                field = f"subsets[{at}].ports[{index}].port"
                problems.append(invalid(field, port.get("port") or 0, _RANGE))
    return problems


def _default_endpoints(found: Object) -> None:
    for subset in listed(found, "subsets"):
        for port in listed(subset, "ports"):
            default(port, protocol="TCP")


ENDPOINTS = Kind(default=_default_endpoints, validate=_endpoints)

_FAMILIES = ["FQDN", "IPv4", "IPv6"]


def _slice(found: Object) -> list[Problem]:
    problems: list[Problem] = []
    if text(found, "addressType") not in _FAMILIES:
        problems.append(unsupported("addressType", text(found, "addressType"), _FAMILIES))
    for index, one in enumerate(listed(found, "endpoints")):
        if not words(one, "addresses"):
            why = "must contain at least 1 address"
            problems.append(required(f"endpoints[{index}].addresses", why))
    return problems


def _default_slice(found: Object) -> None:
    for port in listed(found, "ports"):
        default(port, name="", protocol="TCP")


def _slice_update(found: Object, old: Object) -> list[Problem]:
    if dig(found, "addressType") == dig(old, "addressType"):
        return []
    return [invalid("addressType", found.get("addressType"), "field is immutable")]


SLICE = Kind(default=_default_slice, validate=_slice, validate_update=_slice_update)
