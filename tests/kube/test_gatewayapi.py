"""The Gateway API's types: as users write them, as the schema says, with the API's defaults."""

from telltale.cluster.api.custom.schema import default, validate
from telltale.kube import codec
from telltale.kube.codec import dig
from telltale.kube.gatewayapi import gateways, parameters, routes
from telltale.kube.gatewayapi.kinds import DEFINITIONS, HTTP_ROUTE, definitions
from telltale.kube.schema import schema_of


def test_what_is_left_out_is_as_the_api_has_it():
    spec: codec.Object = {"parentRefs": [{"name": "gw"}], "rules": [
        {"backendRefs": [{"name": "a", "port": 80}]},
        {"matches": [{"headers": [{"name": "x", "value": "1"}]}],
         "filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]},
    ]}  # fmt: skip
    read = codec.convert(routes.HTTPRoute, spec)
    assert read.parent_refs[0].kind == "Gateway"
    assert [match.path.value for rule in read.rules for match in rule.matches] == ["/", "/"]
    assert read.rules[0].backend_refs[0].weight == 1

    default(spec, schema_of(routes.HTTPRoute))  # as the API server fills it in
    assert codec.convert(routes.HTTPRoute, spec) == read
    assert dig(spec, "rules", 0, "matches") == [{"path": {"type": "PathPrefix", "value": "/"}}]
    assert dig(spec, "rules", 1, "filters", 0, "requestRedirect", "statusCode") == 302
    assert validate(spec, schema_of(routes.HTTPRoute)) == []


def test_an_empty_route_has_the_default_rule():
    spec: codec.Object = {}
    read = codec.convert(routes.HTTPRoute, spec)
    default(spec, schema_of(routes.HTTPRoute))
    assert codec.convert(routes.HTTPRoute, spec) == read
    assert read.rules[0].matches[0].path.value == "/"


def test_the_schema_says_what_is_required_and_told_apart():
    schema = schema_of(gateways.Gateway)
    assert schema["required"] == ["gatewayClassName", "listeners"]
    listeners = dig(schema, "properties", "listeners")
    assert dig(listeners, "x-kubernetes-list-map-keys") == ["name"]
    wrong = {"gatewayClassName": "istio", "listeners": [
        {"name": "a", "port": 80, "protocol": "HTTP"}, {"name": "a", "port": 0, "protocol": "HTTP"},
    ]}  # fmt: skip
    told = [str(problem) for problem in validate(wrong, schema, "spec")]
    assert len(told) == 2
    assert "spec.listeners[0]" not in "".join(told)


def test_acronyms_are_spelled_as_the_api_spells_them():
    validation = schema_of(gateways.BackendTLSPolicy)["properties"]["validation"]
    assert set(validation["properties"]) == {
        "caCertificateRefs", "wellKnownCACertificates", "hostname", "subjectAltNames",
    }  # fmt: skip
    filters = schema_of(routes.HTTPRule)["properties"]["filters"]["items"]["properties"]
    assert {"urlRewrite", "cors", "requestMirror", "extensionRef"} <= set(filters)


def test_every_kind_has_a_definition_that_a_cluster_takes():
    names = {one["metadata"]["name"]: one for one in definitions()}
    assert len(names) == len(DEFINITIONS) == 10
    found = names[f"httproutes.{HTTP_ROUTE.group}"]
    assert [one["name"] for one in found["spec"]["versions"]] == ["v1", "v1beta1"]
    assert dig(found, "metadata", "annotations", "api-approved.kubernetes.io")
    assert names[f"gatewayclasses.{HTTP_ROUTE.group}"]["spec"]["scope"] == "Cluster"


def test_a_configmap_is_meant_for_gateways_by_its_keys():
    assert parameters.holds_any({"deployment": "spec: {replicas: 2}", "x": ""})
    assert not parameters.holds_any({"ca.crt": ""})
