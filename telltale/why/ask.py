"""The whole story: gather, reason, answer. What it cost is counted.

Never: a rule about causes, or printing.
"""

from dataclasses import dataclass, replace

from telltale.kube import errors
from telltale.kube.client import Client
from telltale.lib.clock import Clock
from telltale.why import symptom
from telltale.why.answer import Answer, Cost
from telltale.why.causes.every import CAUSES
from telltale.why.gather.calls import MOST_CALLS, WHOLE_S, Calls
from telltale.why.gather.inside import read_inside
from telltale.why.gather.objects import list_objects
from telltale.why.gather.worth import first_reads, second_reads
from telltale.why.reason import Diagnosis, Verdict, reason
from telltale.why.request import examine
from telltale.why.symptom import Question, Subject
from telltale.why.world import Lack, Missing, World


@dataclass(frozen=True, slots=True)
class Settings:
    clock: Clock
    calls_most: int = MOST_CALLS
    seconds_most: float = WHOLE_S


async def ask(client: Client, question: Question, settings: Settings) -> Answer:
    """Explains what a question is about.

    Raises `symptom.BadTarget` when it names nothing, `kube.errors.ApiError` when the API server
    does not answer at all; that pods may not be listed is an answer (not permitted).
    """
    began = settings.clock.monotonic()
    calls = Calls(settings.calls_most, settings.seconds_most)
    world = await _objects(client, calls, question, settings.clock)
    barred = _pods_barred(world)
    if barred:
        subject = Subject(_said(question), frozenset())
        diagnosis = Diagnosis(Verdict.NOT_PERMITTED, deciding=(barred,))
    else:
        subject = symptom.resolve(question, world)
        world = replace(world, focus=subject.focus, scope=_scope(question))
        world = await _inside(client, calls, world)
        diagnosis = _beyond(question, subject, world, reason(world, CAUSES))
    seconds = round(settings.clock.monotonic() - began, 3)
    return Answer(question, subject, world, diagnosis, Cost(calls.made, 0, seconds))


async def _objects(client: Client, calls: Calls, question: Question, clock: Clock) -> World:
    found = await list_objects(client, calls, "" if question.everywhere else question.namespace)
    missing = tuple(sorted(calls.missing, key=str))
    if "pods" not in found.complete and not found.pods:
        for one in missing:
            if one.what.startswith("list pods") and one.lack is not Lack.FORBIDDEN:
                raise errors.Unavailable(one.detail or f"the API server {one.lack}: {one.what}")
    return World(
        now=clock.now(), pods=found.pods, services=found.services, slices=found.slices,
        deployments=found.deployments, events=found.events, complete=found.complete,
        missing=missing,
    )  # fmt: skip


async def _inside(client: Client, calls: Calls, world: World) -> World:
    world = await read_inside(client, calls, world, first_reads(world, calls.left))
    world = await read_inside(client, calls, world, second_reads(world, calls.left))
    return replace(world, missing=tuple(sorted(calls.missing, key=str)))


def _pods_barred(world: World) -> Missing | None:
    lists = [one for one in world.missing if one.what.startswith("list pods")]
    return lists[-1] if lists and not world.pods and "pods" not in world.complete else None


def _beyond(question: Question, subject: Subject, world: World, found: Diagnosis) -> Diagnosis:
    """A request whose ends are well is well only when what lies between them is, too."""
    if found.verdict is Verdict.HEALTHY and not all(
        one.well for one in examine(question, subject, world)
    ):
        return replace(found, verdict=Verdict.UNKNOWN)
    return found


def _scope(question: Question) -> str | None:
    if question.target is not None:
        return None
    return "" if question.everywhere else question.namespace


def _said(question: Question) -> str:
    if question.target:
        return f"{question.target} in {question.namespace}"
    return "all namespaces" if question.everywhere else f"namespace {question.namespace}"
