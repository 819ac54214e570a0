"""Server-side apply: appliers own the fields they name."""

import pytest

MAP = "/api/v1/namespaces/default/configmaps/c"
DEPLOYMENT = "/apis/apps/v1/namespaces/default/deployments/d"


def config(**data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "data": data}


@pytest.fixture
def applied(ask):
    def apply(manager, path=MAP, *, force=False, **data):
        body = data.get("body") or config(**data)
        query = f"fieldManager={manager}" + ("&force=true" if force else "")
        return ask.patch(path, body, "apply", query)

    return apply


def owners(told):
    return {one["manager"]: one["fieldsV1"] for one in told.body["metadata"]["managedFields"]}


def test_who_made_it_owns_what_they_named(ask, applied):
    told = applied("m1", a="1", b="2")
    assert told.code == 201
    assert owners(told) == {"m1": {"f:data": {"f:a": {}, "f:b": {}}}}
    entry = told.body["metadata"]["managedFields"][0]
    assert (entry["operation"], entry["apiVersion"]) == ("Apply", "v1")
    ask.clock.advance(60)
    again = applied("m1", a="1", b="2")
    assert again.body == told.body  # nothing changed: neither the version nor the time


def test_another_value_for_anothers_field_conflicts_unless_forced(applied):
    applied("m1", a="1", b="2", c="3")
    told = applied("m2", a="9")
    assert (told.code, told.body["reason"]) == (409, "Conflict")
    assert told.message == 'Apply failed with 1 conflict: conflict with "m1": .data.a'
    (cause,) = told.body["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldManagerConflict", ".data.a")
    two = applied("m2", a="9", b="9")
    assert two.message == (
        'Apply failed with 2 conflicts: conflicts with "m1":\n- .data.a\n- .data.b'
    )
    forced = applied("m2", force=True, a="9")
    assert forced.body["data"] == {"a": "9", "b": "2", "c": "3"}
    assert owners(forced)["m1"] == {"f:data": {"f:b": {}, "f:c": {}}}
    all_taken = applied("m2", force=True, a="9", b="9", c="9")
    assert list(owners(all_taken)) == ["m2"]


def test_what_is_no_longer_named_goes_unless_somebody_shares_it(applied):
    applied("m1", a="1", b="2", c="3")
    applied("m2", b="2")
    told = applied("m1", a="1")
    assert told.body["data"] == {"a": "1", "b": "2"}


def test_an_ordinary_write_leaves_ownership_alone(ask, applied):
    before = owners(applied("m1", a="1"))
    changed = ask.patch(MAP, {"data": {"z": "9"}, "metadata": {"managedFields": []}})
    assert owners(changed) == before
    assert applied("m1", a="1").body["data"] == {"a": "1", "z": "9"}


def container(name, **more):
    return {"name": name, "image": "x", **more}


def deployment(*containers, **labels):
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"labels": labels},
        "spec": {
            "selector": {"matchLabels": {"app": "d"}},
            "template": {
                "metadata": {"labels": {"app": "d"}},
                "spec": {"containers": list(containers)},
            },
        },
    }


def names(told):
    return [one["name"] for one in told.body["spec"]["template"]["spec"]["containers"]]


def test_elements_of_a_list_are_owned_by_their_key(applied):
    first = applied("m1", DEPLOYMENT, body=deployment(container("a"), container("b"), x="y"))
    assert names(first) == ["a", "b"]
    only = {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "z"}]}}}}
    other = {"apiVersion": "apps/v1", "kind": "Deployment", **only}
    told = applied("m2", DEPLOYMENT, body=other)
    assert told.message == (
        'Apply failed with 1 conflict: conflict with "m1":'
        ' .spec.template.spec.containers[name="a"].image'
    )
    less = applied("m1", DEPLOYMENT, body=deployment(container("a")))
    assert names(less) == ["a"]
    assert "labels" not in less.body["metadata"]
