"""The annotation by which a pod declares what it calls. Pure.

Never: what the names in it mean (`model.calls`).
"""

import re
from collections.abc import Mapping

from telltale.kube.core import CALLS
from telltale.model.calls import Calls

MOST = 500  # names; somebody who calls more is better off without
_WORD = re.compile(
    r"(([a-z0-9]([a-z0-9-]*[a-z0-9])?|[*.])/)?((\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\*)"
)


def read(notes: Mapping[str, str]) -> Calls | None:
    """None when nothing is declared, or nothing that can be followed: then all is seen."""
    if CALLS not in notes or fault(notes[CALLS]):
        return None
    return tuple(sorted(set(_words(notes[CALLS]))))


def fault(text: str) -> str:
    """What is wrong with the annotation's value."""
    words = _words(text)
    if len(words) > MOST:
        return f"{len(words)} names; at most {MOST} are taken"
    wrong = [one for one in words if not _WORD.fullmatch(one)]
    return f"{wrong[0]!r} is not a host" if wrong else ""


def _words(text: str) -> list[str]:
    return [word for one in text.lower().split(",") if (word := one.strip().rstrip("."))]
