"""The causes as pages for docs/causes, from the catalogue: `python scripts/write_causes.py`.

Never: a word about a cause that its own file does not say.
"""

import sys
from dataclasses import replace
from pathlib import Path

from telltale.why.cause import Cause
from telltale.why.causes.every import CAUSES
from telltale.why.fix import Readdress, Step

DNS_ADDRESS = "172.19.0.10"
TARGET = Path("docs/causes")


def pages() -> dict[str, str]:
    """File name to text: a page for each cause, and README.md with the list."""
    found = {f"{cause.name}.md": page(cause) for cause in CAUSES}
    rows = "".join(f"| [{one.name}]({one.name}.md) | {one.fault.title} |\n" for one in CAUSES)
    found["README.md"] = (
        "# What `telltale why` can name\n\n"
        "Written by `python scripts/write_causes.py` from the causes themselves.\n\n"
        f"| cause | made on purpose by `telltale break`: |\n|---|---|\n{rows}"
    )
    return found


def page(cause: Cause) -> str:
    doc = " ".join(cause.doc.split())
    told, differs, rest = doc.partition("Differs from ")
    steps = "\n".join(_command(step) for step in cause.fault.steps)
    parts = [f"# {cause.name}", "## What it is", told.strip(), "## What is seen", cause.fault.look]
    if differs:
        parts += ["## How it is told from its look-alikes", differs + rest]
    if cause.explains:
        names = ", ".join(f"[{name}]({name}.md)" for name in sorted(cause.explains))
        parts += ["## What follows from it", f"Not named beside it, as its consequence: {names}."]
    parts += [
        "## The fix",
        f"`telltale why` prints it for the objects at hand; {_manner(cause)}",
        "## How to make it on purpose",
        f"`telltale break {cause.name}` will {cause.fault.title}:",
        f"```sh\n{steps}\n```",
        "`telltale mend` takes it back.",
    ]
    return "\n\n".join(parts) + "\n"


def _command(step: Step) -> str:
    """As typed on a cluster with the usual addresses and applications in `default`."""
    shown = replace(step, was=DNS_ADDRESS) if isinstance(step, Readdress) else step
    return shown.command.replace("{namespace}", "default").replace("{dns}", DNS_ADDRESS)


def _manner(cause: Cause) -> str:
    said = {
        True: "`telltale why --fix` applies it without asking.",
        False: "`telltale why --fix` asks first, `--yes` agrees.",
    }
    return said[cause.safe]


def write(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (target / name).write_text(text)
    for stale in {path.name for path in target.glob("*.md")} - pages().keys():
        (target / stale).unlink()


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
