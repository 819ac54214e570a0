"""BackendTLSPolicies into policies for the Services that they name, and what is said of each. Pure.

Of several for one Service and port the oldest holds. One whose authorities cannot be had lets
nothing through: no server has the name that is then asked for. Never: what else holds for the host.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from telltale.kube.codec import Json, Object
from telltale.kube.gatewayapi import gateways as api
from telltale.kube.gatewayapi.kinds import BACKEND_TLS_POLICY
from telltale.kube.gatewayapi.message import GROUP
from telltale.kube.meta import Config
from telltale.model.policy import Policy, Tls, TlsMode, Traffic
from telltale.model.route import Routing, Share
from telltale.model.scope import Scope
from telltale.model.service import Service
from telltale.pilot.intake.gatewayapi import pem
from telltale.pilot.intake.gatewayapi.gateways import INFIX
from telltale.pilot.intake.gatewayapi.subject import Subject, Wrong, read_all
from telltale.pilot.intake.gatewayapi.world import World, is_service
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.status import CONTROLLER, About, conditions

NOBODY = "no-authority.invalid"  # a name that no certificate can have (RFC 2606)


@dataclass
class Found:
    policies: list[Policy] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    statuses: dict[About, Object] = field(default_factory=dict)


@dataclass
class _Target:
    ref: api.PolicyTarget
    service: Service | None = None
    port: int = 0
    wrong: Wrong | None = None


def read(given: Iterable[Config], world: World, routings: list[Routing]) -> Found:
    """`routings`: who leads to a Service."""
    taken: dict[tuple[str, int], str] = {}
    found = Found()

    def judge(one: Subject, spec: api.BackendTLSPolicy) -> None:
        tls = _tls(one, spec, world.texts)
        told: list[Json] = []
        for index, ref in enumerate(spec.target_refs):
            target = _target(one, world, ref, f"spec.targetRefs[{index}]")
            if target.service and not target.wrong:
                place = target.service.host, target.port
                elder = taken.setdefault(place, str(one.ref))
                if elder != str(one.ref):
                    what = f"{elder} holds for {target.service.host} already"
                    hint = "the oldest holds: delete one"
                    target.wrong = Wrong("Conflicted", f"spec.targetRefs[{index}]", what, hint)
                else:
                    found.policies.append(_policy(one, target, tls))
            if target.wrong:
                one.tell(target.wrong, "the policy does not hold there")
            told += _ancestors(one, target, routings)
        found.statuses[one.about] = {"ancestors": told}

    found.problems = read_all(BACKEND_TLS_POLICY, api.BackendTLSPolicy, given, judge)
    return found


def laid(policies: Iterable[Policy], upon: Iterable[Policy]) -> list[Policy]:
    """The TLS of each of `policies` upon what is known of its host; new where nothing is."""
    found = list(upon)
    for policy in policies:
        known = [
            index for index, one in enumerate(found)
            if (one.host, one.origin.namespace) == (policy.host, policy.origin.namespace)
        ]  # fmt: skip
        for index in known:
            below = found[index]
            ports: Mapping[int, Traffic] = {
                number: policy.for_port(number).over(below.for_port(number))
                for number in {*policy.ports, *below.ports}
            }
            found[index] = replace(below, traffic=policy.traffic.over(below.traffic), ports=ports)
        if not known:
            found.append(policy)
    return found


def _tls(subject: Subject, spec: api.BackendTLSPolicy, held: Mapping[tuple[str, str],
         Mapping[str, str]]) -> Tls:  # fmt: skip
    validation = spec.validation
    names = tuple(
        name for one in validation.subject_alt_names
        if (name := one.uri if one.type == "URI" else one.hostname)
    )  # fmt: skip
    tls = Tls(TlsMode.SIMPLE, sni=validation.hostname, sans=names or (validation.hostname,))
    if spec.options:
        options = ", ".join(sorted(spec.options))
        wrong = Wrong("Invalid", "spec.options", f"{options}: no option is known", "take it out")
        subject.tell(wrong, "it has no effect")
    if validation.well_known_ca_certificates and not validation.ca_certificate_refs:
        return tls
    found: list[str] = []
    for index, ref in enumerate(validation.ca_certificate_refs):
        place = f"spec.validation.caCertificateRefs[{index}]"
        if (ref.group, ref.kind) != ("", "ConfigMap"):
            what = f'"{ref.kind}" holds no authorities'
            subject.unresolve(Wrong("InvalidKind", place, what, "name a ConfigMap with ca.crt"))
            continue
        text = held.get((subject.namespace, ref.name), {}).get(pem.KEY, "")
        if wrong_text := pem.unfit(text):
            what = f"ConfigMap {subject.namespace}/{ref.name}: {pem.KEY} {wrong_text}"
            subject.unresolve(Wrong("InvalidCACertificateRef", place, what, pem.HINT))
        else:
            found.append(text)
    if not found:
        return replace(tls, sans=(NOBODY,))
    return replace(tls, authorities="\n".join(found))


def _target(subject: Subject, world: World, ref: api.PolicyTarget, place: str) -> _Target:
    found = _Target(ref)
    if not is_service(ref.group, ref.kind):
        what = f'"{ref.kind}" has no policy for TLS'
        found.wrong = Wrong("Invalid", place, what, "name a Service")
        return found
    found.service = world.service(subject.namespace, ref.name)
    if found.service is None:
        what = f"Service {subject.namespace}/{ref.name} is not there"
        found.wrong = Wrong("TargetNotFound", place, what, "create it, or correct the name")
    elif ref.section_name:
        port = next((one for one in found.service.ports if one.name == ref.section_name), None)
        found.port = port.number if port else 0
        if port is None:
            names = ", ".join(one.name for one in found.service.ports) or "none"
            what = f"{ref.name} has no port named {ref.section_name!r}"
            found.wrong = Wrong("TargetNotFound", f"{place}.sectionName", what, f"it has {names}")
    return found


def _policy(subject: Subject, target: _Target, tls: Tls) -> Policy:
    assert target.service
    traffic = Traffic(tls=tls)
    whole, ports = (Traffic(), {target.port: traffic}) if target.port else (traffic, {})
    return Policy(subject.origin, Scope(), target.service.host, traffic=whole, ports=ports)


def _ancestors(subject: Subject, target: _Target, routings: Iterable[Routing]) -> list[Json]:
    """The Gateways that lead to the Service; the Service itself when none does."""
    ref = target.ref
    named: list[Json] = [_gateway(name) for name in sorted(_leading(target, routings))]
    if not named:
        named = [{"group": ref.group, "kind": ref.kind, "name": ref.name}]
    accepted = subject.condition("Accepted", True, "Accepted", "the policy holds")
    if target.wrong:
        accepted = subject.condition("Accepted", False, target.wrong.reason, target.wrong.message)
    elif subject.unresolved:
        message = "no authority can be had: nothing goes to the Service"
        accepted = subject.condition("Accepted", False, "NoValidCACertificate", message)
    said = conditions([accepted, subject.resolved()])
    return [
        {"ancestorRef": one, "controllerName": CONTROLLER, "conditions": said} for one in named
    ]


def _leading(target: _Target, routings: Iterable[Routing]) -> set[tuple[str, str]]:
    """Namespace and name of the Gateways whose routes name the Service."""
    host = target.service.host if target.service else ""
    found: set[tuple[str, str]] = set()
    for routing in routings:
        if any(share.destination.host == host for share in _shares(routing)):
            for gateway in routing.gateways:
                namespace, slash, name = gateway.partition("/")
                if slash:
                    found.add((namespace, name.partition(f"-{INFIX}")[0]))
    return found


def _shares(routing: Routing) -> Iterator[Share]:
    for request in routing.http:
        yield from request.shares
    for connection in (*routing.tls, *routing.tcp):
        yield from connection.shares


def _gateway(of: tuple[str, str]) -> Object:
    return {"group": GROUP, "kind": "Gateway", "namespace": of[0], "name": of[1]}
