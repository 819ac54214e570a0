"""What a question was answered with: the world, what it means, and what finding out cost. Pure."""

from dataclasses import dataclass

from telltale.why import parts
from telltale.why.reason import Diagnosis
from telltale.why.symptom import Question, Subject
from telltale.why.world import World


@dataclass(frozen=True, slots=True)
class Cost:
    api_calls: int
    probes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, what is known, and what it means."""

    question: Question
    subject: Subject
    world: World
    diagnosis: Diagnosis
    cost: Cost

    @property
    def exit_code(self) -> int:
        return self.diagnosis.verdict.exit_code


def request_facts(answer: Answer) -> tuple[str, ...]:
    """For a request: what the Service between both ends says."""
    service, world = answer.subject.service, answer.world
    if service is None:
        return ()
    name = f"{service.metadata.namespace}/{service.metadata.name}"
    ports = [one.port for one in service.spec.ports]
    facts = [f"Service {name} has {world.endpoints(service)} ready endpoints"]
    if answer.question.port and answer.question.port not in ports:
        facts.append(f"Service {name} has no port {answer.question.port}; it has {ports}")
    if parts.dns(world).ready:
        facts.append("the cluster's DNS has ready pods")
    return tuple(facts)
