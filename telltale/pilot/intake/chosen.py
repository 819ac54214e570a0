"""Which workloads an object is meant for: by labels, or by a gateway that they serve. Pure.

For the kinds that shape proxies (Telemetry, WasmPlugin, EnvoyFilter). Never: which there are.
"""

from collections.abc import Iterable, Mapping

from telltale.kube.istio.telemetry import TargetRef
from telltale.model.scope import EVERYWHERE, Labels, Scope
from telltale.pilot.intake.istio import Reader

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
_GATEWAY = ("gateway.networking.k8s.io", "Gateway")
REFS_MAX = 16


def scopes(
    reader: Reader, root: str, at: str, wanted: Mapping[str, str] | None,
    refs: Iterable[TargetRef] = (),
) -> tuple[Scope, ...]:  # fmt: skip
    """Of the object's own namespace; of the root's all, unless it chooses some. None: no one."""
    given = tuple(refs)
    if wanted is not None and given:
        reader.wrong("spec.targetRefs", f"stand beside {at}", "the object is left out",
                     "keep one of them")  # fmt: skip
        return ()
    if len(given) > REFS_MAX:
        reader.wrong("spec.targetRefs", f"are {len(given)}", "the object is left out",
                     f"name at most {REFS_MAX}, and the others in a second object")  # fmt: skip
        return ()
    if given:
        found = (_of_gateway(reader, index, one) for index, one in enumerate(given))
        return tuple(Scope((reader.namespace,), one) for one in found if one)
    if bad := [key for key, value in (wanted or {}).items() if not key or "*" in key + value]:
        reader.wrong(f"spec.{at}", f"{bad[0]!r} is no label, or one with a *",
                     "the object is left out", "name whole labels")  # fmt: skip
        return ()
    if wanted:
        return (Scope((reader.namespace,), tuple(sorted(wanted.items()))),)
    if wanted is not None:
        reader.warn(f"spec.{at}", "is empty", "every workload of the namespace is meant",
                    "name labels, or remove it")  # fmt: skip
    return (Scope((EVERYWHERE if reader.namespace == root else reader.namespace,)),)


def _of_gateway(reader: Reader, index: int, one: TargetRef) -> Labels:
    at = f"spec.targetRefs[{index}]"
    if (one.group, one.kind) != _GATEWAY:
        kind = f"{one.group or 'core'}/{one.kind}"
        reader.wrong(f"{at}.kind", f"{kind} is not served by a proxy here",
                     "it is passed over", "name a Gateway of gateway.networking.k8s.io, or use a "
                     "selector; waypoints do not exist in this mesh")  # fmt: skip
        return ()
    if one.namespace not in ("", reader.namespace):
        reader.wrong(f"{at}.namespace", f"{one.namespace!r} is not {reader.namespace!r}",
                     "it is passed over", "write the object where the Gateway is")  # fmt: skip
        return ()
    return ((GATEWAY_NAME, one.name),)
