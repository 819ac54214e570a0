"""What gateways name and the mesh does not have, and what two of them both claim. Pure.

Over a whole mesh, for it changes with every pod and Secret: ask with the mesh of now.
"""

from collections.abc import Iterator

from telltale.kube.meta import Ref
from telltale.model.doors import Clash, Site, doors
from telltale.model.gateway import Gateway, Server
from telltale.model.mesh import Mesh
from telltale.pilot.intake.problem import Level, Problem

_KUBERNETES = "/gateway.networking.k8s.io/"  # of the Gateway API's objects' paths


def problems(mesh: Mesh) -> Iterator[Problem]:
    alike: dict[object, list[Gateway]] = {}
    for gateway in mesh.gateways:
        alike.setdefault((gateway.scope, gateway.service), []).append(gateway)
        places = {
            one.namespace for one in mesh.workloads.values() if gateway in mesh.gateways_of(one)
        }
        if not places:
            yield _nobody(gateway)
        for namespace in sorted(places):
            yield from _credentials(mesh, gateway, namespace)
    for together in alike.values():
        yield from map(_clash, doors(together, {})[1])


def _nobody(gateway: Gateway) -> Problem:
    said = ", ".join(f"{key}={value}" for key, value in gateway.scope.selector) or "nothing said"
    what = f"{gateway.service or said} selects no workload"
    if gateway.service:
        return Problem(
            _ref(gateway), "spec", what, "nobody listens for it yet",
            "look at the pods behind that Service", Level.WARNING, "gateway-without-workload",
        )  # fmt: skip
    return Problem(
        _ref(gateway), "spec.selector", what, "nobody listens for it",
        "select the labels of a gateway's pods, istio=ingressgateway for example", Level.WARNING,
        "gateway-without-workload",
    )  # fmt: skip


def _credentials(mesh: Mesh, gateway: Gateway, namespace: str) -> Iterator[Problem]:
    for server in gateway.servers:
        for one in server.tls.needed(namespace) if server.tls else ():
            wrong = mesh.credentials.get(one, "is not there, or holds no certificate")
            if wrong:
                yield Problem(
                    _ref(gateway), f"{_place(gateway, server)}.tls",
                    f"Secret {one.namespace}/{one.name}: {wrong}",
                    "TLS connections to the server's hosts are closed at once",
                    f"create it in namespace {one.namespace}, the gateway's own, "
                    f"with {'ca.crt' if one.authority else 'tls.crt and tls.key'}",
                    code="gateway-credential",
                )  # fmt: skip


def _clash(clash: Clash) -> Problem:
    server, holder = clash.site.server, clash.holder.server
    place = _place(clash.site.gateway, server)
    if clash.host:
        return Problem(
            _ref(clash.site.gateway), f"{place}.hosts",
            f"{clash.host!r} on port {server.port} is served by {_named(clash.holder)} already",
            "the server is left out: one certificate answers for a name", "remove one of the two",
            code="gateway-clash",
        )  # fmt: skip
    return Problem(
        _ref(clash.site.gateway), f"{place}.port",
        f"port {server.port} carries {holder.speaks} for {_named(clash.holder)} already",
        f"the server is left out: it cannot carry {server.speaks} too", "use another port",
        code="gateway-clash",
    )  # fmt: skip


def _place(gateway: Gateway, server: Server) -> str:
    """Where the object says it, by the port's name: numbers are gone with what was left out."""
    listed = "listeners" if _KUBERNETES in gateway.origin.path else "servers"
    return f"spec.{listed}[{server.name}]"


def _named(site: Site) -> str:
    return f"gateway {site.gateway.name}, port name {site.server.name!r}"


def _ref(gateway: Gateway) -> Ref:
    return Ref(gateway.origin.kind, gateway.origin.namespace, gateway.origin.name)
