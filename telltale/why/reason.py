"""All judges, then: drop consequences, rank roots, find what has not hit yet, give a verdict. Pure.

Never: what a single cause looks like; that is the cause's own business.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from telltale.kube.core import Pod
from telltale.why import parts
from telltale.why.cause import Cause, Edge, Finding
from telltale.why.exclusions import exclusions
from telltale.why.pods import PodKey, State, age_s, key_of, sidecar, state
from telltale.why.unmade import Unmade, unmade
from telltale.why.world import Lack, Missing, World

# Seconds without the pilot before a ready pod is worth a word: Envoy tries again that often.
LOST_S = 30
DEPTH = (Edge.DNS, Edge.PILOT, Edge.ENVOY, Edge.APP)


class Verdict(StrEnum):
    HEALTHY = "healthy"
    STARTING = "starting"
    CAUSE_FOUND = "cause-found"
    UNKNOWN = "unknown"
    NOT_PERMITTED = "not-permitted"

    @property
    def exit_code(self) -> int:
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class Latent:
    """What has not hit yet. `root`: the finding behind it, when there is one."""

    claim: str
    pods: tuple[PodKey, ...]
    root: Finding | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    latent: tuple[Latent, ...] = ()
    starting: tuple[PodKey, ...] = ()
    unexplained: tuple[PodKey, ...] = ()
    unmade: tuple[Unmade, ...] = ()
    ruled_out: tuple[str, ...] = ()  # for what is unexplained
    deciding: tuple[Missing, ...] = ()  # what could not be read and would decide
    hidden: int = 0

    @property
    def roots(self) -> tuple[Finding, ...]:
        """Everything that there is to mend: what hit, then what has not yet."""
        named = {(one.cause, one.object) for one in self.findings}
        later = [one.root for one in self.latent if one.root]
        return self.findings + tuple(one for one in later if (one.cause, one.object) not in named)


def reason(world: World, causes: Sequence[Cause]) -> Diagnosis:
    judged = [finding for cause in causes for finding in cause.judge(world)]
    roots = sorted(_but_of_parts(world, _without_consequences(judged, causes)), key=_rank)
    refused = unmade(world)
    lasting = [one for one in refused if not one.young]
    barred = any(one.by_webhook for one in lasting)  # the webhook is the pilot's
    hit = tuple(one for one in roots if one.affected or (barred and one.edge is Edge.PILOT))
    states = {key_of(pod): state(pod, world.now) for pod in world.focused()}
    explained = {key for one in hit for key in one.affected} | _of_parts(world, roots)
    starting = _in_state(states, State.STARTING, explained)
    unexplained = _in_state(states, State.ILL, explained)
    latent = _latent(world, roots, states)
    deciding = _deciding(world) if unexplained else ()
    return Diagnosis(
        verdict=_verdict(hit, (*starting, *refused), (*unexplained, *lasting), deciding),
        findings=tuple(_with_exclusions(world, one, roots) for one in hit),
        latent=latent,
        starting=starting,
        unexplained=unexplained,
        unmade=refused,
        ruled_out=tuple(text for _, text in exclusions(world, unexplained)) if unexplained else (),
        deciding=deciding,
        hidden=_hidden(world, roots, latent),
    )


def _without_consequences(judged: list[Finding], causes: Sequence[Cause]) -> list[Finding]:
    explains = {cause.name: cause.explains for cause in causes}

    def follows(finding: Finding) -> bool:
        return not finding.independent and any(
            finding.cause in explains[other.cause] and set(finding.affected) <= set(other.affected)
            for other in judged
        )

    return [finding for finding in judged if not follows(finding)]


def _but_of_parts(world: World, roots: list[Finding]) -> list[Finding]:
    """Without what ails the pods of DNS and pilot themselves, where a root says it as a whole."""
    told = _of_parts(world, roots)
    return [
        one for one in roots
        if one.edge in (Edge.DNS, Edge.PILOT) or not one.affected or not set(one.affected) <= told
    ]  # fmt: skip


def _of_parts(world: World, roots: list[Finding]) -> set[PodKey]:
    """The pods of DNS and pilot, where a root is about them."""
    inside = {Edge.DNS: parts.dns(world).pods, Edge.PILOT: parts.pilot(world).pods}
    edges = {one.edge for one in roots}
    return {key_of(pod) for edge, pods in inside.items() if edge in edges for pod in pods}


def _rank(finding: Finding) -> tuple[bool, int, int, str, str]:
    """Certain before uncertain, then what explains the most, then what lies deepest."""
    depth = DEPTH.index(finding.edge)
    return (
        not finding.certain, -len(finding.affected), depth, finding.cause, str(finding.object)
    )  # fmt: skip


def _in_state(states: dict[PodKey, State], wanted: State, but: set[PodKey]) -> tuple[PodKey, ...]:
    return tuple(sorted(key for key, one in states.items() if one is wanted and key not in but))


def _verdict(
    hit: tuple[Finding, ...], starting: tuple[PodKey | Unmade, ...],
    unexplained: tuple[PodKey | Unmade, ...],
    deciding: tuple[Missing, ...],
) -> Verdict:  # fmt: skip
    if hit:
        return Verdict.CAUSE_FOUND
    if unexplained:
        barred = any(one.lack is Lack.FORBIDDEN for one in deciding)
        return Verdict.NOT_PERMITTED if barred else Verdict.UNKNOWN
    return Verdict.STARTING if starting else Verdict.HEALTHY


def _latent(world: World, roots: list[Finding], states: dict[PodKey, State]) -> tuple[Latent, ...]:
    """Ready pods that a root has not reached yet, and ready pods that have lost their pilot."""
    meshed = {key_of(pod): pod for pod in world.focused() if sidecar(pod)}
    ready = [key for key, one in sorted(states.items()) if one is State.READY and key in meshed]
    coming = [key for key, one in sorted(states.items()) if one is State.STARTING and key in meshed]
    lost = [key for key in ready if parts.connected_now(world, key) is False]
    found: list[Latent] = []
    for root in roots:
        if root.edge not in (Edge.DNS, Edge.PILOT):
            continue
        at_risk = tuple(key for key in ready if key not in root.affected)
        if at_risk:
            found.append(Latent(_risk(world, at_risk), at_risk, root))
        next_hit = tuple(key for key in coming if key not in root.affected)
        if next_hit and not at_risk and not root.affected:
            found.append(Latent("will stay 1/2: no configuration is to be had", next_hit, root))
    covered = {key for one in found for key in one.pods}
    rest = tuple(key for key in lost if key not in covered)
    if any(_long_lost(world, key) for key in rest):
        found.append(Latent("run on the configuration they have: the pilot is lost to them", rest))
    return tuple(found)


def _risk(world: World, at_risk: tuple[PodKey, ...]) -> str:
    """Of those who could be asked, one that is cut off speaks for all unless one is connected."""
    told = {parts.connected_now(world, key) for key in at_risk}
    if False in told and True not in told:
        return "run on what they have, cut off from the pilot; a restart would leave them 1/2"
    return "are ready; a restart would leave them 1/2"


def _long_lost(world: World, key: PodKey) -> bool:
    """A pilot that was replaced is found again within seconds: that is no news."""
    own = world.reports.get(key)
    return own is not None and not own.connected and age_s(own.since or None, world.now) > LOST_S


def _deciding(world: World) -> tuple[Missing, ...]:
    return tuple(one for one in world.missing if one.lack is not Lack.ABSENT)


def _with_exclusions(world: World, finding: Finding, roots: list[Finding]) -> Finding:
    named = {one.cause for one in roots}
    texts = [text for name, text in exclusions(world, finding.affected) if name not in named]
    return replace(finding, ruled_out=tuple(texts))


def _hidden(world: World, roots: list[Finding], latent: tuple[Latent, ...]) -> int:
    """What was seen and has nothing to do with the question: a count, no more."""
    told = [one.root for one in latent]
    unrelated = [one for one in roots if not one.affected and one not in told]
    edges = {one.edge for one in roots}
    told_of = parts.dns(world).pods if Edge.DNS in edges else ()
    told_of += parts.pilot(world).pods if Edge.PILOT in edges else ()
    others = [pod for pod in world.pods if pod not in told_of]
    return len(unrelated) + sum(_ill_elsewhere(world, pod) for pod in others)


def _ill_elsewhere(world: World, pod: Pod) -> bool:
    return key_of(pod) not in world.focus and state(pod, world.now) is State.ILL
