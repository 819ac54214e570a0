"""What leaves the mesh: servers outside it that a ServiceEntry declares, TLS begun on the way, the
egress gateway, and what may not leave.

The servers outside are pods without sidecars, reached by their addresses or by names that the
cluster's DNS knows; nothing leaves this machine.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import yaml

from tests.live import talk
from tests.live.cluster import LiveCluster, until
from tests.live.talk import Caller, applied, eventually, istio, port
from tests.pilot.certificates import Pair, pair

pytestmark = [pytest.mark.live, pytest.mark.root]
SPACE, OUTSIDE, SYSTEM = "leaving", "outside", "istio-system"
HOST = "api.far.example"
NAMED = f"far.{OUTSIDE}.svc.cluster.local"
ANYWHERE = "203.0.113.7"  # TEST-NET-3: where the client believes the host to be
EGRESS = f"istio-egressgateway.{SYSTEM}.svc.cluster.local"
CERTS = "/etc/far"


@dataclass(frozen=True)
class World:
    client: Caller
    server: Pair  # the certificate that the server shows
    far: str  # the server's address

    @property
    def cluster(self) -> LiveCluster:
        return self.client.cluster

    def ask(self, host: str = HOST, number: int = 80) -> tuple[int, dict]:
        """An HTTP request to a host that is believed to be anywhere."""
        status, body = self.client.curl(
            f"http://{host}:{number}/", "--resolve", f"{host}:{number}:{ANYWHERE}"
        )
        return status, body if isinstance(body, dict) else {"error": body}

    def tls(self, host: str = HOST) -> dict:
        return self.client.ask("tls", ANYWHERE, 443, host)

    def gateway(self) -> str:
        """The address of the egress gateway, as the server sees it."""
        return self.cluster.pod_address("istio-egressgateway", SYSTEM)

    def logs(self, workload: str = "caller", space: str = SPACE) -> str:
        """The access log of a proxy; it is written now and then."""
        return self.cluster.kubectl(
            "logs", "-n", space, f"deployment/{workload}", "-c", "istio-proxy", "--since=2m"
        )

    def left_by_gateway(self, port: int) -> None:
        """The egress gateway's log tells that it has dialled the host."""
        eventually(lambda: self.logs("istio-egressgateway", SYSTEM),
                   lambda text: f"outbound|{port}||{HOST}" in text, "the gateway to log it")


@pytest.fixture(scope="module")
def world(cluster: LiveCluster) -> Iterator[World]:
    """A client with a sidecar that has certificates at hand, and a server outside."""
    authority = pair("authority.example")
    server, client = pair(HOST, authority), pair("client.example", authority)
    stranger = pair("stranger.example").chain
    volume = {"certs": {"secret": {"secretName": "certs"}}}
    mount = {"certs": {"mountPath": CERTS, "readOnly": True}}
    notes = {"sidecar.istio.io/userVolume": json.dumps(volume),
             "sidecar.istio.io/userVolumeMount": json.dumps(mount)}  # fmt: skip
    objects = [
        *talk.space(SPACE), *talk.space(OUTSIDE, injected=False),
        talk.secret(OUTSIDE, "far", server, ca_crt=authority.chain),
        talk.secret(SPACE, "certs", client, ca_crt=authority.chain, other_crt=stranger),
        talk.talker(OUTSIDE, "far", secret="far"),
        talk.service(OUTSIDE, "far", {"app": "far"}, port("http", 80, 8080),
                     port("tls", 443, 8443), port("mutual", 444, 8444)),
        talk.caller(SPACE, annotations=notes),
        logged(SPACE),
    ]  # fmt: skip
    in_system = [
        talk.secret(SYSTEM, "far-authority", None, ca_crt=authority.chain),
        talk.secret(SYSTEM, "far-client", client, ca_crt=authority.chain),
        logged(SYSTEM),
    ]
    with talk.spaces(cluster, *objects), applied(cluster, *in_system):
        yield World(Caller(cluster, SPACE), server, cluster.pod_address("far", OUTSIDE))


def logged(space: str) -> talk.Spec:
    return istio("Telemetry", space, "logs", accessLogging=[{"providers": [{"name": "envoy"}]}])


HTTP, TLS = (
    {"number": 80, "name": "http", "protocol": "HTTP"},
    {"number": 443, "name": "tls", "protocol": "TLS"},
)


def entry(*ports: talk.Spec, at: str = NAMED, host: str = HOST, **behind: int) -> talk.Spec:
    """The server outside, by its name or its address; `behind`: its ports."""
    behind = behind or {"http": 80, "tls": 443}
    known = {one["name"] for one in ports}
    end = {"address": at, "ports": {name: to for name, to in behind.items() if name in known}}
    return istio(
        "ServiceEntry", SPACE, "far", hosts=[host], location="MESH_EXTERNAL", ports=[*ports],
        resolution="DNS" if at == NAMED else "STATIC", endpoints=[end],
    )  # fmt: skip


@contextmanager
def only_known(world: World) -> Iterator[None]:
    """The namespace may ask only for what its mesh knows."""
    rule = istio("Sidecar", SPACE, "default", outboundTrafficPolicy={"mode": "REGISTRY_ONLY"})
    with applied(world.cluster, rule):
        eventually(lambda: world.client.curl(f"http://{world.far}:8080/")[0],
                   lambda status: status == 0, "strangers to be refused")  # fmt: skip
        yield


def test_whom_nobody_knows_is_let_through_until_only_the_known_are(world: World) -> None:
    """By name and by address, requests and bytes; what is declared opens exactly itself."""
    client, far = world.client, world.far
    status, told = client.curl(f"http://{far}:8080/")
    assert (status, told["who"]) == (200, "far")
    assert client.ask("lines", far, 9000, 2) == {"far": 2}
    with only_known(world):
        assert client.ask("lines", far, 9000, 2) == {"closed": 2}
        assert world.ask("unknown.example")[0] == 502
        eventually(world.logs, lambda text: "BlackHoleCluster" in text,
                   "the access log to tell where it went")  # fmt: skip
        with applied(world.cluster, entry(HTTP, at=far, http=8080)):
            eventually(world.ask, lambda told: told[0] == 200, "the host to be let out")
            assert world.ask("unknown.example")[0] == 502
            assert client.ask("lines", far, 9000, 1) == {"closed": 1}
        eventually(world.ask, lambda told: told[0] == 502, "the host to be refused again")


@pytest.mark.parametrize("by", ["address", "name"])
def test_a_declared_host_is_reached_by_http_and_by_tls(world: World, by: str) -> None:
    given = entry(HTTP, TLS) if by == "name" else entry(
        HTTP, TLS, at=world.far, http=8080, tls=8443)  # fmt: skip
    with only_known(world), applied(world.cluster, given):
        _, told = eventually(world.ask, lambda told: told[0] == 200, "HTTP to the host")
        assert "x-telltale-peer" not in told["headers"], "nobody outside is told who asks"
        told = eventually(world.tls, lambda told: "who" in told, "TLS to the host")
        assert told["shown"].encode() == world.server.chain, "TLS ends at the server"
        assert "error" in world.tls("other.far.example")


def originating(number: int = 80, **tls: object) -> talk.Spec:
    """TLS is begun for requests to that port of the host."""
    held = {"port": {"number": number}, "tls": tls}
    return istio("DestinationRule", SPACE, "far", host=HOST,
                 trafficPolicy={"portLevelSettings": [held]})  # fmt: skip


def test_the_sidecar_begins_tls_and_refuses_whom_it_does_not_know(world: World) -> None:
    ca = f"{CERTS}/ca.crt"
    cases = [
        (200, {"caCertificates": ca, "sni": HOST, "subjectAltNames": [HOST]}),
        (503, {"caCertificates": ca, "subjectAltNames": ["x.example"]}),
        (200, {"caCertificates": ca}),
        (503, {"caCertificates": f"{CERTS}/other.crt"}),
        (200, {"insecureSkipVerify": True}),
        (503, {}),
    ]  # fmt: skip
    with applied(world.cluster, entry(HTTP, http=443), originating(mode="SIMPLE", **cases[0][1])):
        for status, tls in cases:
            talk.apply(world.cluster, originating(mode="SIMPLE", **tls))
            _, told = eventually(world.ask, lambda told: told[0] == status,  # noqa: B023
                                 f"{status} with {tls}")  # fmt: skip
            assert status == 503 or told["scheme"] == "https"
    eventually(world.logs, lambda text: "CERTIFICATE_VERIFY_FAILED" in text, "the log to say why")


def test_the_sidecar_shows_a_certificate_that_is_mounted(world: World) -> None:
    shown = {"clientCertificate": f"{CERTS}/tls.crt", "privateKey": f"{CERTS}/tls.key"}
    ca = {"caCertificates": f"{CERTS}/ca.crt", "sni": HOST}
    rule = originating(mode="SIMPLE", **ca)
    with applied(world.cluster, entry(HTTP, http=444), rule):
        eventually(world.ask, lambda told: told[0] == 503, "the server to ask for a certificate")
        talk.apply(world.cluster, originating(mode="MUTUAL", **ca, **shown))
        _, told = eventually(world.ask, lambda told: told[0] == 200, "mutual TLS")
    assert "client.example" in json.dumps(told["client"])


def by_gateway(protocol: str, number: int, **tls: object) -> list[talk.Spec]:
    """Istio's task: what is for the host goes to the egress gateway, and from there to the host."""
    server = {"port": {"number": number, "name": protocol.lower(), "protocol": protocol},
              "hosts": [HOST], **({"tls": tls} if tls else {})}  # fmt: skip
    return [
        istio("Gateway", SPACE, "leave", selector={"istio": "egressgateway"}, servers=[server]),
        istio("DestinationRule", SPACE, "by-gateway", host=EGRESS, subsets=[{"name": "far"}]),
    ]


def through(kind: str, number: int, out: int) -> talk.Spec:
    """The routes on both stages; `out` is the host's port that the gateway dials."""

    def rule(gateway: str, host: str, to: int, **more: str) -> talk.Spec:
        match = {"gateways": [gateway], "port": number}
        sni = {"sniHosts": [HOST]} if kind == "tls" else {}
        destination = {"host": host, "port": {"number": to}, **more}
        return {"match": [match | sni], "route": [{"destination": destination}]}

    rules = [rule("mesh", EGRESS, number, subset="far"), rule("leave", HOST, out)]
    return istio("VirtualService", SPACE, "far", hosts=[HOST], gateways=["leave", "mesh"],
                 **{kind: rules})  # fmt: skip


def test_requests_leave_by_the_egress_gateway(world: World) -> None:
    objects = [entry(HTTP, TLS), *by_gateway("HTTP", 80), through("http", 80, 80)]
    with only_known(world), applied(world.cluster, *objects):
        gateway = world.gateway()
        _, told = eventually(world.ask, lambda told: told[1].get("peer") == gateway,
                             "the server to see the gateway")  # fmt: skip
        assert (told["host"], "x-telltale-peer" in told["headers"]) == (HOST, False)
        world.left_by_gateway(80)


def test_tls_leaves_by_the_egress_gateway_unopened(world: World) -> None:
    objects = [entry(HTTP, TLS), *by_gateway("TLS", 443, mode="PASSTHROUGH"),
               through("tls", 443, 443)]  # fmt: skip
    with only_known(world), applied(world.cluster, *objects):
        gateway = world.gateway()
        told = eventually(world.tls, lambda told: told.get("peer") == gateway,
                          "the server to see the gateway")  # fmt: skip
        assert told["shown"].encode() == world.server.chain
        world.left_by_gateway(443)


@pytest.mark.parametrize("mode", ["SIMPLE", "MUTUAL"])
def test_the_egress_gateway_begins_tls_with_a_secret(world: World, mode: str) -> None:
    """Plain requests in the mesh, TLS outside; the sidecar has no part of it."""
    name, behind = ("far-authority", 443) if mode == "SIMPLE" else ("far-client", 444)
    rule = originating(443, mode=mode, credentialName=name, sni=HOST, subjectAltNames=[HOST])
    secure = {"number": 443, "name": "tls", "protocol": "HTTPS"}
    objects = [entry(HTTP, secure, http=80, tls=behind), *by_gateway("HTTP", 80),
               through("http", 80, 443), rule]  # fmt: skip
    with only_known(world), applied(world.cluster, *objects):
        gateway = world.gateway()
        _, told = eventually(world.ask, lambda told: told[1].get("scheme") == "https",
                             "TLS at the server")  # fmt: skip
        assert told["peer"] == gateway
        world.left_by_gateway(443)
        assert ("client.example" in json.dumps(told["client"])) is (mode == "MUTUAL")


def clusters(world: World) -> set[str]:
    """The hosts of the clusters that the client's sidecar has."""
    told = world.cluster.telltale("proxy-config", "clusters", f"deploy/caller.{SPACE}",
                                  "-o", "json").stdout  # fmt: skip
    named = [one["name"] for one in json.loads(told)]
    return {name.rpartition("|")[2] for name in named if name.startswith("outbound|")}


def test_a_sidecar_has_what_is_listed_and_nothing_more(world: World) -> None:
    rule = istio("Sidecar", SPACE, "default", egress=[{"hosts": [f"{OUTSIDE}/{NAMED}"]}])
    with applied(world.cluster, rule):
        eventually(lambda: clusters(world), lambda found: found == {NAMED},
                   "all other clusters to be gone")  # fmt: skip
        assert world.client.curl(f"http://{NAMED}/")[0] == 200
    eventually(lambda: clusters(world), lambda found: len(found) > 3, "the others to be back")


def test_the_mesh_itself_may_know_only_the_known(world: World) -> None:
    """MeshConfig's outboundTrafficPolicy, followed by a pilot that is started anew."""
    config = world.cluster.read("get", "configmap", "-n", SYSTEM, "istio")
    before = config["data"]["mesh"]
    mesh = yaml.safe_load(before) | {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}
    try:
        started_with(world.cluster, yaml.safe_dump(mesh))
        eventually(lambda: world.ask("unknown.example")[0], lambda status: status == 502,
                   "the unknown to be refused")  # fmt: skip
        assert world.client.curl(f"http://{NAMED}/")[0] == 200
    finally:
        started_with(world.cluster, before)
    eventually(lambda: world.client.curl(f"http://{world.far}:8080/")[0],
               lambda status: status == 200, "strangers to be let through again")  # fmt: skip


def started_with(cluster: LiveCluster, mesh: str) -> None:
    patch = json.dumps({"data": {"mesh": mesh}})
    cluster.kubectl("patch", "configmap", "-n", SYSTEM, "istio", "-p", patch)
    cluster.kubectl("rollout", "restart", "-n", SYSTEM, "deployment/istio-pilot")
    cluster.kubectl("rollout", "status", "-n", SYSTEM, "deployment/istio-pilot", "--timeout=60s")
    until(lambda: stale(cluster), 30, "every proxy to have the new pilot's configuration")


def stale(cluster: LiveCluster) -> str:
    return "" if "STALE" not in cluster.telltale("proxy-status").stdout else "STALE"
