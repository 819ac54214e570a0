"""Making faults and mending: what is refused, what is agreed to, what is remembered."""

import asyncio

import pytest
from story import break_too, mended, sick, why
from worlds import Cluster

from telltale.kube import errors
from telltale.why.faults import NoSuchFault, Outcome, broken, undo
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
    assert list(done) == ["dns-no-ready-pod", "dns-service-selects-nothing"]
    assert why(cluster).diagnosis.verdict is Verdict.HEALTHY


def test_taking_back_what_was_fixed_already_does_no_harm():
    cluster = sick("dns-address-taken")
    assert mended(cluster).healthy
    done = asyncio.run(undo(cluster.hands, lambda _: None))
    assert done == {"dns-address-taken": Outcome.TAKEN_BACK}
    assert ("Service", "default", "stolen") not in cluster.objects
    assert why(cluster).diagnosis.verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    "name", ["dns-service-moved", "dns-service-missing", "pilot-scaled-to-zero", "image-missing"]
)
def test_what_the_fix_has_mended_is_not_touched_again(name: str):
    cluster = sick(name)
    assert mended(cluster).healthy
    cluster.asked.clear()
    assert asyncio.run(undo(cluster.hands, lambda _: None)) == {name: Outcome.MENDED}
    written = [one for one in cluster.asked if not one.startswith("GET")]
    assert all("telltale-faults" in one for one in written)


def test_what_somebody_has_changed_since_stays_theirs():
    cluster = sick("pilot-scaled-to-zero")
    cluster.objects["Deployment", "istio-system", "istio-pilot"]["spec"]["replicas"] = 3
    cluster.settle()
    told: list[str] = []
    assert asyncio.run(undo(cluster.hands, told.append)) == {"pilot-scaled-to-zero": Outcome.LEFT}
    assert cluster.objects["Deployment", "istio-system", "istio-pilot"]["spec"]["replicas"] == 3
    assert "istio-pilot" in told[0] and "left as it is" in told[0]


def test_other_changes_of_the_meantime_survive_what_is_taken_back():
    cluster = sick("pilot-scaled-to-zero")
    cluster.objects["Deployment", "istio-system", "istio-pilot"]["spec"]["paused"] = True
    asyncio.run(undo(cluster.hands, lambda _: None))
    spec = cluster.objects["Deployment", "istio-system", "istio-pilot"]["spec"]
    assert spec["replicas"] == 1 and spec["paused"] is True


def test_what_is_not_safe_is_not_done_unasked():
    cluster = sick("dns-service-moved")
    result = mended(cluster, agree=False)
    assert result.applied == () and "nobody agreed" in result.left[0][1]
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
    assert "edit deployment/reviews-v2" in finding.fix.commands[0]
