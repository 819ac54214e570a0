"""What a new cluster starts with, as users and the article know it."""

from telltale.cluster import addons
from telltale.cluster.addons import AddonSettings
from telltale.kube.codec import Object, dig

SETTINGS = AddonSettings(
    node_address="172.26.1.1", api_port=7443, api_service_address="172.29.0.1",
    dns_address="172.29.0.10", dns_image="telltale/kube-dns:1", upstream_dns=("9.9.9.9",),
)  # fmt: skip


def only(objects: list[Object], kind: str) -> Object:
    [found] = [one for one in objects if one["kind"] == kind]
    return found


def test_pods_reach_the_api_under_the_name_that_every_client_uses():
    objects = addons.api_service(SETTINGS)
    service, endpoints = only(objects, "Service"), only(objects, "Endpoints")
    assert dig(service, "spec", "clusterIP") == "172.29.0.1"
    assert dig(service, "spec", "ports", 0, "port") == 443
    assert dig(endpoints, "subsets", 0, "addresses", 0, "ip") == "172.26.1.1"
    assert dig(endpoints, "subsets", 0, "ports", 0, "port") == 7443
    assert {dig(one, "metadata", "name") for one in objects} == {"kubernetes"}
    named = {dig(service, "spec", "ports", 0, "name")}
    named.add(dig(endpoints, "subsets", 0, "ports", 0, "name"))
    assert named == {"https"}, "ports of the pair belong together by their name"


def test_the_dns_service_selects_the_dns_pods():
    objects = addons.dns(SETTINGS)
    service, deployment = only(objects, "Service"), only(objects, "Deployment")
    template = dig(deployment, "spec", "template")
    assert dig(service, "spec", "selector") == dig(template, "metadata", "labels")
    assert dig(service, "spec", "selector") == dig(deployment, "spec", "selector", "matchLabels")
    assert dig(service, "spec", "clusterIP") == "172.29.0.10"
    said = [dig(one, "name") for one in dig(service, "spec", "ports", default=[])]
    assert said == ["dns", "dns-tcp"]
    [container] = dig(template, "spec", "containers")
    assert container["image"] == "telltale/kube-dns:1"
    assert "--upstream=9.9.9.9" in container["args"]


def test_the_namespaces_that_kubernetes_always_has():
    assert {dig(one, "metadata", "name") for one in addons.namespaces()} == {
        "default", "kube-system", "kube-public", "kube-node-lease",
    }  # fmt: skip
