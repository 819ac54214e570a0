"""A question to its records, by the Kubernetes DNS specification 1.1. Pure.

    web.shop.svc.cluster.local              A of the ClusterIP, or of every ready endpoint
    pod-0.web.shop.svc.cluster.local        A of one endpoint, by hostname or dashed address
    _http._tcp.web.shop.svc.cluster.local   SRV        80.0.19.172.in-addr.arpa   PTR

Never: wire format, or names of other domains (`answer` returns None for those).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address

from telltale.kube.service import EndpointSlice, Service, SliceEndpoint

VERSION = "1.1.0"
TTL_S = 30
HEADLESS_TTL_S = 5
_CHAIN_MOST = 8


class Code(StrEnum):
    FOUND = "NOERROR"  # also without records: the name is there, the type is not
    NO_NAME = "NXDOMAIN"


@dataclass(frozen=True, slots=True)
class Record:
    """`data` as in a zone file; names are absolute."""

    name: str
    type: str
    data: str
    ttl_s: int = TTL_S


@dataclass(frozen=True, slots=True)
class Answer:
    """`soa` goes into the authority section when there are no records; `more` is additional."""

    code: Code
    records: tuple[Record, ...] = ()
    more: tuple[Record, ...] = ()
    soa: Record | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One address behind a headless Service."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What a Service's names say."""

    name: str  # absolute
    address: str = ""  # the ClusterIP
    external: str = ""
    places: tuple[Place, ...] = ()
    ports: frozenset[tuple[str, str, int]] = frozenset()  # name, protocol, number

    @property
    def headless(self) -> bool:
        return not self.address and not self.external


@dataclass
class Zone:
    """Every Service of the cluster, by name and by address; `serial` grows with each change."""

    domain: str = "cluster.local"
    serial: int = 1
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)  # namespace, name
    _namespaces: dict[str, int] = field(default_factory=dict)
    _reverse: dict[str, dict[str, None]] = field(default_factory=dict)  # address: names

    def put(self, service: Service, slices: Iterable[EndpointSlice]) -> bool:
        """Takes a Service in as it is now; whether that changed anything."""
        key = (service.metadata.namespace, service.metadata.name)
        fresh = entry_of(self.domain, service, slices)
        if self.entries.get(key) == fresh:
            return False
        self.drop(*key)
        self.entries[key] = fresh
        self._namespaces[key[0]] = self._namespaces.get(key[0], 0) + 1
        for address, name in _pointers(fresh):
            self._reverse.setdefault(address, {})[name] = None
        return True

    def drop(self, namespace: str, name: str) -> None:
        gone = self.entries.pop((namespace, name), None)
        self.serial += 1
        if gone is None:
            return
        self._namespaces[namespace] -= 1
        if not self._namespaces[namespace]:
            del self._namespaces[namespace]
        for address, pointer in _pointers(gone):
            self._reverse[address].pop(pointer, None)
            if not self._reverse[address]:
                del self._reverse[address]

    def has(self, namespace: str) -> bool:
        return namespace in self._namespaces

    def pointers(self, address: str) -> list[str]:
        return list(self._reverse.get(address, ()))


def entry_of(domain: str, service: Service, slices: Iterable[EndpointSlice]) -> Entry:
    meta, spec = service.metadata, service.spec
    name = f"{meta.name}.{meta.namespace}.svc.{domain}."
    if spec.type == "ExternalName":
        return Entry(name, external=spec.external_name.rstrip(".").lower() + ".")
    ports = frozenset((port.name, port.protocol.lower(), port.port) for port in spec.ports)
    if not service.headless:
        return Entry(name, address=spec.cluster_ip, ports=ports)
    known = list(slices)
    places = {
        Place(_label(endpoint, address), address)
        for slice in known
        for endpoint in slice.endpoints
        if endpoint.ready and slice.address_type == "IPv4"
        for address in endpoint.addresses
    }
    served = {
        (port.name, port.protocol.lower(), port.port) for slice in known for port in slice.ports
    }
    ordered = sorted(places, key=lambda place: (place.label, place.address))
    return Entry(name, places=tuple(ordered), ports=frozenset(served or ports))


def answer(zone: Zone, name: str, type: str) -> Answer | None:
    """`name` absolute, any case; None when the name belongs to another domain."""
    lower = name.lower()
    if lower.endswith(".in-addr.arpa."):
        return _reverse(zone, lower, type)
    apex = f"{zone.domain}."
    if lower != apex and not lower.endswith(f".{apex}"):
        return None
    labels = lower[: -len(apex)].rstrip(".").split(".") if lower != apex else []
    found = _at(zone, labels)
    if found is None:
        return Answer(Code.NO_NAME, soa=_soa(zone))
    return _of_type(zone, found, type) if found else Answer(Code.FOUND, soa=_soa(zone))


def nobody(domain: str = "") -> Answer:
    """Outside names when there is nobody to ask: no such name, from the top of the tree.

    Not REFUSED: c-ares would give up its search list there, and `a.b` be found with ndots:5 only.
    """
    return Answer(Code.NO_NAME, soa=_soa(Zone(domain), 5))


def _at(zone: Zone, labels: list[str]) -> list[Record] | None:
    """All records at a name below the domain; [] if it only leads to others, None if it is none."""
    match labels:
        case []:
            return [_soa(zone), Record(f"{zone.domain}.", "NS", f"ns.dns.{zone.domain}.")]
        case ["svc"] | ["dns"]:
            return []
        case ["dns-version"]:
            return [Record(f"dns-version.{zone.domain}.", "TXT", f'"{VERSION}"')]
        case [namespace, "svc"]:
            return [] if zone.has(namespace) else None
        case [*inner, service, namespace, "svc"]:
            entry = zone.entries.get((namespace, service))
            return _within(entry, inner) if entry else None
        case _:
            return None


def _within(entry: Entry, labels: list[str]) -> list[Record] | None:
    match labels:
        case []:
            return _itself(entry)
        case [proto] if proto in ("_tcp", "_udp", "_sctp"):
            return [] if any(one[1] == proto[1:] and one[0] for one in entry.ports) else None
        case [port, proto] if port.startswith("_") and proto.startswith("_"):
            return _srv(entry, port[1:], proto[1:]) or None
        case [label]:
            return [
                Record(f"{label}.{entry.name}", "A", place.address, HEADLESS_TTL_S)
                for place in entry.places
                if place.label == label
            ] or None
        case _:
            return None


def _itself(entry: Entry) -> list[Record]:
    if entry.external:
        return [Record(entry.name, "CNAME", entry.external)]
    if entry.address:
        return [Record(entry.name, "A", entry.address)]
    addresses = {place.address: None for place in entry.places}
    return [Record(entry.name, "A", address, HEADLESS_TTL_S) for address in addresses]


def _srv(entry: Entry, port: str, protocol: str) -> list[Record]:
    numbers = sorted(
        number for name, proto, number in entry.ports if (name, proto) == (port, protocol)
    )
    owner = f"_{port}._{protocol}.{entry.name}"
    if not entry.headless:
        return [Record(owner, "SRV", f"0 100 {number} {entry.name}") for number in numbers]
    labels = {place.label: None for place in entry.places}
    weight = max(100 // max(len(labels), 1), 1)
    return [
        Record(owner, "SRV", f"0 {weight} {number} {label}.{entry.name}", HEADLESS_TTL_S)
        for number in numbers
        for label in labels
    ]


def _of_type(zone: Zone, records: list[Record], type: str) -> Answer:
    if records[0].type == "CNAME" and type not in ("CNAME", "ANY"):
        return _followed(zone, records[0], type)
    wanted = tuple(one for one in records if type in (one.type, "ANY"))
    if not wanted:
        return Answer(Code.FOUND, soa=_soa(zone))
    return Answer(Code.FOUND, wanted, _targets(zone, wanted))


def _followed(zone: Zone, alias: Record, type: str) -> Answer:
    """An ExternalName that points into the cluster is followed; elsewhere the server goes on."""
    chain = [alias]
    while len(chain) <= _CHAIN_MOST:
        rest = answer_here(zone, chain[-1].data)
        if not rest:
            break
        if rest[0].type != "CNAME":
            chain += [one for one in rest if one.type == type]
            break
        chain.append(rest[0])
    return Answer(Code.FOUND, tuple(chain))


def answer_here(zone: Zone, name: str) -> list[Record] | None:
    """The records at an absolute name of this domain; None when it is not, or not ours."""
    apex = f".{zone.domain}."
    return _at(zone, name[: -len(apex)].split(".")) if name.endswith(apex) else None


def _targets(zone: Zone, records: tuple[Record, ...]) -> tuple[Record, ...]:
    """The addresses of what SRV records point to, so that nobody has to ask again."""
    names = {one.data.rsplit(" ", 1)[1]: None for one in records if one.type == "SRV"}
    return tuple(one for name in names for one in answer_here(zone, name) or () if one.type == "A")


def _reverse(zone: Zone, name: str, type: str) -> Answer:
    parts = name.removesuffix(".in-addr.arpa.").split(".")
    found = zone.pointers(".".join(reversed(parts))) if len(parts) == 4 else []
    if not found:
        return Answer(Code.NO_NAME, soa=_soa(zone))
    if type not in ("PTR", "ANY"):
        return Answer(Code.FOUND, soa=_soa(zone))
    return Answer(Code.FOUND, tuple(Record(name, "PTR", pointer) for pointer in found))


def _pointers(entry: Entry) -> list[tuple[str, str]]:
    if entry.address:
        return [(entry.address, entry.name)] if _is_address(entry.address) else []
    return [(place.address, f"{place.label}.{entry.name}") for place in entry.places]


def _label(endpoint: SliceEndpoint, address: str) -> str:
    return endpoint.hostname.lower() or address.replace(".", "-")


def _soa(zone: Zone, minimum_s: int = TTL_S) -> Record:
    under = f"{zone.domain}." if zone.domain else ""
    times = f"{zone.serial} 7200 1800 86400 {minimum_s}"
    return Record(under or ".", "SOA", f"ns.dns.{under} hostmaster.{under} {times}", minimum_s)


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True
