"""The table of messages (`fields.txt`) as values: number to field name and type. Never: bytes."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from importlib.resources import files

_FIELD = re.compile(r"(\d+) (\S+) (\[|\{)?(\w+)[\]}]?$")


class Shape(Enum):
    ONE = ""
    LIST = "["
    MAP = "{"


@dataclass(frozen=True, slots=True)
class Field:
    """`name` is the JSON name; "*" when the message is inlined into its parent."""

    name: str
    type: str
    shape: Shape


Messages = dict[str, dict[int, Field]]


@lru_cache(maxsize=1)
def messages() -> Messages:
    """Every message that we can read; parsed at the first protobuf body."""
    text = files("telltale.kube.wire").joinpath("fields.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: _fields(rest) for name, _, rest in (line.partition(": ") for line in lines)}


def _fields(text: str) -> dict[int, Field]:
    found: dict[int, Field] = {}
    for part in text.split(", "):
        match = _FIELD.match(part)
        assert match, f"fields.txt: cannot read {part!r}"
        found[int(match[1])] = Field(match[2], match[4], Shape(match[3] or ""))
    return found
