"""A moment as text, the way Kubernetes writes it. Pure.

Never: asking what time it is.
"""

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_rfc3339(text: str) -> datetime:
    """With or without fractions. Raises `ValueError`."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
