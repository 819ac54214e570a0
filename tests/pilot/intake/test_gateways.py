"""Istio's Gateways: what is read, what is refused, and what only gets a word."""

import pytest

from telltale.kube import codec
from telltale.kube.istio.message import Config
from telltale.model.gateway import Credential, Ends, Host, TlsVersion
from telltale.model.mesh import Mesh
from telltale.model.service import Protocol
from telltale.model.workload import Workload
from telltale.pilot.intake.doors.read import read
from telltale.pilot.intake.doors.unmet import problems as unmet
from telltale.pilot.intake.problem import Level

HTTP = {"port": {"number": 80, "protocol": "HTTP", "name": "http"}, "hosts": ["a.example"]}
TLS = {
    "port": {"number": 443, "protocol": "HTTPS", "name": "https"}, "hosts": ["a.example"],
    "tls": {"mode": "SIMPLE", "credentialName": "cert"},
}  # fmt: skip


def config(*servers, selector=None, name="edge") -> Config:
    return codec.convert(Config, {
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": name},
        "spec": {"selector": selector or {"istio": "edge"}, "servers": list(servers)},
    })  # fmt: skip


def told(*servers) -> tuple[int, list[tuple[Level, str, str]]]:
    """How many servers stand, and what is told."""
    [found], problems = read([config(*servers)], "cluster.local")
    return len(found.servers), [(one.level, one.field, str(one)) for one in problems]


def test_all_fields_of_a_sound_gateway():
    full = {
        **TLS, "bind": "127.0.0.1", "hosts": ["./A.example", "other/*.b.example", "*"],
        "tls": {
            "mode": "OPTIONAL_MUTUAL", "credentialNames": ["rsa", "ecdsa"],
            "caCertCredentialName": "clients", "subjectAltNames": ["spiffe://x/y"],
            "verifyCertificateSpki": ["c2g="], "verifyCertificateHash": ["ab"],
            "minProtocolVersion": "TLSV1_2", "maxProtocolVersion": "TLSV1_3",
            "cipherSuites": ["AES128-SHA"], "insecureSkipVerify": True,
        },
    }  # fmt: skip
    [found], problems = read([config(HTTP, full)], "cluster.local")
    assert problems == []
    assert found.name == "shop/edge"
    assert found.scope.selects({"istio": "edge", "more": "x"})
    assert found.scope.seen_from("anywhere")
    plain, server = found.servers
    assert (plain.port, plain.speaks, plain.tls, plain.redirect) == (80, Protocol.HTTP, None, False)
    assert server.hosts == (Host("a.example", "shop"), Host("*.b.example", "other"), Host("*"))
    tls = server.tls
    assert tls and tls.ends is Ends.OPTIONAL_MUTUAL
    assert [*tls.needed("edge")] == [
        Credential("rsa", "edge"), Credential("ecdsa", "edge"),
        Credential("clients", "edge", authority=True),
    ]  # fmt: skip
    assert (tls.minimum, tls.maximum) == (TlsVersion.TLS_1_2, TlsVersion.TLS_1_3)
    assert (tls.sans, tls.spki, tls.hashes) == (("spiffe://x/y",), ("c2g=",), ("ab",))
    assert (tls.ciphers, tls.unverified, server.bind) == (("AES128-SHA",), True, "127.0.0.1")


@pytest.mark.parametrize(("protocol", "mode", "speaks"), [
    ("HTTPS", "SIMPLE", Protocol.HTTP), ("HTTPS", "PASSTHROUGH", Protocol.TLS),
    ("TLS", "SIMPLE", Protocol.TCP), ("TLS", "AUTO_PASSTHROUGH", Protocol.TLS),
])  # fmt: skip
def test_what_is_spoken_inside_tls(protocol, mode, speaks):
    tls = {"mode": mode} | ({"credentialName": "c"} if mode == "SIMPLE" else {})
    port = {"number": 443, "protocol": protocol, "name": "x"}
    [found], problems = read([config({**TLS, "port": port, "tls": tls})], "cluster.local")
    assert problems == []
    assert found.servers[0].speaks is speaks


def tls(**fields) -> dict:
    return {**TLS, "tls": {"mode": "SIMPLE", "credentialName": "c", **fields}}


def port(**fields) -> dict:
    return {**HTTP, "port": {"number": 80, "protocol": "HTTP", "name": "http", **fields}}


REFUSED = [
    ({**HTTP, "hosts": []}, "hosts", "is empty"),
    ({**HTTP, "hosts": ["a b"]}, "hosts[0]", "'a b' is not [NAMESPACE/]HOST"),
    ({**HTTP, "hosts": ["~/a.example"]}, "hosts[0]", "'~/a.example' is not [NAMESPACE/]HOST"),
    ({**HTTP, "hosts": ["a*.example"]}, "hosts[0]", "'a*.example' is not"),
    (port(number=0), "port.number", "0 is not a port"),
    (port(protocol="UDP"), "port.protocol", "'UDP' is not a protocol of a gateway"),
    (port(name=""), "port.name", "is empty"),
    (port(name="a b"), "port.name", "'a b' is not a DNS label"),
    (port(targetPort=1), "port.targetPort", "is not for gateways"),
    ({**HTTP, "bind": "edge"}, "bind", "'edge' is not an IP address"),
    ({**HTTP, "bind": "unix:///x"}, "bind", "a Unix socket is not listened on"),
    ({**HTTP, "tls": {"mode": "SIMPLE"}}, "tls", "may have httpsRedirect only"),
    ({**port(protocol="TCP"), "tls": {"httpsRedirect": True}}, "tls.httpsRedirect",
     "protocol TCP cannot redirect"),
    ({**TLS, "tls": None}, "tls", "protocol HTTPS needs it"),
    (tls(httpsRedirect=True), "tls.httpsRedirect", "is for plain HTTP servers"),
    (tls(credentialName=""), "tls.credentialName", "mode SIMPLE needs a key pair and has none"),
    (tls(credentialNames=["d"]), "tls.credentialNames", "stands beside credentialName"),
    (tls(credentialName="", credentialNames=["a", "b", "c"]), "tls.credentialNames", "has 3"),
    (tls(credentialName="", serverCertificate="/x"), "tls.serverCertificate", "are not read"),
    (tls(caCertificates="/x"), "tls.caCertificates", "are not read"),
    (tls(caCrl="/x"), "tls.caCrl", "are not read"),
    (tls(mode="ISTIO_MUTUAL"), "tls.mode", "ISTIO_MUTUAL needs mesh identities"),
    (tls(minProtocolVersion="TLSV1_3", maxProtocolVersion="TLSV1_2"), "tls.minProtocolVersion",
     "TLSV1_3 is above maxProtocolVersion TLSV1_2"),
]  # fmt: skip


@pytest.mark.parametrize(("server", "field", "what"), REFUSED)
def test_a_server_that_cannot_be_had_is_left_out_alone(server, field, what):
    sound = {**HTTP, "port": {"number": 81, "protocol": "HTTP", "name": "sound"}}
    standing, problems = told(server, sound)
    assert standing == 1
    assert (Level.ERROR, f"spec.servers[0].{field}") in [one[:2] for one in problems]
    assert any(what in text for _, _, text in problems), problems


WARNED = [
    ({**HTTP, "defaultEndpoint": "x"}, "defaultEndpoint"),
    ({**TLS, "tls": {"mode": "PASSTHROUGH", "credentialName": "c"}}, "tls.credentialName"),
    (tls(cipherSuites=["NONE"]), "tls.cipherSuites[0]"),
    (tls(cipherSuites=["DES-CBC3-SHA"]), "tls.cipherSuites[0]"),
    (tls(cipherSuites=["AES128-SHA", "AES128-SHA"]), "tls.cipherSuites[1]"),
    (tls(minProtocolVersion="TLSV1_1"), "tls.minProtocolVersion"),
    (tls(minProtocolVersion="TLSV1_3", cipherSuites=["AES128-SHA"]), "tls.cipherSuites"),
    (tls(subjectAltNames=["x"]), "tls.subjectAltNames"),
    (tls(caCertCredentialName="x"), "tls.caCertCredentialName"),
]  # fmt: skip


@pytest.mark.parametrize(("server", "field"), WARNED)
def test_what_works_and_is_probably_not_meant_gets_a_word(server, field):
    standing, problems = told(server)
    assert standing == 1
    assert [one[:2] for one in problems] == [(Level.WARNING, f"spec.servers[0].{field}")]


def test_a_port_name_twice_and_no_server_at_all():
    assert told(HTTP, HTTP)[0] == 1
    assert told()[1][0][1] == "spec.servers"


def test_what_is_no_gateway_at_all_is_told_and_left_out():
    found, [problem] = read([codec.convert(Config, {"spec": {"servers": "x"}})], "cluster.local")
    assert found == []
    assert problem.field == "spec.servers"


def test_what_a_gateway_names_and_nobody_has():
    found, _ = read([config(TLS), config(TLS, name="other"), config(HTTP, selector={"x": "y"},
                                                                   name="z")], "cluster.local")
    pod = Workload("edge-0", "edge", {"istio": "edge"})
    mesh = Mesh(gateways=tuple(found), workloads={pod.key: pod},
                credentials={Credential("cert", "shop"): ""})  # fmt: skip
    texts = [str(one) for one in unmet(mesh)]
    assert sum("spec.servers[https].tls: Secret" in one for one in texts) == 2
    assert sum("Secret edge/cert: is not there" in one for one in texts) == 2
    assert any("spec.selector: x=y selects no workload: nobody listens" in one for one in texts)
    assert any(
        "'a.example' on port 443 is served by gateway shop/edge, port name 'https' already" in one
        for one in texts
    )
