"""How an image is named: short names and long ones are the same image. Pure."""

import re

_NAME = re.compile(
    r"^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::\d+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$"
)


class BadName(ValueError):
    """Not the name of an image; the message says which and why."""


def normalise(name: str) -> str:
    """The full name: `nginx` is `docker.io/library/nginx:latest`. Raises `BadName`."""
    if not _NAME.match(name):
        raise BadName(f'couldn\'t parse image name "{name}": invalid reference format')
    first, slash, _ = name.partition("/")
    has_host = slash and ("." in first or ":" in first or first == "localhost")
    path = name if has_host else f"docker.io/{name if slash else f'library/{name}'}"
    last = path.rpartition("/")[2]
    return path if ":" in last or "@" in last else f"{path}:latest"


def familiar(name: str) -> str:
    """The short way to write a full name, as tables show it."""
    short = name.removeprefix("docker.io/").removeprefix("library/")
    return short.removesuffix(":latest") if short.endswith(":latest") else short
