"""What a question was answered with: the world, what it means, and what finding out cost. Pure."""

from dataclasses import dataclass

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
