"""Strings with a grammar of their own: retryOn, statuses of gRPC, bodies, header values. Pure.

Never: where in an object they stand.
"""

import base64
import re

from telltale.kube.istio.virtualservice import Body
from telltale.pilot.intake.routing.commands import ARGUMENTS, PLAIN, WITH_ARGUMENTS

# By their codes: google.golang.org/grpc/codes.
GRPC = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
    "UNAUTHENTICATED",
)  # fmt: skip
_ANY = re.compile(r".+")
_PERCENT = re.compile(r"%(?:%|([A-Z0-9_]+)(\(.+?\))?(?::[0-9]+)?%)?")


def words(text: str) -> list[str]:
    """`5xx, reset,503` in pieces."""
    return [word.strip() for word in text.split(",") if word.strip()]


def status_code(word: str) -> int | None:
    return int(word) if re.fullmatch(r"[2-5][0-9][0-9]", word) else None


def grpc_code(name: str) -> int | None:
    """By name, or by number."""
    if re.fullmatch(r"[0-9]|1[0-6]", name):
        return int(name)
    return GRPC.index(name) if name in GRPC else None


def body(given: Body) -> bytes:
    """Raises `ValueError` for bytes that are not base64."""
    if given.bytes is not None:
        return base64.b64decode(given.bytes, validate=True)
    return (given.string or "").encode()


def unusable_substitution(text: str, groups: int) -> str:
    r"""What is wrong with RE2's `\1` notation, or nothing."""
    for found in re.finditer(r"\\(.?)", text, re.DOTALL):
        sign = found[1]
        if sign != "\\" and not sign.isdigit():
            return f"{found[0]!r} is not an escape"
        if sign.isdigit() and int(sign) > groups:
            return f"{found[0]!r} names a group, and the pattern has {groups}"
    return ""


def unusable(value: str) -> str:
    """What is wrong with a header's value, in which Envoy fills in `%COMMAND(arguments)%`."""
    for found in _PERCENT.finditer(value):
        if found[0] == "%%":
            continue
        name, arguments = found[1], found[2]
        if name is None:
            return f"a single % in {value!r}"
        if not (name in WITH_ARGUMENTS if arguments else name in PLAIN):
            return f"{found[0]} is not a command of Envoy"
        if arguments and not ARGUMENTS.get(name, _ANY).fullmatch(arguments[1:-1]):
            return f"{found[0]} has other arguments than Envoy takes"
    return ""
