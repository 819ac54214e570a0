"""A fix, applied and verified: ask again until all is well, or the time is up.

Never: a step that nobody agreed to. What is safe is applied unasked; `agree` decides the rest.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from telltale.kube import errors
from telltale.why.answer import Answer
from telltale.why.apply import Hands, apply
from telltale.why.ask import Settings, ask
from telltale.why.cause import Finding
from telltale.why.fix import Advice
from telltale.why.reason import Verdict

VERIFY_S = 90.0
AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Manners:
    """How to go about it: whom to ask, whom to tell, how long to wait for the proof."""

    agree: Callable[[Finding], bool]
    tell: Callable[[str], None]
    verify_s: float = VERIFY_S
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Mended:
    """`left`: roots that were not touched, with the reason; `answer` is the last one."""

    applied: tuple[Finding, ...]
    left: tuple[tuple[Finding, str], ...]
    answer: Answer

    @property
    def healthy(self) -> bool:
        return self.answer.diagnosis.verdict is Verdict.HEALTHY


async def mend(hands: Hands, answer: Answer, settings: Settings, manners: Manners) -> Mended:
    """Applies the fix of every root that may be applied, in order, and verifies.

    A step that fails ends its fix and is told; nothing is applied twice.
    """
    applied: list[Finding] = []
    left: list[tuple[Finding, str]] = []
    for root in answer.diagnosis.roots:
        refusal = _refusal(root, manners)
        if not refusal:
            refusal = await _carry_out(hands, root, manners)
        if refusal:
            left.append((root, refusal))
            manners.tell(f"{root.cause}: {refusal}")
        else:
            applied.append(root)
    if applied:
        answer = await _verify(hands, answer, settings, manners)
    return Mended(tuple(applied), tuple(left), answer)


def _refusal(root: Finding, manners: Manners) -> str:
    """Why a root is not touched; empty when it is."""
    if not root.fix.applicable:
        return f"to be mended by hand: {root.fix.title}"
    if not root.certain:
        return "not certain, so not touched; see what would decide"
    if not root.fix.automatic and not manners.agree(root):
        return "left as it is: nobody agreed (on a terminal --fix asks; --yes agrees)"
    return ""


async def _carry_out(hands: Hands, root: Finding, manners: Manners) -> str:
    """The fix's steps in order; an error in one line when one fails."""
    for step in root.fix.steps:
        if isinstance(step, Advice):
            continue
        manners.tell(f"{root.cause}: {step.command}")
        try:
            await apply(hands, step)
        except errors.ApiError as error:
            return f"failed: {error}"
    return ""


async def _verify(hands: Hands, answer: Answer, settings: Settings, manners: Manners) -> Answer:
    loop = asyncio.get_running_loop()
    until, said = loop.time() + manners.verify_s, ""
    while True:
        answer = await ask(hands.client, answer.question, settings)
        progress = _progress(answer)
        if progress != said:
            manners.tell(progress)
            said = progress
        healed = answer.diagnosis.verdict is Verdict.HEALTHY and not answer.diagnosis.latent
        if healed or loop.time() >= until:
            return answer
        await manners.pause(AGAIN_S)


def _progress(answer: Answer) -> str:
    """One line; it changes only when there is news."""
    found = answer.diagnosis
    if found.verdict is Verdict.HEALTHY and not found.latent:
        return f"{answer.subject.text}: healthy"
    if found.verdict is Verdict.HEALTHY:
        return f"{answer.subject.text}: ready, proxies come back to the pilot"
    waiting = {key for one in found.findings for key in one.affected}
    waiting |= {*found.starting, *found.unexplained}
    pods = "1 pod" if len(waiting) == 1 else f"{len(waiting)} pods"
    return f"{answer.subject.text}: {pods} not ready yet"
