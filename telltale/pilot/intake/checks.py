"""One object by itself: every Problem that needs no other object to be seen. Pure.

    check(object) -> what a strict reader of its type finds, then what its kind refuses

The webhook asks here before an object is stored, `analyze` and the statuses after. A kind is one
line in `READERS`. Never: the mesh; whether a host or a subset exists is `analysis`.
"""

from collections.abc import Callable, Iterable, Mapping

from telltale.kube.codec import Malformed, Object, convert, dig
from telltale.kube.crds import Definition
from telltale.kube.gatewayapi import kinds as gatewayapi
from telltale.kube.istio.kinds import (
    DEFINITIONS,
    DESTINATION_RULE,
    ENVOY_FILTER,
    GATEWAY,
    PROXY_CONFIG,
    SERVICE_ENTRY,
    SIDECAR,
    TELEMETRY,
    VIRTUAL_SERVICE,
    WASM_PLUGIN,
    WORKLOAD_ENTRY,
    WORKLOAD_GROUP,
)
from telltale.kube.kinds import Kind
from telltale.kube.meta import Config, Ref
from telltale.model.options import DEFAULT
from telltale.pilot.intake import proxyconfigs, sidecars, typed, virtualservices
from telltale.pilot.intake.destinations import rules as destinationrules
from telltale.pilot.intake.doors import read as gateways
from telltale.pilot.intake.entries import machines, read as serviceentries
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.telemetry import envoyfilters, read as telemetries, wasmplugins

# Reads the objects of a kind, and tells what is wrong with each; of one alone, only that one.
Reader = Callable[[Iterable[Config], str], tuple[object, Iterable[Problem]]]

READERS: Mapping[Kind[Config], Reader] = {
    VIRTUAL_SERVICE: virtualservices.alone,
    DESTINATION_RULE: destinationrules.read,
    GATEWAY: gateways.read,
    ENVOY_FILTER: envoyfilters.read,
    TELEMETRY: telemetries.check,
    WASM_PLUGIN: wasmplugins.check,
    SERVICE_ENTRY: serviceentries.read,
    WORKLOAD_ENTRY: machines.read,
    WORKLOAD_GROUP: machines.read_groups,
    SIDECAR: sidecars.read,
    PROXY_CONFIG: proxyconfigs.read,
}
_KNOWN = {
    (one.kind.group, one.kind.kind): one for one in (*DEFINITIONS, *gatewayapi.DEFINITIONS)
}


def definition_of(object: Object) -> Definition | None:
    """The definition of the object's kind, if it is one of ours, in whatever version."""
    group = str(object.get("apiVersion", "")).partition("/")[0]
    return _KNOWN.get((group, str(object.get("kind", ""))))


def check(object: Object, domain: str = DEFAULT.domain) -> tuple[Problem, ...]:
    """All that is wrong with it; nothing for a kind that is not ours."""
    found = definition_of(object)
    if found is None:
        return ()
    try:
        one = convert(Config, object)
    except Malformed as error:
        return (_unreadable(object, found.kind.kind, error),)
    return check_config(found, one, domain)


def check_config(of: Definition, one: Config, domain: str = DEFAULT.domain) -> tuple[Problem, ...]:
    """The same of an object that is decoded already."""
    ref = Ref(of.kind.kind, one.metadata.namespace, one.metadata.name)
    misfits = typed.misfits(ref, of.spec, one.spec)
    read = READERS.get(of.kind)
    if read is None or any(problem.code in typed.UNREADABLE for problem in misfits):
        return tuple(misfits)  # the kind's own reader would stop there too
    return tuple(read((one,), domain)[1])


def _unreadable(object: Object, kind: str, error: Malformed) -> Problem:
    name, namespace = dig(object, "metadata", "name"), dig(object, "metadata", "namespace")
    ref = Ref(kind, str(namespace or ""), str(name or ""))
    why = "the object is left out"
    return Problem(ref, "metadata", str(error), why, "correct the field", code="wrong-type")
