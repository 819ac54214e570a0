"""Which cut of a service's endpoints a class of clients gets, and what tells such classes apart.

Pure. Places count where somebody makes them count: a policy's `localityLbSetting`, ejection (who
finds endpoints unhealthy wants the nearer ones first), a service that wants to be used nearby.
Never: who is at which place now.
"""

from dataclasses import dataclass

from telltale.model.mesh import Mesh
from telltale.model.place import NOWHERE, REGION, SUBZONE, ZONE
from telltale.model.policy import Locality, Subset, Traffic
from telltale.model.scope import Labels
from telltale.model.service import Nearness, Port, Service
from telltale.model.spread import NODE, Cut, Spread
from telltale.model.view import View

_EVEN = Spread()
_BY_NEARNESS = {
    Nearness.ZONE: (REGION, ZONE), Nearness.NODE: (REGION, ZONE, SUBZONE, NODE),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether anything in the mesh asks for a client's place, or for its node."""

    place: bool = False
    node: bool = False


def asked(mesh: Mesh) -> Asked:
    services = mesh.services.values()
    by_node = any(one.own_node_only or one.nearness is Nearness.NODE for one in services)
    layers = [one for policy in mesh.policies for one in policy.layers()]
    ranked = [key for one in layers for key in _locality(mesh, one).priority]
    by_place = any(one.nearness is not Nearness.ANY for one in services) or any(
        one.ejection or _locality(mesh, one) != _DEFAULT for one in layers
    )
    default = mesh.options.locality or _DEFAULT
    return Asked(by_place or bool(default.distribute), by_node or NODE in ranked)


def cut(view: View, service: Service, port: Port, subset: Subset | None = None) -> Cut:
    """What is behind a port of a service, or of a subset of it, as these clients see it."""
    traffic = view.traffic(service, port, subset.name if subset else "")
    return Cut(
        service.key, port.number, subset.labels if subset else (),
        _spread(view, service, traffic), view.node if service.own_node_only else None,
    )  # fmt: skip


def _spread(view: View, service: Service, traffic: Traffic) -> Spread | None:
    own = traffic.balancing.locality if traffic.balancing else None
    if own is None and service.nearness is not Nearness.ANY:
        return Spread(wanted=_wanted(view, _BY_NEARNESS[service.nearness]))
    locality = _locality(view.mesh, traffic)
    if not locality.enabled:
        return None
    if locality.distribute:
        found = (to for place, to in locality.distribute if view.place.within(place))
        to = next(found, ())
        return Spread(to=to) if to else None
    if traffic.ejection is None:  # nobody is ever found unhealthy: the first rank would get all
        return None
    spread = _failing_over(view, locality)
    return None if spread == _EVEN else spread


def _failing_over(view: View, locality: Locality) -> Spread:
    wanted = _wanted(view, locality.priority)
    if view.place == NOWHERE or (locality.priority and not locality.failover):
        return Spread(wanted=wanted)
    failover = tuple(one for one in locality.failover if one[0] == view.place.region)
    return Spread(view.place, near=True, failover=failover, wanted=wanted)


def _wanted(view: View, keys: tuple[str, ...]) -> Labels:
    """What an endpoint must have to be near: `key=value`, or a key and the client's own value."""
    place = view.place
    own = {**dict(view.labels), REGION: place.region, ZONE: place.zone, SUBZONE: place.subzone,
           NODE: view.node}  # fmt: skip
    found: list[tuple[str, str]] = []
    for one in keys:
        key, said, value = one.partition("=")
        found.append((key, value if said else own.get(key, "")))
    return tuple(found)


def _locality(mesh: Mesh, traffic: Traffic) -> Locality:
    own = traffic.balancing.locality if traffic.balancing else None
    return own or mesh.options.locality or _DEFAULT


_DEFAULT = Locality()
