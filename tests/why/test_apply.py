"""Steps against the API: what they leave behind when they fail."""

import asyncio

import pytest
from objects import Refused
from worlds import Cluster

from telltale.kube import errors
from telltale.kube.meta import Ref
from telltale.why.apply import apply, inverse, readdress
from telltale.why.fix import Readdress, RestartProxies
from telltale.why.taken_back import from_json, restoring, to_json

DNS = Ref("Service", "kube-system", "kube-dns")


def test_address_that_is_held_is_refused_and_nothing_changes():
    cluster = Cluster.well()
    before = cluster.objects["Service", "kube-system", "kube-dns"]
    with pytest.raises(errors.Conflict, match=r"istio-system/istio-pilot holds it"):
        asyncio.run(readdress(cluster.client, DNS, "172.19.4.7"))
    assert cluster.objects["Service", "kube-system", "kube-dns"] is before


def test_service_that_cannot_be_made_again_is_put_back(monkeypatch: pytest.MonkeyPatch):
    cluster = Cluster.well()
    allocate = Cluster._allocate

    def refuse(self: Cluster, one: dict) -> None:
        if one["spec"].get("clusterIP") == "10.9.9.9":
            raise Refused(422, "Invalid", "provided IP is not in the valid range")
        allocate(self, one)

    monkeypatch.setattr(Cluster, "_allocate", refuse)
    with pytest.raises(
        errors.Conflict, match=r"not in the valid range; it is back at 172\.19\.0\.10"
    ):
        asyncio.run(readdress(cluster.client, DNS, "10.9.9.9"))
    assert (
        cluster.objects["Service", "kube-system", "kube-dns"]["spec"]["clusterIP"] == "172.19.0.10"
    )


def test_all_but_the_address_is_kept():
    cluster = Cluster.well()
    one = cluster.objects["Service", "kube-system", "kube-dns"]
    one["metadata"]["annotations"] = {"a": "b"}
    one["spec"]["sessionAffinity"] = "ClientIP"
    asyncio.run(readdress(cluster.client, DNS, ""))
    now = cluster.objects["Service", "kube-system", "kube-dns"]
    assert now["spec"]["clusterIP"] != "172.19.0.10"
    assert (
        now["spec"]["sessionAffinity"] == "ClientIP"
        and now["spec"]["ports"] == one["spec"]["ports"]
    )
    assert now["metadata"]["annotations"] == {"a": "b"}
    assert now["metadata"]["uid"] != one["metadata"]["uid"]


def test_without_kubectl_proxies_cannot_be_restarted():
    cluster = Cluster.well()
    hands = type(cluster.hands)(cluster.client)
    with pytest.raises(errors.BadRequest, match="kubectl is needed"):
        asyncio.run(apply(hands, RestartProxies("default")))


def test_inverse_patch_turns_one_into_the_other():
    assert inverse({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 4, "d": 3}, "e": 5}) == {
        "a": None, "b": {"c": 4}, "e": 5,
    }  # fmt: skip


def test_restoring_touches_what_the_patch_touches():
    now = {"spec": {"selector": {"app": "x"}, "ports": [1]}}
    body = {"spec": {"selector": {"app": "y", "new": "z"}}}
    assert restoring(body, now) == {"spec": {"selector": {"app": "x", "new": None}}}


def test_steps_are_remembered_as_they_are():
    steps = [Readdress(DNS, "a", "b")]
    assert from_json(to_json(steps)) == steps


def test_printed_command_for_a_new_address_names_both():
    command = Readdress(DNS, was="172.19.9.54", address="172.19.0.10").command
    assert r"s/172\.19\.9\.54$/172.19.0.10/" in command and command.endswith("replace --force -f -")
