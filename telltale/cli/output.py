"""What a person sees: lines, progress, colour. The only room that prints.

Never: logic. Data goes to stdout, all else to stderr; colour only on a terminal without NO_COLOR.
"""

import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_CALM_S = 5.0  # between two lines of progress where nobody watches a terminal


def coloured(stream: object = None) -> bool:
    """May colour be used: a terminal, no NO_COLOR, not a dumb one."""
    target = stream or sys.stdout
    is_terminal = bool(getattr(target, "isatty", lambda: False)())
    dumb = os.environ.get("TERM") == "dumb"
    return is_terminal and not dumb and "NO_COLOR" not in os.environ


def line(text: str = "") -> None:
    print(text)


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def fail(text: str) -> None:
    prefix = "\x1b[31merror:\x1b[0m" if coloured(sys.stderr) else "error:"
    print(f"{prefix} {text}", file=sys.stderr, flush=True)


def program() -> str:
    """How to call us again from here: by name when the PATH finds us, else by a path that works."""
    called = Path(sys.argv[0])
    found = shutil.which("telltale")
    if called.name != "telltale" or (found and Path(found).resolve() == called.resolve()):
        return "telltale"
    here = Path.cwd()
    path = called.absolute()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


@dataclass
class Progress:
    """Steps with their seconds: `step` opens one, `detail` says what it waits for, `done` ends."""

    _step: str = ""
    _since: float = 0.0
    _shown: str = ""
    _speak_at: float = 0.0

    def step(self, text: str) -> None:
        self.done()
        self._step, self._since = text, time.monotonic()
        self._speak_at = self._since + _CALM_S
        if coloured(sys.stderr):
            print(f"  {text} …", end="", file=sys.stderr, flush=True)

    def detail(self, text: str) -> None:
        """On a terminal the line follows; elsewhere one now and then, when it has changed."""
        if not self._step or text == self._shown:
            return
        now = time.monotonic()
        if coloured(sys.stderr):
            width = shutil.get_terminal_size().columns - 1
            shown = f"  {self._step} … {text}"[:width]
            print(f"\r\x1b[2K{shown}", end="", file=sys.stderr, flush=True)
        elif now < self._speak_at:
            return
        else:
            self._speak_at = now + _CALM_S
            print(f"  {self._step}: waiting for {text}", file=sys.stderr, flush=True)
        self._shown = text

    def done(self) -> None:
        if self._step:
            took = time.monotonic() - self._since
            mark = "\r\x1b[2K\x1b[32m✓\x1b[0m" if coloured(sys.stderr) else "✓"
            print(f"{mark} {self._step} ({took:.1f} s)", file=sys.stderr, flush=True)
        self._step = self._shown = ""
