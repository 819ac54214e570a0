"""Rules that are never reached, for others before them take what they match. Pure.

`within` one routing, and `between` those that are merged for one host. Told as warnings. Never:
which of two the view of a client puts first, but for the order that all views share: by age.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

from telltale.kube.meta import Ref
from telltale.model.mesh import Mesh
from telltale.model.route import MESH, ConnectionRoute, HttpRoute, Match, Routing
from telltale.model.scope import EVERYWHERE
from telltale.pilot.intake.problem import Level, Problem

_NEVER = "this rule is never reached"
Placed = tuple[str, Match]  # a match and where it stands


def within(ref: Ref, routing: Routing) -> Iterator[Problem]:
    yield from _requests(ref, routing.http)
    for kind, rules in (("tls", routing.tls), ("tcp", routing.tcp)):
        yield from _connections(ref, kind, rules)


def between(mesh: Mesh) -> Iterator[Problem]:
    """For every younger routing, its rules that an elder one for the same host shadows."""
    by_host: dict[str, list[Routing]] = {}
    for routing in mesh.routings:
        for host in routing.hosts:
            by_host.setdefault(host, []).append(routing)
    for host, routings in by_host.items():
        for elder, younger in combinations(routings, 2):
            if _meet(elder, younger):
                yield from _conflicts(host, elder, younger)


def _requests(ref: Ref, rules: tuple[HttpRoute, ...]) -> Iterator[Problem]:
    seen: dict[Match, str] = {}
    end = ""
    for number, rule in enumerate(rules):
        place = f"http[{number}]"
        if end:
            yield _never(ref, place, f"{end} takes every request", "move it up, or take it out")
            continue
        for where, match in placed(number, rule):
            if match.says in seen:
                yield _never(ref, where, f"{seen[match.says]} matches the same", "take it out")
            elif match.every:
                end = place
            seen.setdefault(match.says, where)


def _connections(ref: Ref, kind: str, rules: tuple[ConnectionRoute, ...]) -> Iterator[Problem]:
    seen: dict[object, str] = {}
    end = ""
    for number, rule in enumerate(rules):
        place = f"{kind}[{number}]"
        if end:
            yield _never(ref, place, f"{end} takes every connection", "move it up, or take it out")
        for at, match in enumerate(rule.matches):
            where = f"{place}.match[{at}]"
            if match in seen:
                yield _never(ref, where, f"{seen[match]} matches the same", "take it out")
            seen.setdefault(match, where)
        if not rule.matches:
            end = end or place


def placed(number: int, rule: HttpRoute) -> Iterable[Placed]:
    """The matches of a rule and where they stand; a rule without one matches everything."""
    if not rule.matches:
        return [(f"http[{number}]", Match())]
    return [(f"http[{number}].match[{at}]", one) for at, one in enumerate(rule.matches)]


def _conflicts(host: str, elder: Routing, younger: Routing) -> Iterator[Problem]:
    taken = {match.says: where for number, rule in enumerate(elder.http)
             for where, match in placed(number, rule)}  # fmt: skip
    ref = Ref(younger.origin.kind, younger.origin.namespace, younger.origin.name)
    why = _NEVER
    if younger.origin.namespace != elder.origin.namespace:  # clients see their own first
        why = f"no client outside {younger.origin.namespace} reaches this rule"
    for number, rule in enumerate(younger.http):
        for where, match in placed(number, rule):
            if match.says in taken:
                yield _never(
                    ref, where,
                    f"{elder.origin} is older and matches the same for {host} "
                    f"({taken[match.says]})",
                    "put the rules of one host into one VirtualService, or match something else",
                    why, code="hosts-claimed-twice",
                )  # fmt: skip
    for kind in ("tls", "tcp"):
        rules: tuple[ConnectionRoute, ...] = getattr(younger, kind)
        if rules and getattr(elder, kind):
            yield _never(ref, kind, f"{elder.origin} is older and has {kind} rules for {host}",
                         "put the rules of one host into one VirtualService", why,
                         code="hosts-claimed-twice")  # fmt: skip


def _meet(elder: Routing, younger: Routing) -> bool:
    """Whether any sidecar sees both, and the elder first: clients see their own namespace's first.

    Gateways have a merge of their own, told with them.
    """
    if MESH not in elder.gateways or MESH not in younger.gateways:
        return False
    sees, meets = set(elder.scope.namespaces), set(younger.scope.namespaces)
    common = meets if EVERYWHERE in sees else sees if EVERYWHERE in meets else sees & meets
    own = younger.origin.namespace
    return bool(common if elder.origin.namespace == own else common - {own})


def _never(
    ref: Ref, where: str, what: str, hint: str, why: str = _NEVER, *,
    code: str = "unreachable-rule",
) -> Problem:  # fmt: skip
    return Problem(ref, f"spec.{where}", what, why, hint, Level.WARNING, code)
