"""The query parameters that all writes share, checked. Pure. Raises `Invalid` and `BadRequest`."""

from collections.abc import Iterable
from dataclasses import replace

from telltale.cluster.api.problems import refusal, unsupported
from telltale.cluster.api.request import Answer, Ask
from telltale.kube import errors


def dry_run(ask: Ask) -> bool:
    given = ask.one("dryRun")
    if given and given != "All":
        raise refusal("CreateOptions", "meta.k8s.io", "", [unsupported("dryRun", given, ["All"])])
    return bool(given)


def warned(answer: Answer, found: Iterable[str]) -> Answer:
    """The answer with warnings, in the header that clients print, after those it has already."""
    told = [f'299 - "{_quoted(one)}"' for one in found]
    if not told:
        return answer
    before = [known] if (known := answer.headers.get("Warning")) else []
    headers = {**answer.headers, "Warning": ", ".join([*before, *told])}
    return replace(answer, headers=headers)


def _quoted(text: str) -> str:
    """On one line: a header cannot hold another."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')


def revision(text: str) -> int:
    """A resourceVersion as a number. Raises `BadRequest`."""
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise errors.BadRequest(
            f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}":'
            " invalid syntax"
        )
    return int(text)
