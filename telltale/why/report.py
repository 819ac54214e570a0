"""An answer as one screen of text. Pure: an answer in, lines out. Never: colour codes, or printing.

Colour comes in as a function from a role and a text to a text; `plain` leaves all as it is.
"""

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from telltale.kube.core import Pod
from telltale.why.answer import Answer
from telltale.why.cause import Finding
from telltale.why.fix import Fix
from telltale.why.next_look import next_looks
from telltale.why.path import UNICODE, Glyphs, path_lines
from telltale.why.pods import (
    PodKey,
    State,
    age_s,
    budget_s,
    key_of,
    sidecar,
    state,
    waits_for_config,
)
from telltale.why.reason import Latent, Verdict
from telltale.why.request import NOT_EXAMINED, examine


class Role(StrEnum):
    """What a piece of the text is, for whoever gives it a colour."""

    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    HEAD = "head"
    FAINT = "faint"
    COMMAND = "command"


Paint = Callable[[Role, str], str]
NAMES_MOST = 2
RULED_OUT_LINES = 2


def plain(role: Role, text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Look:
    """How it is to look; `width` in columns."""

    paint: Paint = plain
    glyphs: Glyphs = UNICODE
    width: int = 100


DEFAULT = Look()


def render(answer: Answer, look: Look = DEFAULT) -> str:
    """The whole answer, without a newline at its end."""
    return "\n".join(_lines(answer, look))


def _lines(answer: Answer, look: Look) -> Iterator[str]:
    match answer.diagnosis.verdict:
        case Verdict.HEALTHY if answer.subject.service is not None:
            mark = look.paint(Role.GOOD, look.glyphs.ok)
            yield f"{mark} {answer.subject.text}: nothing wrong found"
            yield from _request(answer, look)
        case Verdict.HEALTHY:
            yield _healthy(answer, look)
        case Verdict.STARTING:
            yield from _starting(answer, look)
        case Verdict.CAUSE_FOUND:
            yield from _found(answer, look)
        case _:
            yield from _unknown(answer, look)
    for latent in answer.diagnosis.latent:
        yield from _latent(latent, answer, look)
    if answer.diagnosis.verdict not in (Verdict.HEALTHY, Verdict.STARTING):
        yield _footer(answer, look)


def _healthy(answer: Answer, look: Look) -> str:
    pods = [pod for pod in answer.world.focused() if state(pod, answer.world.now) is State.READY]
    mark = look.paint(Role.GOOD, look.glyphs.ok)
    if len(pods) == 1:
        connected = ", istio-proxy has its configuration" if sidecar(pods[0]) else ""
        return f"{mark} {answer.subject.text}: {pods[0].readiness} ready{connected}"
    counted = Counter(pod.readiness for pod in pods)
    shown = ", ".join(f"{count} x {ready}" for ready, count in sorted(counted.items()))
    ready = f"{len(pods)} pods ready ({shown})" if pods else "no pod to be ill"
    return f"{mark} {answer.subject.text}: healthy, {ready}"


def _starting(answer: Answer, look: Look) -> Iterator[str]:
    mark, world = look.paint(Role.GOOD, look.glyphs.unknown), answer.world
    starting = [pod for pod in world.focused() if key_of(pod) in answer.diagnosis.starting]
    if len(starting) > 1:
        focused = [pod for pod in world.focused() if not _gone(pod, answer)]
        yield f"{mark} {answer.subject.text}: {len(starting)} of {len(focused)} pods are starting"
    for pod in sorted(starting, key=key_of):
        waits = next((one for one in pod.status.container_statuses if not one.ready), None)
        age = int(age_s(pod.metadata.creation_timestamp, world.now))
        limit = budget_s(pod, waits.name) if waits else 0
        what = f", waits for {waits.name} (may take {limit} s)" if waits else ""
        unscheduled = pod.condition("PodScheduled")
        if unscheduled and unscheduled.status == "False":
            what = f", waits for a node: {unscheduled.message}"
        lead = "   " if len(starting) > 1 else f"{mark} "
        yield f"{lead}{pod.metadata.name}: {pod.readiness}, starting for {age} s{what}"
        own = world.reports.get(key_of(pod))
        if own is not None and waits_for_config(pod) and not own.unsettled:
            yield from _wrapped("     istio-proxy says so far: ", own.error, look)
    if answer.diagnosis.unmade and not starting:
        yield f"{mark} {answer.subject.text}: pods are about to be made"
    yield from _unmade(answer, look)


def _found(answer: Answer, look: Look) -> Iterator[str]:
    first, *others = answer.diagnosis.findings
    yield _head(answer, look)
    if others:
        yield f"  {1 + len(others)} independent causes: mending one alone is not enough"
    yield ""
    yield from _finding(first, answer, look)
    for other in others:
        yield ""
        yield from _short(other, look)
    yield from _unmade(answer, look)
    for key in answer.diagnosis.unexplained:
        yield f"{look.glyphs.bad} {key[1]}: not ready, and none of the above explains it"


def _head(answer: Answer, look: Look) -> str:
    mark, world = look.paint(Role.BAD, look.glyphs.bad), answer.world
    pods = [pod for pod in world.focused() if not _gone(pod, answer)]
    ill = [pod for pod in pods if not pod.ready]
    if len(pods) == 1:
        inside = _containers(pods[0], look)
        return f"{mark} {answer.subject.text}  READY {pods[0].readiness}   {inside}"
    return f"{mark} {answer.subject.text}: {len(ill)} of {len(pods)} pods not ready"


def _gone(pod: Pod, answer: Answer) -> bool:
    return state(pod, answer.world.now) in (State.OVER, State.LEAVING)


def _containers(pod: Pod, look: Look) -> str:
    marks = (
        f"{one.name} {look.glyphs.ok if one.ready else look.glyphs.bad}"
        for one in pod.status.container_statuses
    )
    return "   ".join(marks)


def _finding(one: Finding, answer: Answer, look: Look) -> Iterator[str]:
    drawn = path_lines(one, look.glyphs)
    yield f"  path   {drawn[0]}"
    yield from (f"         {line}" for line in drawn[1:])
    yield ""
    yield from _error(one, look)
    yield "  because"
    for number, link in enumerate(one.because, 1):
        yield from _wrapped(f"   {number} ", link, look)
    yield "  evidence"
    for number, line in enumerate(one.evidence, 1):
        yield from _wrapped(f"   {number} ", f"{line.claim}: {line.value or 'none'}", look)
        yield look.paint(Role.FAINT, f"     $ {line.how}")
    yield from _ruled_out("  ruled out: ", one.ruled_out, look)
    yield f"  affected  {_names(one.affected)}"
    yield ""
    yield from _help(one.fix, look)
    for note in one.notes:
        yield from _wrapped("note: ", note, look)


def _error(one: Finding, look: Look) -> Iterator[str]:
    sure = "" if one.certain else " (likely, not certain)"
    glyphs = look.glyphs
    yield f"{look.paint(Role.BAD, f'error[{one.cause}]')}: {look.paint(Role.HEAD, one.title)}{sure}"
    yield f"   {glyphs.top} {one.object}   {one.field}"
    yield f"   {glyphs.bar} expected  {look.paint(Role.GOOD, one.expected)}"
    yield f"   {glyphs.corner} found     {look.paint(Role.BAD, _cut(one.found, look.width - 16))}"


def _short(one: Finding, look: Look) -> Iterator[str]:
    yield from _error(one, look)
    yield f"  affected  {_names(one.affected)}"
    yield from _help(one.fix, look)


def _ruled_out(lead: str, texts: tuple[str, ...], look: Look) -> list[str]:
    """As many as fit into a few lines; all of them are in the JSON."""
    for count in range(len(texts), 0, -1):
        more = "" if count == len(texts) else f" {look.glyphs.dot} {len(texts) - count} more"
        lines = _wrapped(lead, f" {look.glyphs.dot} ".join(texts[:count]) + more, look)
        if len(lines) <= RULED_OUT_LINES:
            return lines
    return []


def _help(fix: Fix, look: Look) -> Iterator[str]:
    yield f"{look.paint(Role.GOOD, 'help')}: {fix.title}"
    if fix.applicable:
        asks = "" if fix.automatic else "   (asks first)"
        yield f"   {look.paint(Role.COMMAND, 'telltale why --fix')}{asks}   or by hand:"
        yield from (f"   {look.paint(Role.FAINT, one)}" for one in fix.commands)
    for step in fix.advice:
        yield f"   {'or, ' if fix.applicable else ''}{step.text}:"
        yield f"   {look.paint(Role.FAINT, step.command)}"
    yield from _wrapped("   scope ", fix.scope, look)
    yield from _wrapped("   then  ", fix.expect, look)


def _latent(one: Latent, answer: Answer, look: Look) -> Iterator[str]:
    lead = f"{look.glyphs.warn} not hit yet: "
    first, *rest = _wrapped(lead, f"{_names(one.pods)}: {one.claim}", look)
    yield look.paint(Role.WARN, lead) + first[len(lead) :]
    yield from rest
    if one.root is None:
        yield "   nothing to do unless it lasts: kubectl get pods -n istio-system"
    elif one.root.affected:
        yield f"   the cause is the same: {one.root.cause}"
    else:
        root = one.root
        yield f"   {look.paint(Role.WARN, f'warning[{root.cause}]')}: {root.title}"
        found = _cut(root.found, 60)
        yield f"   {root.object} {root.field}: expected {root.expected}, found {found}"
        yield from _help(root.fix, look)


def _unknown(answer: Answer, look: Look) -> Iterator[str]:
    diagnosis, world = answer.diagnosis, answer.world
    mark = look.paint(Role.WARN, "?")
    if answer.subject.service and not diagnosis.unexplained and not diagnosis.unmade:
        yield f"{mark} {answer.subject.text}: both ends are well, and yet:"
        yield from _request(answer, look)
        return
    if diagnosis.unmade and not diagnosis.unexplained:
        yield f"{mark} {answer.subject.text}: pods are wanted that cannot be made"
    elif diagnosis.unexplained:
        yield f"{mark} {answer.subject.text}: not ready; no known cause matches"
    else:
        yield f"{mark} {answer.subject.text}: cannot be read"
    for pod in sorted(world.focused(), key=key_of):
        if key_of(pod) in diagnosis.unexplained:
            yield f"   {pod.metadata.name}  READY {pod.readiness}   {_containers(pod, look)}"
            report = world.report(pod)
            if report and sidecar(pod):
                said = f"istio-proxy says (stage {report.stage}): {report.error or 'no error'}"
                yield from _wrapped("     ", said, look)
    yield from _ruled_out("   ruled out: ", diagnosis.ruled_out, look)
    yield from _unmade(answer, look)
    for text, command in next_looks(world, diagnosis.unexplained):
        yield from _wrapped("   next: ", text, look)
        yield look.paint(Role.FAINT, f"     $ {command}")
    for one in diagnosis.deciding:
        yield f"   would decide: {one}"
        yield look.paint(Role.FAINT, f"     $ {one.how}")


def _request(answer: Answer, look: Look) -> Iterator[str]:
    for one in examine(answer.question, answer.subject, answer.world):
        glyph, role = (look.glyphs.ok, Role.GOOD) if one.well else (look.glyphs.bad, Role.BAD)
        mark = look.paint(role, glyph)
        yield f"   {mark} {one.text}"
    yield f"   {look.glyphs.unknown} not looked at: {NOT_EXAMINED}"


def _unmade(answer: Answer, look: Look) -> Iterator[str]:
    told: set[str] = set()
    for one in answer.diagnosis.unmade:
        if one.owner.namespace in told:
            yield f"   {one.owner}: {one.there} of {one.wanted} pods, likewise"
            continue
        told.add(one.owner.namespace)
        lead = f"{one.owner}: {one.there} of {one.wanted} pods; the API server refuses more: "
        yield from _wrapped("   ", lead + one.said, look)
        command = f"kubectl -n {one.owner.namespace} describe deployment {one.owner.name}"
        yield look.paint(Role.FAINT, f"     $ {command}")


def _footer(answer: Answer, look: Look) -> str:
    cost, dot = answer.cost, look.glyphs.dot
    hidden = answer.diagnosis.hidden
    notes = f"{hidden} unrelated note{'' if hidden == 1 else 's'} hidden {dot} " if hidden else ""
    calls = f"{cost.api_calls} API calls {dot} {cost.seconds:.2f} s"
    text = f"{notes}{calls} {dot} exit {answer.exit_code}"
    return look.paint(Role.FAINT, text.rjust(look.width))


def _names(keys: tuple[PodKey, ...]) -> str:
    if not keys:
        return "no pod that runs"
    names = [name for _, name in keys]
    where = ", ".join(sorted({namespace for namespace, _ in keys}))
    shown = ", ".join(names[:NAMES_MOST])
    more = f" and {len(names) - NAMES_MOST} more" if len(names) > NAMES_MOST else ""
    return f"{len(names)} {'pod' if len(names) == 1 else 'pods'} of {where}: {shown}{more}"


def _wrapped(lead: str, text: str, look: Look) -> list[str]:
    return textwrap.wrap(
        text, look.width, initial_indent=lead, subsequent_indent=" " * len(lead),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
