"""Numbers and durations of an object, within what Envoy can take. Pure.

What is not is a Problem at its field, and reads as not said. Never: what the number means.
"""

from telltale.pilot.intake.durations import seconds
from telltale.pilot.intake.istio import Reader

LONGEST_S = 315_576_000_000  # google.protobuf.Duration: about 10,000 years
INT_MAX = 2**31 - 1  # int32, as the API has them
MOMENT_S = 0.001


def span(
    reader: Reader, field: str, text: str | None, *, least_s: float = MOMENT_S
) -> float | None:
    """A duration in seconds; None when nothing (or nothing possible) is said."""
    try:
        found = seconds(text)
    except ValueError as error:
        _refuse(reader, field, str(error), "write it as 1.5s")
        return None
    if found is not None and not least_s <= found <= LONGEST_S:
        least = f"{least_s * 1000:g}ms" if least_s else "0s"
        _refuse(reader, field, f"{text} is out of range", f"use {least} or more")
        return None
    return found


def count(
    reader: Reader, field: str, given: int | None, *, most: int = INT_MAX
) -> int | None:
    """A number that is not negative; None when nothing (or nothing possible) is said."""
    if given is not None and not 0 <= given <= most:
        _refuse(reader, field, f"{given} is out of range", f"use 0 to {most}")
        return None
    return given


def said(reader: Reader, field: str, given: int, *, most: int = INT_MAX) -> int | None:
    """A number of which 0 is as good as nothing said."""
    return count(reader, field, given, most=most) or None


def _refuse(reader: Reader, field: str, what: str, hint: str) -> None:
    reader.wrong(field, what, "it is passed over: the default holds", hint)
