"""TLS to a host: whose certificate is shown, and by whom the server is judged."""

import pytest
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.extensions.transport_sockets.tls.v3.tls_pb2 import UpstreamTlsContext

from telltale.lib.memo import Memo
from telltale.model.gateway import Credential
from telltale.model.mesh import Mesh
from telltale.model.policy import Policy, Tls, TlsMode, Traffic
from telltale.model.scope import Origin, Scope
from telltale.model.service import Port, Protocol, Service
from telltale.model.view import View
from telltale.pilot.envoy.upstream import clusters, credentials as upstream_secrets
from telltale.pilot.envoy.upstream.tls import SYSTEM_CA, wrap

CART = Service("cart", "shop", "cart", (Port(80, Protocol.HTTP),))
PAIR, JUDGES = Credential("s", "edge"), Credential("s", "edge", authority=True)


def context(cluster: Cluster) -> UpstreamTlsContext:
    found = UpstreamTlsContext()
    assert cluster.transport_socket.typed_config.Unpack(found)
    return found


def view(mode: TlsMode, **credentials: str) -> View:
    traffic = Traffic(tls=Tls(mode, credential="s"))
    policy = Policy(Origin("", "p", "shop"), Scope(), "cart", traffic)
    standing = {PAIR: credentials.get("pair"), JUDGES: credentials.get("judges")}
    known = {one: text for one, text in standing.items() if text is not None}
    return View(Mesh({"cart": CART}, policies=(policy,), credentials=known), "edge", (), ())


def made(view: View, *, trusted: bool = True) -> UpstreamTlsContext:
    [cluster] = clusters.outbound(view, Memo(), trusted=trusted)
    return context(cluster)


def test_files_of_the_proxys_container():
    cluster = Cluster()
    wrap(cluster, Traffic(tls=Tls(TlsMode.MUTUAL, "/c", "/k", "/ca", "/crl")), ("h2",))
    shared = context(cluster).common_tls_context
    [own] = shared.tls_certificates
    assert (own.certificate_chain.filename, own.private_key.filename) == ("/c", "/k")
    assert shared.validation_context.trusted_ca.filename == "/ca"
    assert shared.validation_context.crl.filename == "/crl"
    assert [*shared.alpn_protocols] == ["h2"]


@pytest.mark.parametrize("mode", [TlsMode.DISABLE, TlsMode.MESH])
def test_what_is_plain_or_cannot_be_had_yet_is_plain(mode):
    cluster = Cluster()
    wrap(cluster, Traffic(tls=Tls(mode)))
    assert not cluster.HasField("transport_socket")


def test_a_gateway_shows_its_secret_and_judges_by_it():
    shared = made(view(TlsMode.MUTUAL, pair="", judges="")).common_tls_context
    [own] = shared.tls_certificate_sds_secret_configs
    judges = shared.combined_validation_context.validation_context_sds_secret_config
    assert (own.name, judges.name) == ("kubernetes://s", "kubernetes://s-cacert")
    wanted = upstream_secrets.wanted(view(TlsMode.MUTUAL, pair="", judges=""))
    assert wanted == (PAIR, JUDGES)
    assert upstream_secrets.wanted(view(TlsMode.SIMPLE, pair="", judges="")) == (JUDGES,)


@pytest.mark.parametrize("credentials, trusted", [
    ({}, True), ({"pair": "expired", "judges": "no PEM"}, True),
    ({"pair": "", "judges": ""}, False),
])  # fmt: skip
def test_without_its_secret_it_believes_only_what_the_system_does(credentials, trusted):
    shared = made(view(TlsMode.MUTUAL, **credentials), trusted=trusted).common_tls_context
    assert not shared.tls_certificate_sds_secret_configs
    assert shared.validation_context.trusted_ca.filename == SYSTEM_CA
