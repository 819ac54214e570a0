"""What a person sees: lines, progress, colour. The only room that prints.

Never: logic. Data goes to stdout, all else to stderr; colour only on a terminal without NO_COLOR.
"""

import os
import sys
import time
from dataclasses import dataclass, field


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


@dataclass
class Progress:
    """Steps with their seconds: `step` opens one, `detail` says what it waits for, `done` ends."""

    began: float = field(default_factory=time.monotonic)
    _step: str = ""
    _since: float = 0.0
    _shown: str = ""

    def step(self, text: str) -> None:
        self.done()
        self._step, self._since = text, time.monotonic()
        if coloured(sys.stderr):
            print(f"  {text} …", end="", file=sys.stderr, flush=True)

    def detail(self, text: str) -> None:
        if not self._step or text == self._shown:
            return
        self._shown = text
        if coloured(sys.stderr):
            print(f"\r\x1b[2K  {self._step} … {text}"[:160], end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self._since > 2:
            print(f"  {self._step}: {text}", file=sys.stderr, flush=True)

    def done(self) -> None:
        if self._step:
            took = time.monotonic() - self._since
            mark = "\r\x1b[2K\x1b[32m✓\x1b[0m" if coloured(sys.stderr) else "✓"
            print(f"{mark} {self._step} ({took:.1f} s)", file=sys.stderr, flush=True)
        self._step = self._shown = ""
