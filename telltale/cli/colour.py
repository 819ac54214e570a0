"""The colours of a report's roles, and the signs a terminal shows. Never: a word of the report."""

import os
import shutil
import sys

from telltale.cli.output import coloured
from telltale.why.path import ASCII, UNICODE
from telltale.why.report import Look, Role, plain

_CODES = {
    Role.GOOD: "32", Role.BAD: "31", Role.WARN: "33",
    Role.HEAD: "1", Role.FAINT: "2", Role.COMMAND: "36",
}  # fmt: skip


def look() -> Look:
    """For standard output as it is: its width, its colours, its signs."""
    width = min(shutil.get_terminal_size((100, 24)).columns, 120)
    signs = UNICODE if _speaks_unicode() else ASCII
    return Look(_paint if coloured() else plain, signs, max(width, 60))


def _paint(role: Role, text: str) -> str:
    return f"\x1b[{_CODES[role]}m{text}\x1b[0m"


def _speaks_unicode() -> bool:
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    return encoding == "utf8" and os.environ.get("TERM") != "dumb"
