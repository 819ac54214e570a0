"""One measured figure beside its peer. Never: how it was measured."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`checked` says what proves that the work was done; `floor` is a physical limit, if known."""

    row: str
    ours: float
    unit: str
    checked: str
    peer: float | None = None
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        return round(self.ours / self.peer, 3) if self.peer else None

    def plain(self) -> dict[str, object]:
        return {**asdict(self), "ratio": self.ratio}

    def text(self) -> str:
        beside = f"   peer {self.peer:g} {self.unit}, ratio {self.ratio}" if self.peer else ""
        return f"{self.row:<34} {self.ours:>10.4g} {self.unit}{beside}   ({self.checked})"
