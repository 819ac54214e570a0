"""What a user got wrong, found while reading objects. A value: nothing is raised, reading goes on.

Never: judged further here; `why` takes it as evidence.
"""

from dataclasses import dataclass
from enum import StrEnum

from telltale.kube.meta import Ref


class Level(StrEnum):
    ERROR = "error"  # what is meant cannot be had: admission refuses it
    WARNING = "warning"  # it works, probably not as meant
    INFO = "info"  # worth knowing


@dataclass(frozen=True, slots=True)
class Problem:
    """Which object and field, what is wrong, why it matters, and how to mend it.

    `code` is a permanent name of this kind of problem (docs/analysis.md); `host` is what is missing
    or lacks something, where that is so.
    """

    object: Ref
    field: str
    what: str
    why: str
    hint: str
    level: Level = Level.ERROR
    code: str = "invalid"
    host: str = ""

    def __str__(self) -> str:
        return f"{self.object}: {self.told}"

    @property
    def told(self) -> str:
        """All but the object, for where that is known."""
        return f"{self.field}: {self.what}: {self.why}; {self.hint}"
