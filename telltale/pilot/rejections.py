"""What proxies reject, as problems of the objects that it was made from. Pure.

Never: the protocol, or what to withhold (that is `xds.doubt`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from telltale.kube.meta import Ref
from telltale.pilot.envoy.origins import origins
from telltale.pilot.intake.istio import ref_of
from telltale.pilot.intake.problem import Problem
from telltale.pilot.patching import wasm
from telltale.pilot.patching.notes import parted
from telltale.pilot.xds.resource import Resource

_LINE = 300  # of a client's text: some repeat the whole resource


@dataclass(frozen=True, slots=True)
class Rejection:
    """A resource that some proxies are not sent any more, in their own words."""

    type: str
    resource: Resource
    error: str
    proxies: tuple[str, ...]

    @property
    def kind(self) -> str:
        """`cluster`, `listener`: the last word of the type."""
        return self.type.rpartition(".")[2]


def problems(rejections: Iterable[Rejection]) -> tuple[Problem, ...]:
    return tuple(problem for one in rejections for problem in _of(one))


def _of(one: Rejection) -> Iterator[Problem]:
    said = " ".join(one.error.split())
    said = said if len(said) <= _LINE else f"{said[:_LINE]}…"
    count = len(one.proxies)
    proxies = one.proxies[0] if count == 1 else f"{one.proxies[0]} and {count - 1} more"
    made = _made_from(one)
    unsure = f"; one of {len(made)} objects that are in it" if len(made) > 1 else ""
    for ref, field in made or [(Ref(one.kind, "", one.resource.name), "spec")]:
        yield Problem(
            ref, field, f"Envoy rejects the {one.kind} {one.resource.name}: {said}",
            f"{proxies} stays with what it had; all else goes on{unsure}",
            "change the object: it is tried again at once", code="rejected-by-envoy",
        )  # fmt: skip


def _made_from(one: Rejection) -> list[tuple[Ref, str]]:
    """A plugin's name says whose it is, and there may be megabytes in it; all else has notes."""
    if plugin := wasm.owner(one.resource.name):
        return [(Ref("WasmPlugin", *plugin), "spec")]
    paths = origins(one.resource.any, one.error)
    return [(ref_of(path), field) for path, field in map(parted, paths)]
