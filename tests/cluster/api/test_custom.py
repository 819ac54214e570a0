"""CustomResourceDefinitions: what they must be, and what they make of their objects."""

import pytest

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["color"],
            "properties": {
                "color": {"type": "string", "enum": ["red", "green"]},
                "count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
                "name": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5},
                "tags": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
                "port": {"x-kubernetes-int-or-string": True},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "any": {"type": "object", "additionalProperties": {"type": "boolean"}},
                "values": {
                    "type": "object",
                    "additionalProperties": {"x-kubernetes-preserve-unknown-fields": True},
                },
            },
        },
        "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
    },
}


def definition(**more):
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": SCHEMA},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": "Color", "type": "string", "jsonPath": ".spec.color"},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
    }
    names = {"plural": "widgets", "kind": "Widget", "shortNames": ["wi"]}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": "widgets.example.com"}, "spec": {**spec, **more}}


def widget(called="w", **spec):
    return {"metadata": {"name": called}, "spec": {"color": "red", **spec}}


@pytest.fixture
def served(ask):
    made = ask("POST", DEFINITIONS, definition())
    assert made.code == 201, made.message
    return ask


def test_lists_where_anything_may_be_are_kept_whole(served):
    values = {"rates": [{"actions": [{"key": "a"}]}], "one": {"b": [{"c": 1}]}}
    told = served("POST", WIDGETS, widget(values=values))
    assert told.code == 201, told.message
    assert told.body["spec"]["values"] == values


def test_it_is_established_and_served_at_once(served):
    status = served("GET", f"{DEFINITIONS}/widgets.example.com").body["status"]
    assert {one["type"]: one["status"] for one in status["conditions"]} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert status["storedVersions"] == ["v1"]
    assert served("GET", WIDGETS).body["kind"] == "WidgetList"
    (resource, _) = served("GET", "/apis/example.com/v1").body["resources"]
    assert (resource["name"], resource["shortNames"]) == ("widgets", ["wi"])
    assert b"com.example.v1.Widget" in served("GET", "/openapi/v3/apis/example.com/v1").raw


def test_defaults_and_pruning(served):
    told = served("POST", WIDGETS, widget(bogus=1, free={"a": {"b": 1}}))
    assert told.body["spec"] == {"color": "red", "count": 3, "free": {"a": {"b": 1}}}
    assert "unknown field" in told.headers["Warning"]
    strict = served("POST", WIDGETS, widget("x", bogus=1), query="fieldValidation=Strict")
    assert strict.message == (
        'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown'
        ' field "spec.bogus"'
    )


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (
            {"color": "blue"},
            'spec.color: Unsupported value: "blue": supported values: "red", "green"',
        ),
        ({"color": None}, "spec.color: Required value"),
        ({"color": 5}, 'Invalid value: "integer": spec.color in body must be of type string'),
        ({"count": 0}, "spec.count in body should be greater than or equal to 1"),
        ({"count": 10}, "spec.count in body should be less than or equal to 9"),
        ({"count": "ten"}, "spec.count in body must be of type integer"),
        ({"name": "A"}, "spec.name in body should match '^[a-z]+$'"),
        ({"name": "toolong"}, "spec.name: Too long: may not be more than 5 bytes"),
        ({"tags": ["a", "b", "c"]}, "spec.tags: Too many: 3: must have at most 2 items"),
        ({"tags": [1]}, "spec.tags[0] in body must be of type string"),
        ({"port": True}, "spec.port in body must be of type integer,string"),
        ({"any": {"x": 1}}, "spec.any.x in body must be of type boolean"),
    ],
)
def test_what_its_schema_refuses(served, spec, text):
    told = served("POST", WIDGETS, widget(**spec))
    assert told.code == 422
    assert text in told.message
    assert told.message.startswith('Widget.example.com "w" is invalid: ')


def test_status_is_apart_and_updates_need_a_version(served):
    made = served("POST", WIDGETS, {**widget(), "status": {"ready": True}}).body
    status = served.patch(
        f"{WIDGETS}/w/status", {"status": {"ready": True}, "spec": {"color": "green"}}
    ).body
    assert (status["status"], status["spec"]["color"]) == ({"ready": True}, "red")
    assert status["metadata"]["generation"] == 1
    changed = served.patch(
        f"{WIDGETS}/w", {"spec": {"color": "green"}, "status": {"ready": False}}
    ).body
    assert (changed["status"], changed["metadata"]["generation"]) == ({"ready": True}, 2)
    bare = served("PUT", f"{WIDGETS}/w", widget())
    assert (bare.code, "must be specified for an update" in bare.message) == (422, True)
    assert served("PUT", f"{WIDGETS}/w", made).code == 409
    assert served.patch(f"{WIDGETS}/w", {}, "strategic").code == 415


def test_its_own_columns(served):
    served("POST", WIDGETS, widget())
    accept = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    table = served("GET", WIDGETS, headers=accept).body
    assert [one["name"] for one in table["columnDefinitions"]] == ["Name", "Color", "Age"]
    assert table["rows"][0]["cells"] == ["w", "red", "0s"]


def test_a_definition_takes_its_objects_with_it(served):
    served("POST", WIDGETS, widget())
    served("DELETE", f"{DEFINITIONS}/widgets.example.com")
    assert served("GET", WIDGETS).code == 404
    served("POST", DEFINITIONS, definition())
    assert served("GET", WIDGETS).body["items"] == []


def conditions(ask, name):
    found = ask("GET", f"{DEFINITIONS}/{name}").body["status"]["conditions"]
    return {one["type"]: (one["status"], one["reason"]) for one in found}


def test_a_definition_waits_for_the_finalizers_of_its_objects(served):
    held = widget("held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    served("POST", WIDGETS, held)
    served("POST", WIDGETS, widget("free"))
    served("DELETE", f"{DEFINITIONS}/widgets.example.com")
    going = served("GET", f"{DEFINITIONS}/widgets.example.com").body["metadata"]
    assert going["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert conditions(served, "widgets.example.com")["Terminating"][0] == "True"
    (left,) = served("GET", WIDGETS).body["items"]
    assert (left["metadata"]["name"], "deletionTimestamp" in left["metadata"]) == ("held", True)
    assert served("POST", WIDGETS, widget("late")).code == 405
    served.patch(f"{WIDGETS}/held", {"metadata": {"finalizers": None}})
    assert served("GET", f"{DEFINITIONS}/widgets.example.com").code == 404
    assert served("GET", WIDGETS).code == 404


def test_names_belong_to_the_first_definition_that_asks_for_them(served):
    second = definition(names={"plural": "gadgets", "kind": "Widget"})
    second["metadata"]["name"] = "gadgets.example.com"
    served("POST", DEFINITIONS, second)
    found = conditions(served, "gadgets.example.com")
    assert found["NamesAccepted"] == ("False", "MultipleConflicts")  # the kind, and its list
    assert found["Established"] == ("False", "NotAccepted")
    assert served("GET", WIDGETS.replace("widgets", "gadgets")).code == 404
    assert conditions(served, "widgets.example.com")["NamesAccepted"][0] == "True"
    served("DELETE", f"{DEFINITIONS}/widgets.example.com")
    assert conditions(served, "gadgets.example.com")["Established"][0] == "True"
    assert served("GET", WIDGETS.replace("widgets", "gadgets")).code == 200


def test_the_status_of_a_definition_is_the_servers(served):
    wrong = {"status": {"conditions": [], "storedVersions": []}}
    served.patch(f"{DEFINITIONS}/widgets.example.com", wrong)
    assert conditions(served, "widgets.example.com")["Established"][0] == "True"


def test_two_versions_show_one_object(ask):
    one = definition()["spec"]["versions"][0]
    versions = [one, {**one, "name": "v1beta1", "storage": False}]
    ask("POST", DEFINITIONS, definition(versions=versions))
    ask("POST", WIDGETS, widget())
    old = ask("GET", WIDGETS.replace("/v1/", "/v1beta1/") + "/w").body
    assert old["apiVersion"] == "example.com/v1beta1"
    assert ask("GET", f"{WIDGETS}/w").body["metadata"]["uid"] == old["metadata"]["uid"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"names": {"plural": "gadgets", "kind": "Widget"}}, "metadata.name: Invalid value"),
        ({"scope": "Everywhere"}, "spec.scope: Unsupported value"),
        ({"versions": []}, "spec.versions: Required value"),
        ({"versions": [{"name": "v1", "served": True, "storage": True}]}, "schemas are required"),
        (
            {
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {"openAPIV3Schema": {"properties": {"a": {}}}},
                    }
                ]
            },
            "must not be empty at the root",
        ),
        (
            {
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": False,
                        "schema": {"openAPIV3Schema": SCHEMA},
                    }
                ]
            },
            "exactly one version marked as storage version",
        ),
    ],
)
def test_definitions_that_are_refused(ask, change, text):
    told = ask("POST", DEFINITIONS, definition(**change))
    assert told.code == 422
    assert text in told.message
