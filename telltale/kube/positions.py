"""Where in a file an object stands, and each of its fields: for messages that name the line. Pure.

Never: a value; `codec.parse_yaml` reads those. Both give the documents in the same order.
"""

import re
from dataclasses import dataclass

import yaml

_STEP = re.compile(r"\.?([^.\[\]]+)|\[([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Position:
    """A document of a file; lines count from 1."""

    file: str
    node: yaml.Node

    def line(self, path: str) -> int:
        """The line of a field, or of what is nearest above it in the path."""
        node, found = self.node, int(self.node.start_mark.line) + 1
        for name, inner in _STEP.findall(path):
            step = _below(node, name or inner)
            if step is None:
                break
            found, node = step
        return found

    def at(self, path: str) -> str:
        return f"{self.file}:{self.line(path)}"


def positions(file: str, text: str) -> list[Position]:
    """One for each object, in the order of `codec.parse_yaml`; none where the text is no YAML."""
    try:
        documents = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return []
    found: list[Position] = []
    for document in documents:
        if document is None or _is_null(document):
            continue
        items = _below(document, "items") if _is_list(document) else None
        opened = items[1].value if items and isinstance(items[1], yaml.SequenceNode) else [document]
        found += [Position(file, node) for node in opened]
    return found


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _is_list(node: yaml.Node) -> bool:
    kind = _below(node, "kind")
    return kind is not None and str(kind[1].value).endswith("List")


def _below(node: yaml.Node, step: str) -> tuple[int, yaml.Node] | None:
    """The line of a key or an item, and its value."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return int(key.start_mark.line) + 1, value
    if isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
        item = node.value[int(step)]
        return int(item.start_mark.line) + 1, item
    return None
