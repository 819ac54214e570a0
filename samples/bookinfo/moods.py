"""How ratings misbehaves on purpose, by its SERVICE_VERSION. Pure: no clock, no dice of its own."""

from dataclasses import dataclass

TURNS_S = {"v-unavailable": 60, "v-unhealthy": 900}  # well, ill, well, ...


@dataclass(frozen=True, slots=True)
class Mood:
    """How the next request is met."""

    healthy: bool = True
    available: bool = True
    late_s: float = 0.0


def mood(version: str, age_s: float, chance: float) -> Mood:
    """Of a program that runs for so long; `chance` is from 0 to 1, another for each request."""
    if version == "v-faulty":
        return Mood(available=chance >= 0.5)
    if version == "v-delayed":
        return Mood(late_s=7.0 if chance < 0.5 else 0.0)
    if version in TURNS_S:
        ill = int(age_s // TURNS_S[version]) % 2 == 1
        return Mood(healthy=not (ill and version == "v-unhealthy"), available=not ill)
    return Mood()
