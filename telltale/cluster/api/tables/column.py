"""One column of a table, and how ages are written. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from telltale.cluster.api.objects import name_of, text
from telltale.kube.codec import Json, Object
from telltale.lib.moment import parse_rfc3339

Cell = Callable[[Object, datetime], Json]


@dataclass(frozen=True, slots=True)
class Column:
    """`priority` 1 is shown with `-o wide` only."""

    name: str
    cell: Cell
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def described(self) -> Object:
        return {
            "name": self.name, "type": self.type, "format": self.format,
            "description": self.description or self.name, "priority": self.priority,
        }  # fmt: skip


def age(when: str, now: datetime) -> str:
    """How long ago a time was, as kubectl writes it."""
    if not when:
        return "<unknown>"
    try:
        return duration((now - parse_rfc3339(when)).total_seconds())
    except ValueError:
        return "<invalid>"


def duration(seconds: float) -> str:
    """apimachinery `duration.HumanDuration`."""
    if seconds < -1:
        return "<invalid>"
    whole = max(int(seconds), 0)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return _two(minutes, "m", whole % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    if days < 8 * 365:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(big: int, big_unit: str, small: int, small_unit: str) -> str:
    return f"{big}{big_unit}{small}{small_unit}" if small else f"{big}{big_unit}"


def _name(object: Object, now: datetime) -> Json:
    return name_of(object)


def _age(object: Object, now: datetime) -> Json:
    return age(text(object, "metadata", "creationTimestamp"), now)


NAME = Column("Name", _name, format="name", description="Name must be unique within a namespace.")
AGE = Column("Age", _age, description="How long ago the object was created.")


def shown(name: str, *path: str | int, wide: bool = False, none: str = "<none>") -> Column:
    """A column that shows the text at a path."""

    def cell(object: Object, now: datetime) -> Json:
        return text(object, *path) or none

    return Column(name, cell, priority=1 if wide else 0)


def said(
    name: str, words: Callable[[Object], Json], wide: bool = False, type: str = "string"
) -> Column:
    """A column that needs no clock."""

    def cell(object: Object, now: datetime) -> Json:
        return words(object)

    return Column(name, cell, type=type, priority=1 if wide else 0)
