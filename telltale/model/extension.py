"""A module of a user's own code in the way of requests, and what of it is there.

Never: how code is had, or Envoy's words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Failing(StrEnum):
    """What becomes of requests when the code fails, or is not there."""

    CLOSE = "FAIL_CLOSE"
    OPEN = "FAIL_OPEN"
    RELOAD = "FAIL_RELOAD"  # closed, and the code is begun anew


@dataclass(frozen=True, slots=True)
class Code:
    """The bytes of a module; two with the same sum are the same."""

    sha256: str
    body: bytes = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Extension:
    """`code`: itself, the path of a file in the proxy's container, or None: it cannot be had.

    `settings` is the text that it is given, `root` which of its parts; `values` and `inherited` are
    its environment: said here, or the proxy's own of that name. `url`: where the code comes from.
    """

    name: str
    url: str
    code: Code | str | None
    root: str = ""
    settings: str = ""
    failing: Failing = Failing.CLOSE
    values: Mapping[str, str] = field(default_factory=dict)
    inherited: tuple[str, ...] = ()
