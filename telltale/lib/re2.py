"""Whether a pattern is RE2, the only kind of regular expression that a proxy takes. Pure.

RE2 leaves out what cannot be matched in linear time: look-around, back references, atomic groups.
It is read as a proxy reads it: over bytes, not over characters. Never: matching. Source:
github.com/google/re2/wiki/Syntax.
"""

import re

REPEATS_MAX = 1000
SIZE_MAX = 32768  # of the program that it becomes, as our proxies are told (`agent.bootstrap`)
_COST = 3  # instructions for a piece of a pattern, about; a literal takes one
_FLAGS = re.compile(r"\?[imsU]*(?:-[imsU]+)?[:)]")
_NAME = re.compile(r"\?P?<([A-Za-z_][A-Za-z0-9_]*)>")
_REPEAT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_CLASS = re.compile(r"\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space"
                    r"|upper|word|xdigit):\]")  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:[0-7]{2,3}|0|x[0-9A-Fa-f]{2}|x\{0*[0-9A-Fa-f]{1,2}\}|[pP](?:[A-Z]|\{\^?[A-Za-z_]+\})"
    r"|[aftnrvdDsSwW]|[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f])"
)
_ONLY_OUTSIDE = re.compile(r"\\[AbBzC]")  # of a character class


class NotRe2(ValueError):
    """A pattern that RE2 refuses; the message says what in it."""


def groups(pattern: str) -> int:
    """How many groups a pattern captures. Raises `NotRe2`."""
    scan = _Scan(pattern)
    scan.run()
    return scan.captured


def unusable(pattern: str) -> str:
    """What is wrong with a pattern, or nothing."""
    try:
        groups(pattern)
    except NotRe2 as error:
        return str(error)
    return ""


class _Scan:
    """One walk over a pattern. `able`: something stands before, which may be repeated."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._able = False
        self._most = [1]  # of each group that is open, and of all: how often its content repeats
        self._size = [0]  # of the same: how long a program it becomes
        self._last = self._cost = 1  # both of what stands before
        self.captured = 0

    def run(self) -> None:
        while self._at < len(self._text):
            self._step(self._text[self._at])
        if len(self._most) > 1:
            raise NotRe2("missing )")

    def _step(self, sign: str) -> None:
        if sign not in "*+?{)":
            self._last, self._cost = 1, _COST
            self._size[-1] += _COST
        match sign:
            case "\\":
                self._escape()
            case "[":
                self._class()
            case "(":
                self._group()
            case ")":
                self._close()
            case "|":
                self._at, self._able = self._at + 1, False
            case "*" | "+" | "?":
                self._repeated(sign, self._at + 1)
            case "{":
                self._counted()
            case _:
                self._at, self._able = self._at + 1, True

    def _escape(self) -> None:
        text, at = self._text, self._at
        if text.startswith("\\Q", at):
            end = text.find("\\E", at + 2)
            self._at = len(text) if end < 0 else end + 2
        else:
            found = _ESCAPE.match(text, at) or _ONLY_OUTSIDE.match(text, at)
            if not found:
                raise NotRe2(self._bad_escape())
            self._at = found.end()
        self._able = True

    def _bad_escape(self) -> str:
        found = self._text[self._at : self._at + 2]
        if found[1:].isdigit() or found == "\\k":
            return f"back reference {found} (RE2 has none)"
        return f"invalid escape {found}"

    def _class(self) -> None:
        """`[...]`, in which the first `]` is itself."""
        text, start = self._text, self._at
        at = start + (2 if text.startswith("[^", start) else 1)
        first = True
        while first or not text.startswith("]", at):
            if at >= len(text):
                raise NotRe2(f"missing ] after {text[start:]}")
            found = _CLASS.match(text, at)
            at = found.end() if found else self._range(at)
            first = False
        self._at, self._able = at + 1, True

    def _range(self, at: int) -> int:
        """One character or escape of a class, or two with `-` between; where it ends."""
        low, end = self._one(at)
        text = self._text
        if not (text.startswith("-", end) and text[end + 1 : end + 2] not in ("", "]")):
            return end
        high, after = self._one(end + 1)
        if low and high and high < low:
            raise NotRe2(f"invalid range {text[at:after]}")
        return after

    def _one(self, at: int) -> tuple[str, int]:
        """A character of a class, or nothing where an escape says it; where it ends."""
        if not self._text.startswith("\\", at):
            return self._text[at], at + 1
        found = _ESCAPE.match(self._text, at)
        if not found:
            raise NotRe2(f"invalid escape {self._text[at : at + 2]} in a character class")
        return "", found.end()

    def _group(self) -> None:
        text, at = self._text, self._at + 1
        if not text.startswith("?", at):
            self.captured += 1
        elif found := _NAME.match(text, at):
            self.captured += 1
            at = found.end()
        elif found := _FLAGS.match(text, at):
            at = found.end()
            if found[0].endswith(")"):  # flags for the rest, no group
                self._at = at
                return
        else:
            raise NotRe2(f"({text[at : at + 3]}: RE2 has no such group (look-around, atomic)")
        self._at, self._able = at, False
        self._most.append(1)
        self._size.append(0)

    def _close(self) -> None:
        if len(self._most) == 1:
            raise NotRe2("unexpected )")
        self._at, self._able, self._last = self._at + 1, True, self._most.pop()
        self._most[-1] = max(self._most[-1], self._last)
        self._cost = self._size.pop()
        self._size[-1] += self._cost

    def _counted(self) -> None:
        found = _REPEAT.match(self._text, self._at)
        if not found:  # a brace that counts nothing is itself
            self._at, self._able, self._last = self._at + 1, True, 1
            return
        low = int(found[1])
        high = int(found[3]) if found[3] else low
        if max(low, high) > REPEATS_MAX or high < low:
            raise NotRe2(f"invalid repetition {found[0]} (at most {REPEATS_MAX})")
        self._last *= max(low, high, 1)
        self._most[-1] = max(self._most[-1], self._last)
        self._size[-1] += self._cost * max(low, high, 1)
        if self._size[-1] > SIZE_MAX:
            raise NotRe2("too long with all that is repeated")
        if self._last > REPEATS_MAX:
            raise NotRe2(f"repetitions in each other, {self._last} times (at most {REPEATS_MAX})")
        self._repeated(found[0], found.end())

    def _repeated(self, sign: str, end: int) -> None:
        if not self._able:
            raise NotRe2(f"nothing to repeat before {sign}")
        if self._text.startswith("?", end):  # as few as possible
            end += 1
        rest = self._text[end : end + 1]
        if (rest and rest in "*+?") or _REPEAT.match(self._text, end):
            raise NotRe2(f"repetition of a repetition: {sign}{rest}")
        self._at, self._able = end, True
