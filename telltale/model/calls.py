"""What a workload is declared to call, as the sight of it that a Sidecar would have given it.

Never: Kubernetes, Envoy; whether the names are right.
"""

from collections.abc import Iterator

from telltale.model.scope import EVERYWHERE, Origin, Scope
from telltale.model.sidecar import Glob, Reach, Sidecar

Calls = tuple[str, ...]  # names as they were written; none at all is somebody who calls nobody


def sight(calls: Calls, namespace: str, domain: str) -> Sidecar:
    """Of a workload in `namespace`; all but what it sees is as without it."""
    globs = tuple(dict.fromkeys(glob for one in calls for glob in _globs(one, namespace, domain)))
    return Sidecar(Origin("", "calls", namespace), Scope((namespace,)), (Reach(globs),))


def _globs(written: str, namespace: str, domain: str) -> Iterator[Glob]:
    """`NAMESPACE/HOST`; or a Service's name, alone or before its namespace; or a host in full."""
    place, slash, host = written.partition("/")
    if slash:
        yield Glob(namespace if place == "." else place, host)
        return
    name, _, rest = written.partition(".")
    space = rest.removesuffix(".svc")
    if not rest:
        yield Glob(namespace, written if written == "*" else f"{name}.{namespace}.svc.{domain}")
        return
    if name != "*" and "." not in space:
        yield Glob(space, f"{name}.{space}.svc.{domain}")
    yield Glob(EVERYWHERE, written)  # `a.b` may be a host of the world just as well
