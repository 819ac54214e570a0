"""VirtualServices into routings. Pure. Never: whether a destination is there for who asks.

One that `routing.judge` refuses is left out. One without hosts is no routing: it is what others
delegate to, and its rules stand in theirs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from telltale.kube.istio import virtualservice as istio
from telltale.kube.istio.kinds import VIRTUAL_SERVICE
from telltale.kube.istio.message import Config
from telltale.kube.meta import Ref
from telltale.lib.memo import Memo
from telltale.model.route import MESH, HttpRoute, Routing
from telltale.pilot.intake.istio import Reader, read_all
from telltale.pilot.intake.problem import Level, Problem
from telltale.pilot.intake.routing import judge, reading, shadowed
from telltale.pilot.intake.routing.delegates import Delegate, merged


@dataclass(frozen=True, slots=True)
class _Root:
    """One with hosts, and the rules of it that it hands over: by number, to whom."""

    routing: Routing
    handed: dict[int, tuple[str, str]]


def read(
    given: Iterable[Config], domain: str, memo: Memo | None = None
) -> tuple[list[Routing], list[Problem]]:
    memo = memo or Memo()
    found, problems = read_all(
        VIRTUAL_SERVICE, istio.VirtualService, given, domain, _read, memo=memo
    )
    delegates = {
        (one.origin.namespace, one.origin.name): one for one in found if isinstance(one, Delegate)
    }
    roots = [one for one in found if isinstance(one, _Root)]
    taken = {name for root in roots for name in root.handed.values()}
    problems += [_unused(one) for name, one in delegates.items() if name not in taken]
    whole = [
        memo.of(_whole, root, *(delegates.get(name) for name in root.handed.values()))
        for root in roots
    ]
    problems += [problem for _, told in whole for problem in told]
    return [routing for routing, _ in whole], problems


def alone(given: Iterable[Config], domain: str) -> tuple[list[Routing], list[Problem]]:
    """Objects each by itself: what they delegate to may not be there yet."""
    found, problems = read_all(VIRTUAL_SERVICE, istio.VirtualService, given, domain, _read)
    routings = [one.routing for one in found if isinstance(one, _Root)]
    for one in routings:
        problems += shadowed.within(_ref(one), one)
    return routings, problems


def _read(reader: Reader, spec: istio.VirtualService) -> _Root | Delegate | None:
    wrong = judge.problems_of(spec, reader.ref)
    reader.problems += wrong
    if any(one.level is Level.ERROR for one in wrong):
        return None
    rules = tuple(reading.http(reader, one) for one in spec.http)
    scope = reader.scope(spec.export_to)
    if not spec.hosts:
        return Delegate(reader.origin, scope, rules)
    routing = Routing(
        origin=reader.origin, scope=scope,
        hosts=tuple(dict.fromkeys(reader.host(one) for one in spec.hosts)),
        gateways=tuple(reading.gateway(reader, one) for one in spec.gateways) or (MESH,),
        http=rules,
        tls=tuple(reading.tls(reader, one) for one in spec.tls),
        tcp=tuple(reading.tcp(reader, one) for one in spec.tcp),
    )  # fmt: skip
    return _Root(routing, {
        number: (rule.delegate.namespace or reader.namespace, rule.delegate.name)
        for number, rule in enumerate(spec.http) if rule.delegate
    })  # fmt: skip


def _whole(root: _Root, *delegates: Delegate | None) -> tuple[Routing, list[Problem]]:
    """With the delegates' rules in the place of those that are handed over, one for each."""
    routing, problems = root.routing, list[Problem]()
    if root.handed:
        by_number = dict(zip(root.handed, delegates, strict=True))
        rules: list[HttpRoute] = []
        for number, rule in enumerate(routing.http):
            if number in by_number:
                rules += _taken(root, number, by_number[number], problems)
            else:
                rules.append(rule)
        routing = replace(routing, http=tuple(rules))
    problems += shadowed.within(_ref(routing), routing)
    return routing, problems


def _unfit(routing: Routing, delegate: Delegate | None, name: tuple[str, str]) -> str:
    if name == (routing.origin.namespace, routing.origin.name):
        return "is this object itself"
    if delegate is None:
        return "is not there, or has hosts, or is wrong itself"
    if not delegate.scope.seen_from(routing.origin.namespace):
        return f"is not exported to {routing.origin.namespace}"
    return ""


def _taken(
    root: _Root, number: int, delegate: Delegate | None, problems: list[Problem]
) -> Iterator[HttpRoute]:
    routing, name = root.routing, root.handed[number]
    reason = _unfit(routing, delegate, name)
    if delegate is None or reason:
        problems.append(_missing(routing, number, name, reason))
        return
    for at, rule in merged(routing.http[number], delegate):
        if rule is not None:
            yield rule
        else:
            problems.append(Problem(
                Ref(delegate.origin.kind, delegate.origin.namespace, delegate.origin.name),
                f"spec.http[{at}].match",
                f"asks for more than http[{number}] of {routing.origin} hands over",
                "this rule is left out of it", "match less, or let the other match more",
            ))  # fmt: skip


def _missing(routing: Routing, number: int, name: tuple[str, str], reason: str) -> Problem:
    return Problem(
        _ref(routing), f"spec.http[{number}].delegate", f"VirtualService {'/'.join(name)} {reason}",
        "this rule is left out: requests go on to the next",
        "name a VirtualService without hosts that this namespace may see",
    )  # fmt: skip


def _unused(one: Delegate) -> Problem:
    return Problem(
        Ref(one.origin.kind, one.origin.namespace, one.origin.name), "spec.hosts",
        "is empty, and no VirtualService delegates to this one", "its rules hold nowhere",
        "name hosts, or delegate to it", Level.WARNING,
    )  # fmt: skip


def _ref(routing: Routing) -> Ref:
    return Ref(routing.origin.kind, routing.origin.namespace, routing.origin.name)
