"""Making faults and mending: what is refused, what is agreed to, what is remembered."""

import asyncio

import pytest
from story import break_too, mended, sick, why
from worlds import Cluster

from telltale.kube import errors
from telltale.why.faults import NoSuchFault, broken, undo
from telltale.why.reason import Verdict


def test_unknown_fault_lists_those_that_are():
    with pytest.raises(
        NoSuchFault, match=r"no fault 'nope'; there are: app-crash-loop, .*slow-start"
    ):
        break_too(Cluster.well(), "nope")


def test_fault_is_made_once():
    cluster = sick("dns-no-ready-pod")
    with pytest.raises(errors.Conflict, match="broken already"):
        break_too(cluster, "dns-no-ready-pod")
    assert asyncio.run(broken(cluster.client)) == ("dns-no-ready-pod",)


def test_fault_that_cannot_be_made_changes_nothing():
    cluster = Cluster.well()
    cluster.put({"kind": "Service", "metadata": {"namespace": "default", "name": "stolen"},
                 "spec": {"selector": {}, "ports": []}})  # fmt: skip
    with pytest.raises(errors.AlreadyExists, match="nothing was changed"):
        break_too(cluster, "dns-address-taken")
    assert why(cluster).diagnosis.verdict is Verdict.HEALTHY
    assert asyncio.run(broken(cluster.client)) == ()


def test_two_faults_are_taken_back_last_first():
    cluster = sick("dns-service-selects-nothing", "dns-no-ready-pod")
    done = asyncio.run(undo(cluster.hands, lambda _: None))
    assert done == ("dns-no-ready-pod", "dns-service-selects-nothing")
    assert why(cluster).diagnosis.verdict is Verdict.HEALTHY


def test_taking_back_what_was_fixed_already_does_no_harm():
    cluster = sick("dns-address-taken")
    assert mended(cluster).healthy
    assert asyncio.run(undo(cluster.hands, lambda _: None)) == ("dns-address-taken",)
    assert ("Service", "default", "stolen") not in cluster.objects
    assert why(cluster).diagnosis.verdict is Verdict.HEALTHY


def test_what_is_not_safe_is_not_done_unasked():
    cluster = sick("dns-service-moved")
    result = mended(cluster, agree=False)
    assert result.applied == () and "not agreed" in result.left[0][1]
    assert why(cluster).diagnosis.verdict is Verdict.CAUSE_FOUND


def test_what_is_safe_is_done_unasked():
    assert mended(sick("pilot-scaled-to-zero"), agree=False).healthy


def test_first_rollout_has_no_way_back():
    cluster = sick("image-missing")
    for key in [
        key for key in cluster.objects if key[0] == "ReplicaSet" and "reviews-v2" in key[2]
    ]:
        if not any(one["metadata"]["ownerReferences"][0]["name"] == key[2]
                   and one["status"]["containerStatuses"][0]["ready"] is False
                   for one in cluster.of("Pod", "default")):  # fmt: skip
            del cluster.objects[key]
    [finding] = why(cluster).diagnosis.findings
    assert not finding.fix.applicable
    assert "set image" in finding.fix.commands[0]
