"""Tokens, reviews, and what nobody in particular may do."""

import stat
from dataclasses import replace

import pytest

from telltale.cluster.api import pki
from telltale.cluster.api.auth.identity import Identities, Subject
from telltale.cluster.api.auth.tokens import Bound, Tokens
from telltale.cluster.api.request import ANONYMOUS
from telltale.kube import kubeconfig
from telltale.kube.errors import Unauthorized
from telltale.lib.clock import FakeClock, FakeIds

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
PODS = "/api/v1/namespaces/default/pods"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"


def token(ask, **spec):
    return ask("POST", f"{ACCOUNTS}/default/token", {"spec": spec})


@pytest.fixture
def identities(ask):
    made = Tokens(ask.built.pki.accounts_key, ask.clock, FakeIds())
    return Identities(ask.built.store, made)


def bearer(value):
    return {"authorization": f"Bearer {value}"}


def test_a_token_is_its_account(ask, identities):
    told = token(ask)
    assert told.code == 201
    assert told.body["status"]["expirationTimestamp"] == "2019-08-30T17:43:50Z"
    user = identities.of(None, bearer(told.body["status"]["token"]))
    assert user.name == "system:serviceaccount:default:default"
    assert "system:serviceaccounts:default" in user.groups


def test_tokens_end(ask, identities):
    made = token(ask, expirationSeconds=600).body["status"]["token"]
    ask.clock.advance(599)
    identities.of(None, bearer(made))
    ask.clock.advance(2)
    with pytest.raises(Unauthorized):
        identities.of(None, bearer(made))


def test_a_token_ends_with_its_account_and_with_its_pod(ask, identities):
    ask(
        "POST",
        PODS,
        {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "x"}]}},
    )
    bound = token(ask, boundObjectRef={"kind": "Pod", "name": "p"}).body["status"]["token"]
    free = token(ask).body["status"]["token"]
    user = identities.of(None, bearer(bound))
    assert user.extra["authentication.kubernetes.io/pod-name"] == ("p",)
    ask("DELETE", f"{PODS}/p")
    with pytest.raises(Unauthorized):
        identities.of(None, bearer(bound))
    identities.of(None, bearer(free))
    ask("DELETE", f"{ACCOUNTS}/default")
    ask("POST", ACCOUNTS, {"metadata": {"name": "default"}})  # another one of the same name
    with pytest.raises(Unauthorized):
        identities.of(None, bearer(free))


def test_a_token_for_others_is_not_for_us(ask, identities):
    made = token(ask, audiences=["istio-ca"]).body["status"]["token"]
    with pytest.raises(Unauthorized):
        identities.of(None, bearer(made))

    def review(*audiences):
        spec = {"token": made, "audiences": list(audiences)}
        return ask("POST", REVIEWS, {"spec": spec}).body["status"]

    right = review("istio-ca")
    assert (right["authenticated"], right["audiences"]) == (True, ["istio-ca"])
    wrong = review("vault")
    assert wrong["authenticated"] is False
    assert "is invalid for the target audiences" in wrong["error"]


@pytest.mark.parametrize("value", ["nonsense", "a.b.c", "", "x" * 10_000])
def test_what_is_no_token(identities, value):
    with pytest.raises(Unauthorized):
        identities.of(None, {"authorization": f"Bearer {value}"})
    with pytest.raises(Unauthorized):
        identities.of(None, {"authorization": "Basic abc"})


def test_a_token_of_another_cluster(ask, identities, tmp_path):
    other = pki.ensure(tmp_path, ("localhost",), ("127.0.0.1",), ask.clock.now())
    account = identities.check(token(ask).body["status"]["token"]).account
    forged, _ = Tokens(other.accounts_key, ask.clock, FakeIds()).issue(
        account, ("telltale",), 600, Bound()
    )
    with pytest.raises(Unauthorized):
        identities.of(None, bearer(forged))


def test_short_and_wrongly_bound_tokens_are_refused(ask):
    told = token(ask, expirationSeconds=5)
    assert told.code == 422
    assert "may not specify a duration less than 10 minutes" in told.message
    assert token(ask, boundObjectRef={"kind": "Pod", "name": "absent"}).code == 404
    assert token(ask, boundObjectRef={"kind": "Node", "name": "n"}).code == 422


def test_a_certificate_is_its_subject(identities):
    user = identities.of(Subject("kubernetes-admin", ("system:masters",)), {})
    assert (user.name, user.groups) == (
        "kubernetes-admin",
        ("system:masters", "system:authenticated"),
    )


def test_nobody_in_particular_may_only_ask_whether_we_live(ask):
    ask.user = ANONYMOUS
    for path in ("/healthz", "/readyz", "/livez", "/version"):
        assert ask("GET", path).code == 200
    told = ask("GET", "/api/v1/namespaces")
    assert (told.code, told.message) == (
        403,
        'namespaces is forbidden: User "system:anonymous" cannot list resource "namespaces" in API'
        ' group "" at the cluster scope',
    )
    assert ask("GET", "/healthz/../api/v1/secrets").code in (403, 404)
    assert ask("GET", "/apis").code == 403
    assert ask("POST", f"{ACCOUNTS}/default/token", {}).code == 403


def test_self_reviews(ask):
    who = ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
    assert who.body["status"]["userInfo"]["username"] == "system:admin"
    may = ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {"spec": {}})
    assert may.body["status"]["allowed"] is True


def test_keys_are_made_once_and_for_their_owner_only(tmp_path):
    now = FakeClock().now()
    first = pki.ensure(tmp_path / "pki", ("localhost",), ("127.0.0.1",), now)
    before = {one.name: one.read_bytes() for one in (tmp_path / "pki").iterdir()}
    again = pki.ensure(tmp_path / "pki", ("localhost",), ("127.0.0.1",), now)
    assert again == first
    assert {one.name: one.read_bytes() for one in (tmp_path / "pki").iterdir()} == before
    for one in (tmp_path / "pki").iterdir():
        assert stat.S_IMODE(one.stat().st_mode) == 0o600
    pki.ensure(tmp_path / "pki", ("localhost", "more"), ("127.0.0.1",), now)
    assert (tmp_path / "pki" / "server.crt").read_bytes() != before["server.crt"]
    assert (tmp_path / "pki" / "ca.crt").read_bytes() == before["ca.crt"]


def test_the_kubeconfig_is_read_by_our_own_client(tmp_path):
    made = pki.ensure(tmp_path / "pki", ("localhost",), ("127.0.0.1",), FakeClock().now())
    pki.write_kubeconfig(tmp_path / "config", made, "https://127.0.0.1:1")
    assert stat.S_IMODE((tmp_path / "config").stat().st_mode) == 0o600
    found = kubeconfig.load(tmp_path / "config")
    assert replace(found, tls=None).url == "https://127.0.0.1:1"


def test_a_folder_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(pki.PkiUnusable, match="cannot make or read the cluster's keys"):
        pki.ensure(tmp_path / "file", (), (), FakeClock().now())
