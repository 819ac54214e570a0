"""ReferenceGrants: which objects of another namespace may be named, and by whom. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from telltale.kube.codec import Malformed, convert
from telltale.kube.gatewayapi.gateways import GrantFrom, GrantTo, ReferenceGrant
from telltale.kube.gatewayapi.kinds import REFERENCE_GRANT
from telltale.kube.meta import Config, Ref
from telltale.pilot.intake.problem import Problem


@dataclass(frozen=True, slots=True)
class Named:
    """One side of a reference."""

    group: str
    kind: str
    namespace: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Grants:
    """Each grant's namespace, with one who may name and one that may be named."""

    given: frozenset[tuple[str, GrantFrom, GrantTo]] = frozenset()

    def allow(self, who: Named, what: Named) -> bool:
        """Within a namespace everything may be named."""
        return who.namespace == what.namespace or any(
            namespace == what.namespace
            and (one.group, one.kind, one.namespace) == (who.group, who.kind, who.namespace)
            and (to.group, to.kind) == (what.group, what.kind)
            and to.name in (None, "", what.name)
            for namespace, one, to in self.given
        )


def read(given: Iterable[Config]) -> tuple[Grants, list[Problem]]:
    found: set[tuple[str, GrantFrom, GrantTo]] = set()
    problems: list[Problem] = []
    for one in given:
        meta = one.metadata
        try:
            spec = convert(ReferenceGrant, one.spec)
        except Malformed as error:
            ref = Ref(REFERENCE_GRANT.kind, meta.namespace, meta.name)
            why = "nothing is granted by it"
            problems.append(Problem(ref, "spec", str(error), why, "correct the field"))
            continue
        found |= {(meta.namespace, who, what) for who in spec.from_ for what in spec.to}
    return Grants(frozenset(found)), problems
