"""Reading an object of one of Istio's kinds: its spec, its origin, its scope, the hosts it names.

Pure. What cannot be read is a Problem and left out; all else goes on. Never: a kind's meaning.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from telltale.kube.codec import Malformed, convert
from telltale.kube.istio.message import Config, Message
from telltale.kube.kinds import Kind
from telltale.kube.meta import Ref
from telltale.lib.memo import Memo
from telltale.model.scope import Labels, Origin, Scope
from telltale.pilot.intake import exports, typed
from telltale.pilot.intake.problem import Level, Problem
from telltale.pilot.intake.services import host_of

M = TypeVar("M", bound=Message)
T = TypeVar("T")


@dataclass
class Reader:
    """One object being read; what is wrong with it is collected."""

    ref: Ref
    origin: Origin
    domain: str
    problems: list[Problem] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        return self.ref.namespace

    def wrong(self, field: str, what: str, why: str, hint: str) -> None:
        self.problems.append(Problem(self.ref, field, what, why, hint))

    def warn(
        self, field: str, what: str, why: str, hint: str, code: str = "invalid"
    ) -> None:
        """Something that works, and probably not as it is meant."""
        self.problems.append(Problem(self.ref, field, what, why, hint, Level.WARNING, code))

    def host(self, written: str) -> str:
        """A host in full: a short name is of the object's own namespace, whoever asks."""
        name = written.lower().rstrip(".")
        if "." in name or name in ("*", "") or ":" in name:
            return name
        return host_of(name, self.namespace, self.domain)

    def scope(self, export_to: Iterable[str], selector: Labels = ()) -> Scope:
        """Whom `exportTo` shows it to; with a selector it is the own namespace's alone."""
        if selector:
            return Scope((self.namespace,), selector)
        return exports.scope(export_to, self.namespace)


def read_all(
    kind: Kind[Config], spec: type[M], given: Iterable[Config], domain: str,
    read: Callable[[Reader, M], T | None], *, memo: Memo | None = None,
) -> tuple[list[T], list[Problem]]:  # fmt: skip
    """Every object of a kind through `read`, the oldest first; what the memo knows is not read."""
    memo = memo or Memo()
    pairs = [memo.of(_one, kind, spec, one, domain, read) for one in given]
    pairs.sort(key=lambda pair: pair[0].origin)
    found = [value for _, value in pairs if value is not None]
    return found, [problem for reader, _ in pairs for problem in reader.problems]


def _one(
    kind: Kind[Config], spec: type[M], given: Config, domain: str,
    read: Callable[[Reader, M], T | None],
) -> tuple[Reader, T | None]:  # fmt: skip
    source = origin(kind, given)
    reader = Reader(Ref(kind.kind, source.namespace, source.name), source, domain)
    try:
        value = read(reader, convert(spec, given.spec))
    except Malformed as error:
        reader.problems += typed.malformed(reader.ref, spec, given.spec, error)
        return reader, None
    told = {problem.field for problem in reader.problems}
    misfits = typed.misfits(reader.ref, spec, given.spec)
    reader.problems[:0] = [one for one in misfits if one.field not in told]
    return reader, value


def origin(kind: Kind[Config], one: Config) -> Origin:
    """Where it comes from; the path is the one that istioctl and Kiali read."""
    meta = one.metadata
    path = f"/apis/{kind.api_version}/namespaces/{meta.namespace}/{_kebab(kind.kind)}/{meta.name}"
    created = meta.creation_timestamp or ""
    return Origin(created, meta.name, meta.namespace, kind.kind, path)


def ref_of(path: str) -> Ref:
    """The object that an origin's path names."""
    *_, namespace, kind, name = path.split("/")
    return Ref("".join(word.capitalize() for word in kind.split("-")), namespace, name)


def labels(given: dict[str, str]) -> Labels:
    return tuple(sorted(given.items()))


def _kebab(kind: str) -> str:
    """`VirtualService` to `virtual-service`."""
    return "".join(f"-{one.lower()}" if one.isupper() else one for one in kind).lstrip("-")
