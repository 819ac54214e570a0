"""TLS at the ingress gateway: passed on by SNI, opened with a Secret a name, clients judged by
their certificates; and bytes on a port of their own.
"""

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from tests.live import talk
from tests.live.caller import lines
from tests.live.cluster import INGRESS, INGRESS_TLS, LiveCluster, fetch
from tests.live.talk import eventually, istio, port
from tests.pilot.certificates import Pair, pair

pytestmark = [pytest.mark.live, pytest.mark.root]
SPACE = "doors"
SYSTEM = "istio-system"  # where the gateway's pod is, and so its Secrets
PASSED = ("one.example", "two.example")
OPENED = {
    "plain.example": {"mode": "SIMPLE", "credentialName": "plain"},
    "other.example": {"mode": "SIMPLE", "credentialName": "other"},
    "strict.example": {"mode": "MUTUAL", "credentialName": "strict"},
    "beside.example": {"mode": "MUTUAL", "credentialName": "beside"},
    "elsewhere.example": {"mode": "MUTUAL", "credentialName": "plain",
                          "caCertCredentialName": "elsewhere"},
    "named.example": {"mode": "MUTUAL", "credentialName": "strict",
                      "subjectAltNames": ["known.client"]},
    "asked.example": {"mode": "OPTIONAL_MUTUAL", "credentialName": "strict"},
    "newest.example": {"mode": "SIMPLE", "credentialName": "plain",
                       "minProtocolVersion": "TLSV1_3"},
    "older.example": {"mode": "SIMPLE", "credentialName": "plain", "maxProtocolVersion": "TLSV1_2",
                      "cipherSuites": ["ECDHE-ECDSA-AES256-GCM-SHA384"]},
}  # fmt: skip
BARE = {"sidecar.istio.io/inject": "false"}
BYTES, SEALED_BYTES = 31400, 31401  # not of the gateway's Service: the pod's own ports


@dataclass(frozen=True)
class Edge:
    cluster: LiveCluster
    folder: Path
    address: str  # of the gateway's pod

    def ask(self, host: str, *more: str, client: str = "") -> tuple[int, dict]:
        """A request to a host, whose certificate must be right; `client`: who shows one."""
        own = ["--cert", f"{self.folder}/{client}.crt", "--key", f"{self.folder}/{client}.key"]
        status, body = fetch(
            f"https://{host}:{INGRESS_TLS}/", "--cacert", f"{self.folder}/servers.crt",
            "--resolve", f"{host}:{INGRESS_TLS}:127.0.0.1", *(own if client else []), *more,
        )  # fmt: skip
        return status, json.loads(body) if status == 200 else {}


def sealed(name: str, host: str, protocol: str = "HTTPS", number: int = 443, **tls) -> talk.Spec:
    return {"port": {"number": number, "name": name, "protocol": protocol}, "hosts": [host],
            "tls": tls}  # fmt: skip


def plain(name: str, protocol: str, number: int, **more) -> talk.Spec:
    return {"port": {"number": number, "name": name, "protocol": protocol}, "hosts": ["*"], **more}


def revoking(authority: Pair, one: Pair) -> bytes:
    now = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number)
    listed = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now).next_update(now.replace(year=2100))
        .add_revoked_certificate(entry.revocation_date(now).build())
    )  # fmt: skip
    return listed.sign(authority.private, hashes.SHA256()).public_bytes(Encoding.PEM)


def objects(own: dict[str, Pair]) -> list[talk.Spec]:
    """Two servers with certificates of their own, and one gateway with every kind of door.

    The first has no sidecar: that would take away what the gateway tells of its client, for it is
    told in plaintext.
    """
    doors = [
        sealed("passed", "*.example", "TLS", mode="PASSTHROUGH"),
        *(sealed(host.partition(".")[0], host, **tls) for host, tls in OPENED.items()),
        plain("http", "HTTP", 80) | {"hosts": ["plain.example"], "tls": {"httpsRedirect": True}},
        plain("bytes", "TCP", BYTES),
        sealed("sealed-bytes", "*", "TLS", SEALED_BYTES, mode="SIMPLE", credentialName="plain"),
    ]  # fmt: skip
    by_name = [
        {"match": [{"sniHosts": [host], "port": 443}],
         "route": [{"destination": {"host": host.partition(".")[0], "port": {"number": 8443}}}]}
        for host in PASSED
    ]  # fmt: skip
    by_port = [
        {"match": [{"port": number}],
         "route": [{"destination": {"host": name, "port": {"number": 9000}}}]}
        for number, name in ((BYTES, "one"), (SEALED_BYTES, "two"))
    ]  # fmt: skip
    to_one = {"route": [{"destination": {"host": "one", "port": {"number": 80}}}]}
    ports = port("http", 80, 8080), port("tls", 8443, 8443), port("tcp-lines", 9000, 9000)
    return [
        *talk.space(SPACE),
        *(talk.secret(SPACE, name, of, ca_crt=of.chain) for name, of in own.items()),
        talk.talker(SPACE, "one", secret="one", app="one", **BARE),
        talk.talker(SPACE, "two", secret="two"),
        *(talk.service(SPACE, name, {"app": name}, *ports) for name in own),
        istio("Gateway", SPACE, "doors", selector={"istio": "ingressgateway"}, servers=doors),
        istio("VirtualService", SPACE, "passed", hosts=["*.example"], gateways=["doors"],
              tls=by_name, tcp=by_port),
        istio("VirtualService", SPACE, "opened", hosts=[*OPENED], gateways=["doors"],
              http=[to_one]),
    ]  # fmt: skip


def keyed(clients: dict[str, Pair], authority: Pair) -> tuple[list[talk.Spec], list[Pair]]:
    """The gateway's Secrets, and the certificates that are shown with them or passed on."""
    shown = {
        "plain": pair("plain.example",
                      more=("elsewhere.example", "newest.example", "older.example")),
        "other": pair("other.example"),
        "strict": pair("strict.example", more=("named.example", "asked.example")),
        "beside": pair("beside.example"),
    }  # fmt: skip
    judges = {"ca_crt": authority.chain, "ca_crl": revoking(authority, clients["gone"])}
    secrets = [
        *(talk.secret(SYSTEM, name, of, **(judges if name == "strict" else {}))
          for name, of in shown.items()),
        talk.secret(SYSTEM, "beside-cacert", None, cacert=authority.chain),
        talk.secret(SYSTEM, "elsewhere", None, ca_crt=authority.chain),
    ]  # fmt: skip
    return secrets, [*shown.values()]


@pytest.fixture(scope="module")
def edge(cluster: LiveCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder, authority = tmp_path_factory.mktemp("doors"), pair("authority.example")
    clients = {name: pair(f"{name}.client", authority) for name in ("known", "second", "gone")}
    clients["stranger"] = pair("known.client")
    for name, one in clients.items():
        (folder / f"{name}.crt").write_bytes(one.chain)
        (folder / f"{name}.key").write_bytes(one.key)
    own = {name: pair(f"{name}.example") for name in ("one", "two")}
    secrets, shown = keyed(clients, authority)
    judged = b"".join(one.chain for one in (*own.values(), *shown))
    (folder / "servers.crt").write_bytes(judged)
    found = Edge(cluster, folder, cluster.pod_address("istio-ingressgateway", SYSTEM))
    with talk.applied(cluster, *secrets), talk.spaces(cluster, *objects(own)):
        eventually(lambda: found.ask("plain.example")[0], lambda status: status == 200,
                   "the gateway's doors to open")  # fmt: skip
        yield found


def test_tls_is_passed_unopened_to_the_server_that_its_name_leads_to(edge: Edge) -> None:
    for host in PASSED:
        status, told = edge.ask(host)
        assert (status, told["who"], told["scheme"]) == (200, host.partition(".")[0], "https")
    assert edge.ask("three.example")[0] == 0


def test_each_name_has_the_certificate_of_its_secret(edge: Edge) -> None:
    for host in ("plain.example", "other.example"):
        status, told = edge.ask(host)
        assert (status, told["who"], told["scheme"]) == (200, "one", "http")
    alone = "--cacert", f"{edge.folder}/known.crt"
    assert edge.ask("plain.example", *alone)[0] == 0, "the certificate really is judged"


def test_plain_requests_are_sent_to_https(edge: Edge) -> None:
    told = fetch(f"http://127.0.0.1:{INGRESS}/a?b=c", "-H", "Host: plain.example",
                 "-o", "/dev/null", "-w", "%{redirect_url}\n%{http_code}")  # fmt: skip
    assert told == (301, "https://plain.example/a?b=c")


@pytest.mark.parametrize("host", ["strict", "beside", "elsewhere"])
def test_a_client_shows_a_good_certificate_or_stays_outside(edge: Edge, host: str) -> None:
    """Whether the authorities are in the Secret, beside it, or in one that is named."""
    status, told = edge.ask(f"{host}.example", client="known")
    assert status == 200
    assert 'Subject="CN=known.client"' in told["headers"]["x-forwarded-client-cert"]
    assert edge.ask(f"{host}.example")[0] == 0
    assert edge.ask(f"{host}.example", client="stranger")[0] == 0


def test_a_revoked_certificate_is_no_good(edge: Edge) -> None:
    assert edge.ask("strict.example", client="second")[0] == 200
    assert edge.ask("strict.example", client="gone")[0] == 0
    assert edge.ask("beside.example", client="gone")[0] == 200, "nobody says there that it is"


def test_only_the_client_that_is_named_comes_in(edge: Edge) -> None:
    assert edge.ask("named.example", client="known")[0] == 200
    assert edge.ask("named.example", client="second")[0] == 0


def test_where_a_certificate_is_optional_a_bad_one_is_still_refused(edge: Edge) -> None:
    status, told = edge.ask("asked.example")
    assert (status, "x-forwarded-client-cert" in told["headers"]) == (200, False)
    status, told = edge.ask("asked.example", client="known")
    assert "CN=known.client" in told["headers"]["x-forwarded-client-cert"]
    assert edge.ask("asked.example", client="stranger")[0] == 0


def test_versions_and_ciphers_are_those_that_are_said(edge: Edge) -> None:
    assert edge.ask("newest.example")[0] == 200
    assert edge.ask("newest.example", "--tls-max", "1.2")[0] == 0
    assert edge.ask("plain.example", "--tls-max", "1.2")[0] == 200
    assert edge.ask("older.example", "--tlsv1.3")[0] == 0
    good, other = "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"
    assert edge.ask("older.example", "--ciphers", good)[0] == 200
    assert edge.ask("older.example", "--ciphers", other)[0] == 0


def test_bytes_go_by_the_port_with_and_without_tls(edge: Edge) -> None:
    assert lines(edge.address, BYTES, 3) == {"one": 3}
    assert lines(edge.address, SEALED_BYTES, 3, sni="plain.example") == {"two": 3}
