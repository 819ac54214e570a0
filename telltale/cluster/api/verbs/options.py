"""The query parameters that all writes share, checked. Pure. Raises `Invalid` and `BadRequest`."""

from telltale.cluster.api.problems import refusal, unsupported
from telltale.cluster.api.request import Ask
from telltale.kube import errors


def dry_run(ask: Ask) -> bool:
    given = ask.one("dryRun")
    if given and given != "All":
        raise refusal("CreateOptions", "meta.k8s.io", "", [unsupported("dryRun", given, ["All"])])
    return bool(given)


def warnings(found: tuple[str, ...]) -> dict[str, str]:
    """Warnings as the header that clients print."""
    if not found:
        return {}
    quoted = [one.replace("\\", "\\\\").replace('"', '\\"') for one in found]
    return {"Warning": ", ".join(f'299 - "{one}"' for one in quoted)}


def revision(text: str) -> int:
    """A resourceVersion as a number. Raises `BadRequest`."""
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise errors.BadRequest(
            f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}":'
            " invalid syntax"
        )
    return int(text)
