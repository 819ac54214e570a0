"""ClusterIPs and node ports: given to Services at the moment that they are stored.

Never: a list of its own on disk; what is taken follows from the Services that are stored, so a
restart, a rollback or a deletion can never leave the two apart.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network

from telltale.cluster.api.objects import listed, name_of, number, part, section, text, words
from telltale.cluster.api.problems import Problem, invalid, refuse
from telltale.cluster.api.resources import Resource
from telltale.cluster.store.revisions import Store
from telltale.cluster.store.stored import Key
from telltale.kube.codec import Json, Object

NODE_PORTS = range(30000, 32768)
_STORAGE = "services"


class Addresses:
    """`range` is the Service range; its first 16 addresses are not given out unasked.

    `also`: node ports outside Kubernetes' range that a Service may ask for.
    """

    def __init__(
        self, store: Store, range: IPv4Network, also: Iterable[int] = ()
    ) -> None:
        self._also = frozenset(also)
        self._store = store
        self._range = range
        self._seen = -1  # the store's revision that `_taken` is true for
        self._taken: dict[str, Key] = {}
        self._ports: dict[int, Key] = {}

    def claim(self, resource: Resource, object: Object, old: Object | None) -> None:
        """Fill a Service's addresses and node ports. Raises `Invalid`; then nothing is taken."""
        if resource.qualified != _STORAGE:
            return
        spec = section(object, "spec")
        self._refresh()
        if text(spec, "type") == "ExternalName":
            for key in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
                spec.pop(key, None)
            return
        refuse(resource, name_of(object), self._address(spec, part(old, "spec")))
        spec["ipFamilies"], spec["ipFamilyPolicy"] = ["IPv4"], "SingleStack"
        refuse(resource, name_of(object), self._node_ports(spec, part(old, "spec")))

    def _address(self, spec: Object, old: Object) -> list[Problem]:
        given = text(spec, "clusterIP") or next(iter(words(spec, "clusterIPs")), "")
        if given != "None" and (not given or given != text(old, "clusterIP")):
            if given:
                if why := self._refused(given):
                    shown: list[Json] = [given]
                    return [invalid("spec.clusterIPs", shown, why)]
            else:
                given = self._free()
                if not given:
                    why = "failed to allocate a serviceIP: range is full"
                    return [Problem("InternalError", "spec.clusterIPs", why)]
        spec["clusterIP"], spec["clusterIPs"] = given, [given]
        return []

    def _refused(self, given: str) -> str:
        try:
            address = IPv4Address(given)
        except ValueError:
            return "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        failed = f"failed to allocate IP {given}"
        if address not in self._range or address in (
            self._range.network_address, self._range.broadcast_address
        ):  # fmt: skip
            return (
                f"{failed}: the provided IP ({given}) is not in the valid range. "
                f"The range of valid IPs is {self._range}"
            )
        return f"{failed}: provided IP is already allocated" if given in self._taken else ""

    def _free(self) -> str:
        """The next address that nobody has, going round the range, behind its reserved start."""
        size = self._range.num_addresses
        reserved = min(max(16, size // 16), 256) if size > 32 else 1
        first = int(self._range.network_address)
        for offset in range(reserved, size - 1):
            address = str(IPv4Address(first + offset))
            if address not in self._taken:
                return address
        return ""

    def _node_ports(self, spec: Object, old: Object) -> list[Problem]:
        exposed = text(spec, "type") in ("NodePort", "LoadBalancer")
        mine = {number(port, "nodePort") for port in listed(old, "ports")}
        for index, port in enumerate(listed(spec, "ports")):
            given = number(port, "nodePort")
            if not exposed:
                port.pop("nodePort", None)
            elif not given:
                taken = {*self._ports, *(number(one, "nodePort") for one in listed(spec, "ports"))}
                port["nodePort"] = next(one for one in NODE_PORTS if one not in taken)
            elif given not in NODE_PORTS and given not in self._also:
                why = "provided port is not in the valid range. The range of valid ports is"
                return [invalid(f"spec.ports[{index}].nodePort", given, f"{why} 30000-32767")]
            elif given in self._ports and given not in mine:
                why = "provided port is already allocated"
                return [invalid(f"spec.ports[{index}].nodePort", given, why)]
        return []

    def _refresh(self) -> None:
        """What is taken, read anew when Services have changed."""
        changes = self._store.log(_STORAGE)
        newest = changes.newest
        if newest == self._seen:
            return
        self._seen = newest
        self._taken, self._ports = {}, {}
        for stored in self._store.all(_STORAGE):
            spec = part(stored.object(), "spec")
            for address in words(spec, "clusterIPs") or [text(spec, "clusterIP")]:
                if address not in ("", "None"):
                    self._taken[address] = stored.key
            for port in listed(spec, "ports"):
                if number(port, "nodePort"):
                    self._ports[number(port, "nodePort")] = stored.key
