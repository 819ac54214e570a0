"""Where a Gateway is reached: at the addresses that it asks for, or at the one that it is given.

Pure. An address of the cluster's own range is asked for with the annotation
`networking.istio.io/service-type: ClusterIP`; else whoever serves LoadBalancers is asked for it.
Never: whether anybody answers there.
"""

from dataclasses import dataclass, field

from telltale.kube.codec import Json
from telltale.kube.gatewayapi.gateways import Gateway
from telltale.model.service import Service
from telltale.pilot.intake.gatewayapi.subject import Wrong

IP, HOSTNAME = "IPAddress", "Hostname"
_FIELD = "spec.addresses"


@dataclass(frozen=True, slots=True)
class Placed:
    """What is told of a Gateway's addresses, and what is wrong with them."""

    told: list[Json] = field(default_factory=list)
    wrong: Wrong | None = None


NOWHERE = Placed()


def unsupported(spec: Gateway) -> Wrong | None:
    """A kind of address that cannot be had."""
    other = [one.type for one in spec.addresses if one.type not in (IP, HOSTNAME)]
    if not other:
        return None
    what, hint = f"{other[0]} is no type of address here", f"use {IP} or {HOSTNAME}"
    return Wrong("UnsupportedAddress", _FIELD, what, hint)


def named(spec: Gateway) -> str:
    """The Service that is there already, in front of proxies that are there already."""
    return next((one.value for one in spec.addresses if one.type == HOSTNAME and one.value), "")


def asked(spec: Gateway) -> list[str]:
    """The addresses that it wants to have itself."""
    return [one.value for one in spec.addresses if one.type == IP and one.value]


def placed(spec: Gateway, host: str, service: Service | None) -> Placed:
    """`service` is the one in front of its proxies, `host` its name."""
    held = (*service.outside, *service.addresses) if service else ()
    if not held:
        what = f"the Service {host} is not there, or has no address yet"
        return Placed([], Wrong("AddressNotAssigned", _FIELD, what, "wait, or create it"))
    wanted = asked(spec)
    lost = [one for one in wanted if one not in held]
    told: list[Json] = [
        {"type": IP, "value": one} for one in (wanted or held[:1]) if one in held
    ]
    if any(one.type == HOSTNAME and not one.value for one in spec.addresses):
        told.append({"type": HOSTNAME, "value": host})
    if not lost:
        return Placed(told)
    what = f"{', '.join(lost)} cannot be used: the Service {host} has {', '.join(held)}"
    hint = (
        "ask for an address that is free; for one of the cluster's range annotate the Gateway with"
        " networking.istio.io/service-type: ClusterIP"
    )
    return Placed(told, Wrong("AddressNotUsable", _FIELD, what, hint))
