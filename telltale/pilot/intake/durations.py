"""Go's durations (`1h30m`, `1.5s`) into seconds. Pure."""

import re

_PIECE = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str | None) -> float | None:
    """None for no text. Raises `ValueError` for one that is no duration."""
    if text is None:
        return None
    if not text or _PIECE.sub("", text):
        raise ValueError(f"{text!r} is not a duration such as 1.5s")
    return sum(float(number) * _SECONDS[unit] for number, unit in _PIECE.findall(text))
