"""What `proxy-config` shows of each kind: a title row and rows of text, as istioctl prints them.

A row keeps the object that it shows. Pure. Never: printing, or which proxy is asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from telltale.kube.codec import Json, Object

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to show of a kind; empty or 0 is all of it. Each kind heeds those that it has."""

    port: int = 0
    fqdn: str = ""
    direction: str = ""
    subset: str = ""
    name: str = ""
    address: str = ""
    status: str = ""


EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Row:
    cells: Cells
    object: Object


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` in the order in which they are shown; several may show one object."""

    titles: Cells
    rows: tuple[Row, ...]

    def cells(self) -> list[Cells]:
        """The titles and all rows; one that says the same as the row before is left out."""
        shown = [self.titles]
        for row in self.rows:
            if row.cells != shown[-1]:
                shown.append(row.cells)
        return shown

    def objects(self) -> list[Json]:
        """Each object once."""
        return list({id(row.object): row.object for row in self.rows}.values())


def origin(path: str) -> str:
    """`/apis/GROUP/VERSION/namespaces/NAMESPACE/KIND/NAME` as NAME.NAMESPACE."""
    parts = path.split("/")
    return f"{parts[-1]}.{parts[-3]}" if len(parts) >= 4 else path


def by_place(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Sorted by their cells, numbers by their value."""
    return tuple(
        sorted(rows, key=lambda row: [(cell.zfill(5) if cell.isdigit() else cell)
                                      for cell in row.cells])
    )  # fmt: skip
