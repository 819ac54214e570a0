"""Whether Envoy can compile an expression (CEL): its grammar, and the functions it knows. Pure.

An expression that it cannot compile would make it refuse the whole listener. (cel.dev, language
definition, "Syntax".) Never: its value, or whether an attribute is there; that shows per request.
"""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<comment>//[^\n]*)
    |(?P<string>[rRbB]{0,2}(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}
        |\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'))
    |(?P<number>0x[0-9a-fA-F]+u?|(?:[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?u?)
    |(?P<name>[_a-zA-Z][_a-zA-Z0-9]*)
    |(?P<sign>&&|\|\||[<>=!]=|[-+*/%!<>?:.,()\[\]{}])
    )""",
    re.X,
)
_FUNCTIONS = {
    "size", "contains", "startsWith", "endsWith", "matches", "int", "uint", "double", "string",
    "bytes", "bool", "timestamp", "duration", "type", "dyn", "has", "all", "exists", "exists_one",
    "map", "filter", "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek",
    "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds",
}  # fmt: skip
_RESERVED = {
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
    "package", "namespace", "return", "var", "void", "while",
}  # fmt: skip
_RELATIONS = {"<", "<=", ">=", ">", "==", "!=", "in"}
_TIERS = ({"||"}, {"&&"}, _RELATIONS, {"+", "-"}, {"*", "/", "%"})
DEPTH_MAX = 32
LENGTH_MAX = 1024


def fault(text: str) -> str:
    """What is wrong with an expression, in words; "" when nothing is."""
    if len(text) > LENGTH_MAX:
        return f"is {len(text)} characters long; {LENGTH_MAX} are allowed"
    try:
        parser = _Parser(_tokens(text))
        parser.expression(0)
        parser.expect_end()
    except _Wrong as wrong:
        return str(wrong)
    return ""


class _Wrong(ValueError):
    pass


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise _Wrong(f"cannot be read from {text[at:].strip()[:20]!r} on")
        kind = str(match.lastgroup)
        if kind != "comment":
            found.append((kind, match.group(kind)))
        at = match.end()
    return found


@dataclass
class _Parser:
    """A recursive descent; it only goes through, nothing is built."""

    tokens: list[tuple[str, str]]
    at: int = 0

    @property
    def next(self) -> str:
        """The next sign or name, quotes and digits aside."""
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        return text if kind in ("sign", "name") else ""

    def take(self, *wanted: str) -> bool:
        if self.next and self.next in wanted:
            self.at += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise _Wrong(f"lacks {sign!r} {self._here()}")

    def expect_end(self) -> None:
        if self.at < len(self.tokens):
            raise _Wrong(f"goes on after its end, with {self.tokens[self.at][1]!r}")

    def expression(self, depth: int) -> None:
        if depth > DEPTH_MAX:
            raise _Wrong(f"is nested more than {DEPTH_MAX} deep")
        self._tier(0, depth)
        if self.take("?"):
            self._tier(0, depth)
            self.expect(":")
            self.expression(depth + 1)

    def _tier(self, tier: int, depth: int) -> None:
        if tier == len(_TIERS):
            return self._unary(depth)
        self._tier(tier + 1, depth)
        while self.take(*_TIERS[tier]):
            self._tier(tier + 1, depth)
        return None

    def _unary(self, depth: int) -> None:
        while self.take("!", "-"):
            pass
        self._primary(depth)
        while self.next in (".", "["):
            if self.take("["):
                self.expression(depth + 1)
                self.expect("]")
                continue
            self.expect(".")
            name = self._name()
            if self.take("("):
                self._call(name, depth)

    def _primary(self, depth: int) -> None:
        if self.at < len(self.tokens) and self.tokens[self.at][0] in ("string", "number"):
            self.at += 1
        elif self.take("("):
            self.expression(depth + 1)
            self.expect(")")
        elif self.take("["):
            self._list("]", depth)
        elif self.take("{"):
            self._map(depth)
        else:
            self.take(".")
            name = self._name()
            if self.take("("):
                self._call(name, depth)

    def _call(self, name: str, depth: int) -> None:
        if name not in _FUNCTIONS:
            raise _Wrong(f"calls {name}(), which Envoy does not know")
        self._list(")", depth)

    def _list(self, end: str, depth: int) -> None:
        while not self.take(end):
            self.expression(depth + 1)
            if not self.take(","):
                self.expect(end)
                return

    def _map(self, depth: int) -> None:
        while not self.take("}"):
            self.expression(depth + 1)
            self.expect(":")
            self.expression(depth + 1)
            if not self.take(","):
                self.expect("}")
                return

    def _name(self) -> str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind != "name" or text in _RESERVED or text == "in":
            raise _Wrong(f"lacks a value or a name {self._here()}")
        self.at += 1
        return text

    def _here(self) -> str:
        return f"before {self.tokens[self.at][1]!r}" if self.at < len(self.tokens) else "at its end"
