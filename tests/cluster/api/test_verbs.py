"""get list create update patch delete: code, reason and text of the real server."""

import asyncio

import orjson
import pytest

from telltale.kube.client import Client
from telltale.kube.errors import Conflict
from telltale.kube.kinds import CONFIG_MAP

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def config(name="c1", **more):
    return {"metadata": {"name": name}, "data": {"a": "1"}, **more}


def pod(name="p1", **spec):
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "a", "image": "x"}], **spec},
    }


def deployment(name="d1"):
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod()["spec"]}
    selector = {"matchLabels": {"a": "b"}}
    return {"metadata": {"name": name}, "spec": {"selector": selector, "template": template}}


def test_create_sets_what_only_the_server_may(ask):
    sent = config()
    sent["metadata"] |= {"uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z"}
    made = ask("POST", MAPS, sent)
    assert made.code == 201
    meta = made.body["metadata"]
    assert meta["uid"] != "mine"
    assert meta["creationTimestamp"] == "2019-08-30T16:43:50Z"
    assert int(meta["resourceVersion"]) > 0
    assert ask("GET", f"{MAPS}/c1").body == made.body


REFUSED_CREATES = [
    (config(metadata={"name": "Bad_Name"}), 422, "Invalid", "a lowercase RFC 1123 subdomain"),
    (config(metadata={}), 422, "Invalid", "name or generateName is required"),
    (
        config(metadata={"name": "x", "namespace": "other"}),
        400,
        "BadRequest",
        "does not match the namespace",
    ),
    (
        config(metadata={"name": "x", "resourceVersion": "5"}),
        500,
        "InternalError",
        "should not be set",
    ),
    (config(apiVersion="apps/v1"), 400, "BadRequest", "does not match the expected API version"),
    (config(kind="Secret"), 400, "BadRequest", "cannot be handled as a ConfigMap"),
    (
        config(data={"a": 5}),
        400,
        "BadRequest",
        "cannot unmarshal number into Go struct field ConfigMap.data.a",
    ),
    (
        config(data={"a": "x" * 1_048_577}),
        422,
        "Invalid",
        "Too long: may not be more than 1048576 bytes",
    ),
    (
        config(metadata={"name": "x", "annotations": {"a": "x" * 262_145}}),
        422,
        "Invalid",
        "may not be more than 262144",
    ),
    (config(data={"a b": "x"}), 422, "Invalid", "a valid config key must consist of"),
    (config(metadata={"name": "..", "labels": {"-": "x"}}), 422, "Invalid", "metadata.labels"),
]


@pytest.mark.parametrize(("body", "code", "reason", "text"), REFUSED_CREATES)
def test_what_may_not_be_created(ask, body, code, reason, text):
    told = ask("POST", MAPS, body)
    assert (told.code, told.body["reason"]) == (code, reason)
    assert text in told.message
    assert ask("GET", MAPS).body["items"] == []


def test_an_invalid_name_says_which_field_and_why(ask):
    told = ask("POST", MAPS, config("Bad_Name"))
    (cause,) = told.body["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldValueInvalid", "metadata.name")
    assert told.message.startswith('ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value:')


@pytest.mark.parametrize(
    ("raw", "media", "code"),
    [
        (b'{"metadata": {', "application/json", 400),
        (b"[]", "application/json", 400),
        (b"", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"k8s\x00\xff\xff", "application/vnd.kubernetes.protobuf", 400),
        (b"[" * 20_000, "application/json", 400),
        (b'{"a":"' + b"x" * (3 << 20) + b'"}', "application/json", 413),
        (b"a: [", "application/yaml", 400),
    ],
)
def test_bodies_that_cannot_be_read(ask, raw, media, code):
    told = ask("POST", MAPS, raw=raw, headers={"content-type": media})
    assert told.code == code
    assert "\n" not in told.message


def test_the_real_texts_of_413_and_415(ask):
    large = ask("POST", MAPS, raw=b" " * 3_145_729)
    assert large.message == "Request entity too large: limit is 3145728"
    media = ask("POST", MAPS, raw=b"{}", headers={"content-type": "text/plain"})
    assert "accepted media types include: application/json, application/yaml" in media.message


def test_yaml_is_read(ask):
    raw = b"metadata: {name: y}\ndata: {a: '1'}\n"
    assert ask("POST", MAPS, raw=raw, headers={"content-type": "application/yaml"}).code == 201


def test_twice_the_same_name(ask):
    ask("POST", MAPS, config())
    told = ask("POST", MAPS, config())
    assert (told.code, told.body["reason"]) == (409, "AlreadyExists")
    assert told.message == 'configmaps "c1" already exists'


def test_generated_names(ask):
    told = ask("POST", MAPS, {"metadata": {"generateName": "web-"}})
    assert told.body["metadata"]["name"].startswith("web-")
    assert len(told.body["metadata"]["name"]) == len("web-") + 5


def test_what_is_not_there(ask):
    assert ask("GET", f"{MAPS}/no").message == 'configmaps "no" not found'
    assert ask("GET", f"{DEPLOYMENTS}/no").message == 'deployments.apps "no" not found'
    assert ask("GET", "/apis/nope.io/v1/things").raw == b"404 page not found\n"
    unknown = ask("GET", "/api/v1/namespaces/default/things")
    assert unknown.message == "the server could not find the requested resource"
    assert ask("POST", f"{MAPS}/c1", config()).code == 405
    gone = ask("POST", "/api/v1/namespaces/absent/configmaps", config())
    assert (gone.code, gone.message) == (404, 'namespaces "absent" not found')


@pytest.mark.parametrize(
    "path", [f"{MAPS}/..%2fsecrets", f"{MAPS}/a%2Fb", "/api/v1/namespaces/..%2f/configmaps"]
)
def test_encoded_slashes_never_become_paths(ask, path):
    assert ask("GET", path).code == 404


def test_strict_and_warn_about_unknown_and_doubled_fields(ask):
    body = b'{"metadata":{"name":"x"},"data":{"a":"1","a":"2"},"datas":{}}'
    strict = ask("POST", MAPS, raw=body, query="fieldValidation=Strict")
    assert strict.code == 400
    assert strict.message == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error:'
        ' unknown field "datas", duplicate field "data.a"'
    )
    warned = ask("POST", MAPS, raw=body)
    assert warned.code == 201
    assert warned.headers["Warning"] == (
        r'299 - "unknown field \"datas\"", 299 - "duplicate field \"data.a\""'
    )
    assert "datas" not in warned.body
    assert ask("POST", MAPS, raw=body, query="fieldValidation=Maybe").code == 422


def test_dry_run_stores_nothing(ask):
    told = ask("POST", MAPS, config(), query="dryRun=All")
    assert told.code == 201
    assert "resourceVersion" not in told.body["metadata"]
    assert ask("GET", f"{MAPS}/c1").code == 404
    assert ask("POST", MAPS, config(), query="dryRun=Some").code == 422


def test_put(ask):
    made = ask("POST", MAPS, config()).body
    same = ask("PUT", f"{MAPS}/c1", made)
    assert same.body["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    changed = ask("PUT", f"{MAPS}/c1", {**made, "data": {"a": "2"}})
    assert (changed.code, changed.body["data"]) == (200, {"a": "2"})
    stale = ask("PUT", f"{MAPS}/c1", {**made, "data": {"a": "3"}})
    assert (stale.code, stale.body["reason"]) == (409, "Conflict")
    assert stale.message == (
        'Operation cannot be fulfilled on configmaps "c1": the object has been modified; please'
        " apply your changes to the latest version and try again"
    )
    assert ask("PUT", f"{MAPS}/c1", config()).code == 200  # unconditional
    other = config()
    other["metadata"]["uid"] = "another"
    assert "Precondition failed: UID" in ask("PUT", f"{MAPS}/c1", other).message
    assert ask("PUT", f"{MAPS}/c2", config()).code == 400
    assert ask("PUT", f"{MAPS}/c2", config("c2")).code == 404


def test_patches(ask):
    ask("POST", MAPS, config())
    assert ask.patch(f"{MAPS}/c1", {"data": {"a": None, "b": "2"}}).body["data"] == {"b": "2"}
    stale = {"metadata": {"resourceVersion": "1"}, "data": {"b": "3"}}
    assert ask.patch(f"{MAPS}/c1", stale).code == 409
    failed = ask.patch(f"{MAPS}/c1", [{"op": "test", "path": "/data/b", "value": "9"}], "json")
    assert failed.code == 422
    assert ask.patch(f"{MAPS}/c1", [{"op": "what"}], "json").code == 400
    many = [{"op": "add", "path": "/data/x", "value": "1"}] * 10_001
    assert ask.patch(f"{MAPS}/c1", many, "json").code == 413
    plain = ask("PATCH", f"{MAPS}/c1", {}, headers={"content-type": "application/json"})
    assert plain.code == 415
    assert ask.patch(f"{MAPS}/c1", {"metadata": {"name": "c2"}}).code == 400


def test_a_strategic_patch_merges_containers_by_name(ask):
    ask("POST", DEPLOYMENTS, deployment())
    change = {"spec": {"template": {"spec": {"containers": [{"name": "b", "image": "y"}]}}}}
    told = ask.patch(f"{DEPLOYMENTS}/d1", change, "strategic")
    names = [one["name"] for one in told.body["spec"]["template"]["spec"]["containers"]]
    assert sorted(names) == ["a", "b"]


def test_apply_on_the_server_creates_then_merges(ask):
    told = ask.patch(
        f"{MAPS}/c9",
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}},
        "apply",
        "fieldManager=m",
    )
    assert told.code == 201
    again = ask.patch(
        f"{MAPS}/c9",
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}},
        "apply",
        "fieldManager=m",
    )
    assert again.body == told.body
    assert ask.patch(f"{MAPS}/c9", {}, "apply").code == 422


def test_generation_counts_changes_of_the_spec_only(ask):
    made = ask("POST", DEPLOYMENTS, deployment()).body
    assert made["metadata"]["generation"] == 1
    assert (
        ask.patch(f"{DEPLOYMENTS}/d1", {"metadata": {"labels": {"x": "y"}}}).body["metadata"][
            "generation"
        ]
        == 1
    )
    assert (
        ask.patch(f"{DEPLOYMENTS}/d1", {"spec": {"replicas": 3}}).body["metadata"]["generation"]
        == 2
    )
    status = ask.patch(
        f"{DEPLOYMENTS}/d1/status", {"status": {"replicas": 3}, "spec": {"replicas": 9}}
    )
    assert status.body["metadata"]["generation"] == 2
    assert status.body["spec"]["replicas"] == 3
    assert status.body["status"] == {"replicas": 3}
    ignored = ask.patch(f"{DEPLOYMENTS}/d1", {"status": {"replicas": 8}})
    assert ignored.body["status"] == {"replicas": 3}
    assert ignored.body["metadata"]["resourceVersion"] == status.body["metadata"]["resourceVersion"]


def test_scale(ask):
    ask("POST", DEPLOYMENTS, deployment())
    scale = ask("GET", f"{DEPLOYMENTS}/d1/scale").body
    assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == (
        "Scale",
        {"replicas": 1},
        "a=b",
    )
    assert ask.patch(f"{DEPLOYMENTS}/d1/scale", {"spec": {"replicas": 4}}).body["spec"] == {
        "replicas": 4
    }
    assert ask("GET", f"{DEPLOYMENTS}/d1").body["spec"]["replicas"] == 4
    assert ask.patch(f"{DEPLOYMENTS}/d1/scale", {"spec": {"replicas": -1}}).code == 422


@pytest.mark.parametrize(
    ("path", "made", "change", "text"),
    [
        (
            DEPLOYMENTS,
            deployment("x"),
            {
                "spec": {
                    "selector": {"matchLabels": {"c": "d"}},
                    "template": {"metadata": {"labels": {"c": "d"}}},
                }
            },
            "field is immutable",
        ),
        (
            PODS,
            pod("x"),
            {"spec": {"nodeName": "other"}},
            "pod updates may not change fields other than",
        ),
        (
            "/api/v1/namespaces/default/secrets",
            {"metadata": {"name": "x"}},
            {"type": "other"},
            "field is immutable",
        ),
        (
            MAPS,
            config("x", immutable=True),
            {"data": {"a": "2"}},
            "field is immutable when `immutable` is set",
        ),
        (
            "/api/v1/namespaces/default/services",
            {"metadata": {"name": "x"}, "spec": {"ports": [{"port": 1}]}},
            {"spec": {"clusterIP": "172.19.9.9", "clusterIPs": ["172.19.9.9"]}},
            "may not change once set",
        ),
    ],
)
def test_what_may_not_change(ask, path, made, change, text):
    assert ask("POST", path, made).code == 201
    told = ask.patch(f"{path}/x", change)
    assert told.code == 422
    assert text in told.message


def test_delete_and_its_preconditions(ask):
    made = ask("POST", MAPS, config()).body
    wrong = ask(
        "DELETE", f"{MAPS}/c1", {"kind": "DeleteOptions", "preconditions": {"uid": "other"}}
    )
    assert wrong.code == 409
    assert "UID in precondition: other, UID in object meta:" in wrong.message
    old = ask("DELETE", f"{MAPS}/c1", {"preconditions": {"resourceVersion": "1"}})
    assert "ResourceVersion in precondition: 1" in old.message
    assert ask("DELETE", f"{MAPS}/c1", {"propagationPolicy": "Sideways"}).code == 422
    assert ask("DELETE", f"{MAPS}/c1", query="dryRun=All").code == 200
    gone = ask("DELETE", f"{MAPS}/c1").body
    assert (gone["status"], gone["details"]["uid"]) == ("Success", made["metadata"]["uid"])
    assert ask("DELETE", f"{MAPS}/c1").code == 404


def test_finalizers_hold_an_object_until_the_last_is_gone(ask):
    ask("POST", MAPS, config(metadata={"name": "c1", "finalizers": ["example.com/a"]}))
    held = ask("DELETE", f"{MAPS}/c1").body
    assert held["metadata"]["deletionTimestamp"]
    again = ask("DELETE", f"{MAPS}/c1").body
    assert again["metadata"]["resourceVersion"] == held["metadata"]["resourceVersion"]
    added = ask.patch(
        f"{MAPS}/c1", {"metadata": {"finalizers": ["example.com/a", "example.com/b"]}}
    )
    assert added.code == 422
    assert "no new finalizers can be added if the object is being deleted" in added.message
    assert ask.patch(f"{MAPS}/c1", {"metadata": {"finalizers": None}}).code == 200
    assert ask("GET", f"{MAPS}/c1").code == 404


@pytest.mark.parametrize(
    ("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")]
)
def test_propagation_leaves_a_finalizer_for_the_collector(ask, policy, finalizer):
    ask("POST", DEPLOYMENTS, deployment())
    told = ask("DELETE", f"{DEPLOYMENTS}/d1", {"propagationPolicy": policy})
    assert told.body["metadata"]["finalizers"] == [finalizer]
    assert ask("GET", f"{DEPLOYMENTS}/d1").code == 200


def test_a_pod_is_deleted_gracefully_once_it_has_a_node(ask):
    ask("POST", PODS, pod())
    assert ask("DELETE", f"{PODS}/p1").code == 200
    assert ask("GET", f"{PODS}/p1").code == 404  # unscheduled: at once
    ask("POST", PODS, pod())
    bound = ask("POST", f"{PODS}/p1/binding", {"target": {"kind": "Node", "name": "node"}})
    assert bound.code == 201
    twice = ask("POST", f"{PODS}/p1/binding", {"target": {"kind": "Node", "name": "node"}})
    assert (twice.code, 'already assigned to node "node"' in twice.message) == (409, True)
    going = ask("DELETE", f"{PODS}/p1").body["metadata"]
    assert going["deletionGracePeriodSeconds"] == 30
    assert going["deletionTimestamp"] == "2019-08-30T16:44:20Z"
    sooner = ask("DELETE", f"{PODS}/p1", query="gracePeriodSeconds=5").body["metadata"]
    assert sooner["deletionGracePeriodSeconds"] == 5
    ask("DELETE", f"{PODS}/p1", {"gracePeriodSeconds": 0})
    assert ask("GET", f"{PODS}/p1").code == 404


def test_eviction_is_a_delete(ask):
    ask("POST", PODS, pod())
    assert (
        ask("POST", f"{PODS}/p1/eviction", {"apiVersion": "policy/v1", "kind": "Eviction"}).code
        == 201
    )
    assert ask("GET", f"{PODS}/p1").code == 404


def test_delete_collection_takes_only_what_is_selected(ask):
    for name, label in (("a", "1"), ("b", "2"), ("c", "1")):
        ask("POST", MAPS, config(metadata={"name": name, "labels": {"l": label}}))
    ask("DELETE", MAPS, query="labelSelector=l=1")
    assert [one["metadata"]["name"] for one in ask("GET", MAPS).body["items"]] == ["b"]


def test_a_namespace_goes_when_its_controller_lets_it(ask):
    ask("POST", "/api/v1/namespaces", {"metadata": {"name": "foo"}})
    going = ask("DELETE", "/api/v1/namespaces/foo").body
    assert (going["status"]["phase"], going["spec"]["finalizers"]) == (
        "Terminating",
        ["kubernetes"],
    )
    inside = ask("POST", "/api/v1/namespaces/foo/configmaps", config())
    assert inside.code == 403
    assert "because it is being terminated" in inside.message
    assert inside.body["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    kept = ask.patch("/api/v1/namespaces/foo", {"spec": {"finalizers": []}})
    assert kept.body["spec"]["finalizers"] == ["kubernetes"]
    assert (
        ask("PUT", "/api/v1/namespaces/foo/finalize", {**going, "spec": {"finalizers": []}}).code
        == 200
    )
    assert ask("GET", "/api/v1/namespaces/foo").code == 404


@pytest.mark.parametrize("name", ["default", "kube-system"])
def test_some_namespaces_never_go(ask, name):
    told = ask("DELETE", f"/api/v1/namespaces/{name}")
    assert (told.code, told.message) == (
        403,
        f'namespaces "{name}" is forbidden: this namespace may not be deleted',
    )


def test_writers_at_the_same_time_lose_no_increment(ask):
    ask("POST", MAPS, config(data={"n": "0"}))
    client = Client(ask.built.transport)

    async def add(times):
        done, lost = 0, 0
        while done < times:
            found = orjson.loads(await client.raw("GET", f"{MAPS}/c1"))
            await asyncio.sleep(0)
            found["data"]["n"] = str(int(found["data"]["n"]) + 1)
            try:
                await client.replace(CONFIG_MAP, found)
                done += 1
            except Conflict:
                lost += 1
        return lost

    async def all_of_them():
        return await asyncio.gather(*(add(10) for _ in range(10)))

    lost = ask.runner.run(all_of_them())
    assert ask("GET", f"{MAPS}/c1").body["data"]["n"] == "100"
    assert sum(lost) > 0
