"""Whole questions: compounds, look-alikes, what is missing, what is well and looks ill."""

import json

import pytest
from story import asked, break_too, sick, why
from worlds import Cluster

from telltale.lib.moment import rfc3339
from telltale.why.as_json import as_json
from telltale.why.causes.every import CAUSES
from telltale.why.pods import State, state
from telltale.why.reason import Verdict
from telltale.why.report import render
from telltale.why.reports import Source
from telltale.why.symptom import Question

NAMES = [cause.name for cause in CAUSES]
MESH_WIDE = [name for name in NAMES if name.startswith(("dns-", "pilot-"))]


def causes_of(answer) -> list[str]:
    return sorted(one.cause for one in answer.diagnosis.findings)


@pytest.mark.parametrize("name", NAMES)
def test_ten_times_the_same_answer(name: str):
    cluster = sick(name)
    told = set()
    for _ in range(10):
        found = as_json(why(cluster))
        found.pop("cost")
        told.add(json.dumps(found))
    assert len(told) == 1


@pytest.mark.parametrize("name", MESH_WIDE)
def test_before_anyone_restarts_it_is_latent(name: str):
    """The same fault, and no pod has been restarted: all is 2/2, and nothing would come back."""
    cluster, broken = Cluster.well(), sick(name)
    for kind in ("Service", "ConfigMap", "Deployment"):
        for one in broken.of(kind):
            meta = one["metadata"]
            cluster.objects[kind, meta["namespace"], meta["name"]] = one
    for kind, namespace, service in [key for key in cluster.objects if key[0] == "Service"]:
        if (kind, namespace, service) not in broken.objects:
            del cluster.objects[kind, namespace, service]
    if name in ("pilot-crash-loop", "pilot-no-ready-pod"):
        cluster.objects.pop(("Pod", "istio-system", cluster.pod("istio-pilot")["metadata"]["name"]))
    cluster.settle()
    cluster.later(60)
    found = why(cluster).diagnosis
    assert found.verdict is Verdict.HEALTHY
    [latent] = found.latent
    assert latent.root is not None and latent.root.cause == name
    assert len(latent.pods) == 6


@pytest.mark.parametrize(
    "pair",
    [
        ("dns-service-moved", "image-missing"),
        ("dns-no-ready-pod", "pilot-service-selects-nothing"),
        ("dns-service-selects-nothing", "dns-no-ready-pod"),
        ("app-crash-loop", "app-readiness-fails"),
        ("pilot-service-selects-nothing", "app-readiness-fails"),
    ],
)
def test_two_independent_causes_are_both_listed(pair: tuple[str, str]):
    cluster = sick(pair[1])
    break_too(cluster, pair[0])
    assert causes_of(why(cluster)) == sorted(pair)


def test_moved_and_taken_is_one_finding_with_two_ordered_steps():
    answer = why(sick("dns-address-taken"))
    [finding] = answer.diagnosis.findings
    assert finding.cause == "dns-address-taken"
    first, second = finding.fix.commands
    assert "service/stolen" in first and "service/kube-dns" in second


def test_crash_that_follows_from_dns_is_attached_to_it():
    """An app that ends because it finds nobody is affected, not faulty."""
    cluster = sick("dns-service-moved")
    cluster.objects["Deployment", "default", "ratings-v1"]["spec"]["template"]["spec"][
        "containers"][0]["command"] = ["sh", "-c", "exit 1"]  # fmt: skip
    cluster.later(10)
    assert causes_of(why(cluster)) == ["dns-service-moved"]


def test_workload_fault_elsewhere_is_only_counted():
    cluster = sick("app-crash-loop")
    answer = asked(cluster, "deploy/details-v1")
    assert answer.diagnosis.verdict is Verdict.HEALTHY
    assert answer.diagnosis.hidden == 1


# --- what is missing


def test_agents_that_cannot_be_asked_are_read_from_the_log():
    cluster = sick("dns-service-moved")
    cluster.mute.add(":15020/")
    [finding] = why(cluster).diagnosis.findings
    assert finding.cause == "dns-service-moved" and finding.expected == "172.19.0.10"
    assert any("log" in note for note in finding.notes)
    assert any(line.how.startswith("kubectl -n default logs") for line in finding.evidence)


def test_agents_that_hang_cost_no_more_than_three_seconds():
    cluster = sick("dns-service-moved")
    cluster.slow.add(":15020/")
    answer = why(cluster)
    assert causes_of(answer) == ["dns-service-moved"]
    assert all(one.source is Source.LOG for one in answer.world.reports.values())


def test_neither_agent_nor_log_gives_an_uncertain_answer_or_none():
    cluster = sick("dns-no-ready-pod")
    cluster.mute |= {":15020/", "/log"}
    [finding] = why(cluster).diagnosis.findings
    assert finding.cause == "dns-no-ready-pod" and not finding.certain
    cluster = sick("dns-service-moved")
    cluster.mute |= {":15020/", "/log", "/configz"}
    cluster.later(120)
    answer = why(cluster)
    assert answer.diagnosis.verdict is Verdict.NOT_PERMITTED and answer.exit_code == 4
    assert any("pods/proxy" in one.what for one in answer.diagnosis.deciding)


@pytest.mark.parametrize("name", ["dns-service-moved", "dns-address-taken", "dns-service-missing"])
def test_the_kubelet_knows_what_pods_ask_when_they_cannot_say(name: str):
    """As in the first seconds after a restart on a busy machine: no agent, no line in a log yet."""
    cluster = sick(name)
    cluster.mute |= {":15020/", "/log"}
    answer = why(cluster)
    [finding] = answer.diagnosis.findings
    assert finding.cause == name and not finding.certain
    assert "172.19.0.10" in f"{finding.expected} {finding.found}"
    assert not any("ADDRESS" in command for command in finding.fix.commands)
    assert answer.cost.api_calls <= 12


def test_who_may_not_see_services_is_told_so():
    cluster = sick("dns-service-moved")
    cluster.mute.add("/services")
    cluster.later(120)
    answer = why(cluster)
    assert answer.diagnosis.findings == ()
    assert answer.diagnosis.verdict is Verdict.NOT_PERMITTED
    assert any("services" in one.what for one in answer.diagnosis.deciding)


def test_who_may_see_nothing_is_told_so():
    cluster = Cluster.well()
    cluster.mute.add("/api")
    answer = why(cluster)
    assert answer.diagnosis.verdict is Verdict.NOT_PERMITTED
    assert "list pods" in answer.diagnosis.deciding[0].what


def test_expired_events_do_not_hide_a_failing_probe():
    cluster = sick("app-readiness-fails")
    cluster.mute.add("/events")
    cluster.later(60)
    [finding] = why(cluster).diagnosis.findings
    assert finding.cause == "app-readiness-fails"
    assert any("no event" in note for note in finding.notes)


def test_proxy_that_waits_to_be_started_again_is_starting_or_explained():
    """It was ended, not crashed: the kubelet's pause is no trouble, a pilot that is away is."""
    cluster = Cluster.well()
    proxy = cluster.proxies[name_of(cluster, "details-v1")]
    proxy.crashed, proxy.restarts, proxy.ended = "told to end", 2, 0
    cluster.settle()
    assert why(cluster).diagnosis.verdict is Verdict.STARTING
    break_too(cluster, "pilot-crash-loop")
    assert causes_of(why(cluster)) == ["pilot-crash-loop"]


def name_of(cluster: Cluster, start: str) -> tuple[str, str]:
    meta = cluster.pod(start)["metadata"]
    return (meta["namespace"], meta["name"])


def test_dns_service_gone_is_named_with_the_address_to_make_it_at():
    cluster = Cluster.well()
    del cluster.objects["Service", "kube-system", "kube-dns"]
    for proxy in cluster.proxies.values():
        proxy.configured = False
    cluster.later(200)
    found = why(cluster).diagnosis
    [finding] = found.findings
    assert finding.cause == "dns-service-missing" and len(finding.affected) == 6
    assert '"clusterIP":"172.19.0.10"' in finding.fix.commands[0]


# --- healthy, and looks ill


def test_old_complaints_of_a_ready_pod_are_history():
    cluster = sick("app-readiness-fails")
    events = {key: one for key, one in cluster.objects.items() if key[0] == "Event"}
    assert events
    well = Cluster.well()
    reviews = well.pod("reviews-v1")["metadata"]
    for key, event in events.items():
        event["involvedObject"].update(name=reviews["name"], uid=reviews["uid"])
        well.objects[key] = event
    assert why(well).diagnosis.verdict is Verdict.HEALTHY


def test_rolling_update_is_silent():
    cluster = Cluster.well()
    spec = cluster.objects["Deployment", "default", "details-v1"]["spec"]["template"]["spec"]
    spec["containers"][0]["readinessProbe"] = {
        "httpGet": {"path": "/health", "port": 9080}, "initialDelaySeconds": 5
    }  # fmt: skip
    cluster.later(2)
    assert why(cluster).diagnosis.verdict is Verdict.STARTING
    cluster.later(10)
    assert why(cluster).diagnosis.verdict is Verdict.HEALTHY


def test_terminating_and_completed_pods_are_silent():
    cluster = Cluster.well()
    leaving = cluster.pod("ratings-v1")
    leaving["metadata"]["deletionTimestamp"] = rfc3339(cluster.clock.now())
    job = {
        "kind": "Pod", "metadata": {"namespace": "default", "name": "job-x"},
        "spec": {
            "containers": [{"name": "work"}, {"name": "istio-proxy"}], "restartPolicy": "Never",
        },
        "status": {"phase": "Running", "containerStatuses": [
            {"name": "work", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}},
            {"name": "istio-proxy", "ready": True, "state": {"running": {}}},
        ]},
    }  # fmt: skip
    answer = why(cluster)
    assert answer.diagnosis.verdict is Verdict.HEALTHY
    cluster.put(job)
    pods = {pod.metadata.name: pod for pod in why(cluster).world.pods}
    assert state(pods["job-x"], cluster.clock.now()) is State.OVER
    assert state(pods[leaving["metadata"]["name"]], cluster.clock.now()) is State.LEAVING


def test_pod_outside_the_mesh_needs_no_agent():
    cluster = Cluster.well()
    cluster.injected = False
    for name in [one["metadata"]["name"] for one in cluster.of("Pod", "default")]:
        del cluster.objects["Pod", "default", name]
    cluster.settle()
    cluster.asked.clear()
    assert why(cluster).diagnosis.verdict is Verdict.HEALTHY
    assert not any(":150" in path for path in cluster.asked)


def test_ready_pod_that_lost_its_pilot_is_warned_about():
    cluster = Cluster.well()
    cluster.objects["Service", "istio-system", "istio-pilot"]["spec"]["selector"] = {"app": "x"}
    cluster.settle()
    answer = asked(cluster, cluster.pod("reviews-v1")["metadata"]["name"])
    assert answer.exit_code == 0
    [latent] = answer.diagnosis.latent
    assert "cut off from the pilot" in latent.claim


def test_request_is_well_when_both_ends_and_the_service_between_them_are():
    answer = asked(Cluster.well(), "productpage-v1", "reviews:9080/reviews/0")
    assert answer.exit_code == 0 and answer.diagnosis.findings == ()
    assert len(answer.subject.focus) == 4
    text = render(answer)
    assert "Service default/reviews has 3 ready endpoints" in text
    assert "not looked at: routing rules" in text


def test_request_to_a_port_that_the_service_has_not_is_unknown_and_says_so():
    answer = asked(Cluster.well(), "productpage-v1", "reviews:9081")
    assert answer.exit_code == 3
    assert "has no port 9081; it has 9080" in render(answer)


def test_request_to_a_service_that_selects_nothing_is_unknown_and_says_so():
    cluster = Cluster.well()
    cluster.objects["Service", "default", "reviews"]["spec"]["selector"] = {"app": "revews"}
    cluster.settle()
    answer = asked(cluster, "productpage-v1", "reviews:9080")
    assert answer.exit_code == 3
    assert "no ready endpoint (it selects app=revews)" in render(answer)


WEBHOOK = (
    'Internal error occurred: failed calling webhook "namespace.sidecar-injector.istio.io":'
    " failed to call webhook: connection refused"
)


def refuse(cluster: Cluster, name: str) -> None:
    """The API server refuses the pods of a Deployment."""
    began = rfc3339(cluster.clock.now())
    status = {"type": "ReplicaFailure", "status": "True", "message": WEBHOOK,
              "lastTransitionTime": began}  # fmt: skip
    cluster.objects["Deployment", "default", name]["status"] = {"conditions": [status]}
    pods = [one["metadata"]["name"] for one in cluster.of("Pod", "default")]
    for pod in pods:
        if pod.startswith(name):
            del cluster.objects["Pod", "default", pod]


def test_pods_that_cannot_be_made_are_no_health():
    cluster = Cluster.well()
    refuse(cluster, "ratings-v1")
    assert why(cluster).diagnosis.verdict is Verdict.STARTING  # the pilot is being replaced, say
    cluster.clock.advance(30)
    answer = why(cluster)
    assert answer.diagnosis.verdict is Verdict.UNKNOWN
    text = render(answer)
    assert "deployment default/ratings-v1: 0 of 1 pods" in text and "failed calling webhook" in text
    assert asked(cluster, "details-v1").diagnosis.verdict is Verdict.HEALTHY


def test_pods_that_cannot_be_made_for_want_of_a_pilot_have_its_cause():
    cluster = Cluster.well()
    cluster.objects["Deployment", "istio-system", "istio-pilot"]["spec"]["replicas"] = 0
    cluster.settle()
    refuse(cluster, "ratings-v1")
    cluster.clock.advance(30)
    answer = why(cluster)
    assert causes_of(answer) == ["pilot-scaled-to-zero"]
    assert "deployment default/ratings-v1: 0 of 1 pods" in render(answer)


def test_everything_is_one_question_too():
    answer = why(sick("pilot-scaled-to-zero"), Question(everywhere=True))
    assert causes_of(answer) == ["pilot-scaled-to-zero"]
