"""Where something is: region, zone and subzone, as far as known. Never: whose."""

from dataclasses import dataclass

LABEL = "istio-locality"  # a workload's own word of its place, before its node's
REGION, ZONE, SUBZONE = (
    "topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone",
)  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Nothing said of a part is an empty string; of the whole: `NOWHERE`."""

    region: str = ""
    zone: str = ""
    subzone: str = ""

    def __str__(self) -> str:
        return "/".join((self.region, self.zone, self.subzone)).rstrip("/")

    def within(self, pattern: str) -> bool:
        """Whether `region/zone/subzone` covers it; what a pattern leaves out is anything."""
        parts = zip(pattern.split("/"), (self.region, self.zone, self.subzone), strict=False)
        return all(wanted in ("*", own) for wanted, own in parts)

    def distance(self, other: "Place") -> int:
        """0 in the same subzone, 1 in the same zone, 2 in the same region, 3 elsewhere."""
        if self.region != other.region:
            return 3
        if self.zone != other.zone:
            return 2
        return 0 if self.subzone == other.subzone else 1


NOWHERE = Place()


def parsed(text: str) -> Place:
    """`region/zone/subzone`, or with dots where a label could have no slash."""
    parts = text.split("/") if "/" in text else text.split(".")
    region, zone, subzone, *_ = (*parts, "", "", "")
    return Place(region, zone, subzone)
