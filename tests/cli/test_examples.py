"""Every `telltale` command that a reader is shown parses: in README, docs, Makefile and help."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from telltale.cli.main import VERBS, root
from telltale.why.causes.every import FAULTS

PAGES = [Path("README.md"), *Path("docs").rglob("*.md"), Path("Makefile")]
SPANS = re.compile(r"```.*?```|`[^`\n]+`", re.S)
COMMAND = re.compile(r"(?:^ *|[(`/]|; )telltale ([^|;)`#>\n]+)", re.M)


def shown() -> list[str]:
    """The words after `telltale`, wherever they are meant to be typed."""
    texts = [root.help or "", *(verb.help or "" for verb in every_verb())]
    for page in PAGES:
        text = page.read_text()
        texts.append(text if page.name == "Makefile" else "\n".join(SPANS.findall(text)))
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(texts))
    # Two blanks end what is to be typed: what follows says what it does.
    return sorted({found.strip().split("  ")[0] for found in COMMAND.findall(joined)})


def every_verb() -> Iterator[click.Command]:
    context = click.Context(root)
    for name in VERBS:
        verb = root.get_command(context, name)
        assert verb
        yield verb
        yield from verb.commands.values() if isinstance(verb, click.Group) else ()


@pytest.mark.parametrize("words", shown())
def test_a_command_that_is_shown_parses(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {}
    # All but the verb's own work: groups still choose, options are still read.
    monkeypatch.setattr(click.Command, "invoke", lambda _, context: given.update(context.params))
    root.main(shlex.split(words), prog_name="telltale", standalone_mode=False)
    if words.startswith("break ") and (name := given.get("name")):
        assert name in FAULTS


def test_there_is_something_to_type() -> None:
    assert {"up --sample bookinfo", "why", "kubeconfig"} <= set(shown())
