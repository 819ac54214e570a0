"""Webhooks and service accounts: who is asked, what an answer changes, what a silence means."""

import asyncio
import base64

import orjson
import pytest

from telltale.cluster.api.admission.caller import Unreachable
from telltale.cluster.api.run import build
from telltale.lib.clock import FakeIds

PODS = "/api/v1/namespaces/default/pods"
HOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def pod(name="p", **meta):
    return {
        "metadata": {"name": name, **meta},
        "spec": {"containers": [{"name": "a", "image": "x"}]},
    }


def hook(**more):
    rule = {
        "operations": ["CREATE"],
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "resources": ["pods"],
    }
    return {
        "metadata": {"name": "h"},
        "webhooks": [
            {
                "name": "h.example.com",
                "rules": [rule],
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "timeoutSeconds": 1,
                "clientConfig": {
                    "service": {"namespace": "default", "name": "hook", "path": "/inject"}
                },
                **more,
            }
        ],
    }


class Far:
    """The far end of a webhook: answers as told, remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.answer = {"allowed": True}

    async def post(self, client, body):
        request = orjson.loads(body)["request"]
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer == "silence":
            await asyncio.Event().wait()
        return orjson.dumps({"response": {"uid": request["uid"], **self.answer}})


def patches(*operations):
    data = base64.b64encode(orjson.dumps(list(operations))).decode()
    return {"allowed": True, "patchType": "JSONPatch", "patch": data}


@pytest.fixture
def far(ask, settings):
    found = Far()
    ask.built.store.close()
    ask.built = build(settings, ask.clock, FakeIds(), found)
    labels = {"injection": "enabled"}
    ask("POST", "/api/v1/namespaces", {"metadata": {"name": "default", "labels": labels}})
    ask("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    return found


def test_a_patch_changes_the_pod_and_new_containers_have_the_token(ask, far):
    ask("POST", HOOKS, hook())
    far.answer = patches(
        {"op": "add", "path": "/spec/containers/-", "value": {"name": "proxy", "image": "y"}}
    )
    spec = ask("POST", PODS, pod()).body["spec"]
    assert [one["name"] for one in spec["containers"]] == ["a", "proxy"]
    assert spec["containers"][1]["terminationMessagePolicy"] == "File"  # defaults came after
    for container in spec["containers"]:
        assert [one["mountPath"] for one in container["volumeMounts"]] == [MOUNT]
    assert len(spec["volumes"]) == 1
    (request,) = far.asked
    assert request["operation"] == "CREATE"
    assert request["object"]["metadata"]["name"] == "p"
    assert request["resource"] == {"group": "", "version": "v1", "resource": "pods"}


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({"namespaceSelector": {"matchLabels": {"injection": "enabled"}}}, 1),
        ({"namespaceSelector": {"matchLabels": {"injection": "disabled"}}}, 0),
        (
            {"objectSelector": {"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]}},
            0,
        ),
        ({"objectSelector": {"matchLabels": {"skip": "me"}}}, 1),
    ],
)
def test_selectors_choose(ask, far, more, asked):
    ask("POST", HOOKS, hook(**more))
    assert ask("POST", PODS, pod(labels={"skip": "me"})).code == 201
    assert len(far.asked) == asked


def test_other_kinds_and_operations_are_not_asked_about(ask, far):
    ask("POST", HOOKS, hook())
    ask("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "c"}})
    ask("POST", PODS, pod())
    ask.patch(f"{PODS}/p", {"metadata": {"labels": {"a": "b"}}})
    ask("DELETE", f"{PODS}/p")
    assert len(far.asked) == 1


def test_a_refusal_is_passed_on(ask, far):
    ask("POST", HOOKS, hook())
    far.answer = {"allowed": False, "status": {"message": "not on a Friday", "code": 403}}
    told = ask("POST", PODS, pod())
    assert told.code == 403
    assert told.message == 'admission webhook "h.example.com" denied the request: not on a Friday'
    assert ask("GET", f"{PODS}/p").code == 404


@pytest.mark.parametrize(
    "fault", [Unreachable("connect: connection refused"), "silence", patches({"op": "no"})]
)
@pytest.mark.parametrize("policy", ["Fail", "Ignore"])
def test_a_webhook_that_does_not_answer(ask, far, fault, policy):
    ask("POST", HOOKS, hook(failurePolicy=policy))
    far.answer = fault
    told = ask("POST", PODS, pod())
    if policy == "Ignore":
        assert told.code == 201
    else:
        assert (told.code, told.body["reason"]) == (500, "InternalError")
        assert 'failed calling webhook "h.example.com"' in told.message


def test_a_service_that_is_not_there(ask, settings):
    ask("POST", HOOKS, hook())
    told = ask("POST", PODS, pod())
    assert told.message == (
        'Internal error occurred: failed calling webhook "h.example.com": failed to call webhook:'
        ' Post "https://hook.default.svc:443/inject": service "hook" not found'
    )


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"clientConfig": {"url": "http://x"}}, "'https' is the only allowed URL scheme"),
        ({"sideEffects": "Some"}, "sideEffects: Unsupported value"),
        ({"timeoutSeconds": 31}, "the timeout value must be between 1 and 30 seconds"),
        ({"admissionReviewVersions": []}, "must specify one of v1, v1beta1"),
    ],
)
def test_configurations_that_are_refused(ask, more, text):
    told = ask("POST", HOOKS, hook(**more))
    assert told.code == 422
    assert text in told.message


def test_the_token_volume(ask):
    spec = ask("POST", PODS, pod()).body["spec"]
    assert spec["serviceAccountName"] == "default"
    (volume,) = spec["volumes"]
    assert volume["name"].startswith("kube-api-access-")
    token, ca, namespace = volume["projected"]["sources"]
    assert token["serviceAccountToken"] == {"expirationSeconds": 3607, "path": "token"}
    assert ca["configMap"]["name"] == "kube-root-ca.crt"
    assert namespace["downwardAPI"]["items"][0]["path"] == "namespace"
    without = pod("q")
    without["spec"]["automountServiceAccountToken"] = False
    assert "volumes" not in ask("POST", PODS, without).body["spec"]
    absent = pod("r")
    absent["spec"]["serviceAccountName"] = "nobody"
    told = ask("POST", PODS, absent)
    assert (told.code, 'serviceaccount "nobody" not found' in told.message) == (403, True)


def test_a_validating_webhook_is_asked_and_its_warnings_reach_the_client(ask, far):
    told = hook()
    told["webhooks"][0]["rules"][0]["operations"] = ["CREATE", "UPDATE"]
    del told["webhooks"][0]["clientConfig"]["service"]["path"]
    path = HOOKS.replace("mutating", "validating")
    assert ask("POST", path, told).code == 201
    far.answer = {"allowed": True, "warnings": ["hardly\nas meant", 'and "so"']}
    made = ask("POST", PODS, pod())
    assert made.headers["Warning"] == '299 - "hardly as meant", 299 - "and \\"so\\""'
    changed = ask.patch(f"{PODS}/p", {"metadata": {"labels": {"a": "b"}}})
    assert (changed.code, changed.headers["Warning"][:20]) == (200, '299 - "hardly as mea')
    assert [one["operation"] for one in far.asked] == ["CREATE", "UPDATE"]
    assert far.asked[1]["oldObject"]["metadata"].get("labels") is None
    far.answer = patches({"op": "add", "path": "/metadata/labels/no", "value": "x"})
    assert "no" not in ask.patch(f"{PODS}/p", {"metadata": {"labels": {"c": "d"}}}).body[
        "metadata"]["labels"]  # fmt: skip
