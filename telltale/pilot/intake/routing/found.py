"""What judging one object found, and the strings that every part of it is made of.

Pure. Never: what a field is for.
"""

import re
from dataclasses import dataclass, field

from telltale.kube.istio.virtualservice import StringMatch
from telltale.kube.meta import Ref
from telltale.lib import re2
from telltale.pilot.intake.durations import seconds
from telltale.pilot.intake.problem import Level, Problem

LEFT_OUT = "the object is left out"
SHORTEST_S = 0.001
LONGEST_S = 3_155_760_000.0  # a hundred years; a proxy counts nanoseconds in 63 bits
_HEADER_NAME = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")  # a token of RFC 9110, 5.6.2
_LABEL = re.compile(r"[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass
class Found:
    """Problems of one object, as they are found."""

    ref: Ref
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, field: str, what: str, hint: str) -> None:
        self.problems.append(Problem(self.ref, f"spec.{field}", what, LEFT_OUT, hint))

    def warn(
        self, field: str, what: str, why: str, hint: str, code: str = "invalid"
    ) -> None:
        found = Problem(self.ref, f"spec.{field}", what, why, hint, Level.WARNING, code)
        self.problems.append(found)

    @property
    def refused(self) -> bool:
        return any(one.level is Level.ERROR for one in self.problems)

    def text(self, path: str, match: StringMatch) -> None:
        """A string match says at most one thing, and not that a value begins with nothing."""
        given = {
            name: one for name in ("exact", "prefix", "regex")
            if (one := getattr(match, name)) is not None
        }  # fmt: skip
        if len(given) > 1:
            self.wrong(path, f"{' and '.join(given)} are given", "give one of them")
        for name in ("prefix", "regex"):
            if given.get(name) == "":
                self.wrong(f"{path}.{name}", "is empty", "leave it out to match anything")
        if match.regex:
            self.regex(f"{path}.regex", match.regex)

    def regex(self, path: str, pattern: str) -> None:
        if reason := re2.unusable(pattern):
            self.wrong(path, f"{pattern!r} is not RE2: {reason}",
                       "write it in RE2 (github.com/google/re2/wiki/Syntax)")  # fmt: skip

    def header(self, path: str, name: str) -> None:
        if not _HEADER_NAME.fullmatch(name):
            self.wrong(path, f"{name!r} is not a header's name", "use letters, digits and -")

    def plain(self, path: str, value: str) -> None:
        """A value that goes into a header."""
        if _CONTROL.search(value):
            self.wrong(path, f"{value!r} has control characters", "take them out")

    def duration(self, path: str, written: str | None) -> None:
        length = seconds(written)
        if length is None:
            return
        if length < SHORTEST_S:
            self.wrong(path, f"{written} is shorter than 1ms", "make it longer or leave it out")
        elif length > LONGEST_S:
            self.wrong(path, f"{written} is longer than 100 years", "make it shorter")

    def host(self, path: str, name: str, *, wildcard: bool = False) -> None:
        """A DNS name; where `wildcard` is allowed, its first label may be `*`."""
        rest = name.lower().rstrip(".")
        if wildcard and (rest == "*" or rest.startswith("*.")):
            rest = rest[2:]
            if not rest:
                return
        labels = rest.split(".")
        if not name or len(name) > 255 or not all(_LABEL.fullmatch(one) for one in labels):
            kinds = "a DNS name, short or full" + (", or *.domain" if wildcard else "")
            self.wrong(path, f"{name!r} is not a host", f"write {kinds}")

    def namespace(self, path: str, name: str) -> None:
        if name and not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name):
            self.wrong(path, f"{name!r} is not a namespace's name", "use a-z, 0-9 and -")
