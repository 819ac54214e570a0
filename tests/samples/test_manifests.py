"""The sample's YAML: valid for Kubernetes, complete, and with an image behind every name."""

import json

import kubernetes_validate
import pytest
from bookshop import SAMPLE

from telltale.kube import codec, selector
from telltale.kube.codec import Object, dig
from telltale.kube.core import Pod
from telltale.kube.service import Service


def objects(*places: str) -> list[Object]:
    files = [file for place in places for file in sorted(SAMPLE.glob(place))]
    return [item for file in files for item in codec.parse_yaml(file.read_text())]


OBJECTS = objects("*.yaml")
BESIDE = [
    item for item in objects("platform/*.yaml", "policy/*.yaml") if "." not in item["apiVersion"]
]


def pods() -> dict[str, Pod]:
    """The pods of the Deployments, by the Deployment's name."""
    return {
        str(dig(item, "metadata", "name")): codec.convert(Pod, dig(item, "spec", "template"))
        for item in OBJECTS
        if item["kind"] == "Deployment"
    }


@pytest.mark.parametrize(
    "item", OBJECTS + BESIDE, ids=lambda item: f"{item['kind']}-{dig(item, 'metadata', 'name')}"
)
def test_kubernetes_takes_it(item: Object) -> None:
    kubernetes_validate.validate(item, "1.32", strict=True)


def test_the_article_s_deployments() -> None:
    assert set(pods()) == {
        "details-v1", "productpage-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3",
        "nginx",
    }  # fmt: skip
    for name, pod in pods().items():
        [container] = pod.spec.containers
        assert container.readiness_probe is None, f"{name}: the article's pods have one probe"
        assert container.image_pull_policy == "IfNotPresent"


def test_every_service_finds_its_pods_on_a_port_they_have() -> None:
    found = {}
    for item in OBJECTS:
        if item["kind"] == "Service":
            service = codec.convert(Service, item)
            chosen = selector.equal(service.spec.selector)
            behind = [n for n, pod in pods().items() if chosen.matches(pod.metadata.labels)]
            found[service.metadata.name] = behind
            for port in service.spec.ports:
                assert port.name == "http"
                for name in behind:
                    declared = pods()[name].spec.containers[0].ports
                    assert port.port in [one.container_port for one in declared]
    assert found == {
        "details": ["details-v1"], "productpage": ["productpage-v1"], "ratings": ["ratings-v1"],
        "reviews": ["reviews-v1", "reviews-v2", "reviews-v3"], "nginx": ["nginx"],
    }  # fmt: skip


def test_every_image_is_in_the_table_and_its_program_is_there() -> None:
    table = json.loads((SAMPLE / "images.json").read_text())
    named = [
        one["image"] for item in OBJECTS + BESIDE if item["kind"] == "Deployment"
        for one in item["spec"]["template"]["spec"]["containers"] if one["image"] != "auto"
    ]  # fmt: skip
    assert set(named) == set(table)
    for image, entry in table.items():
        if program := entry.get("program"):
            assert (SAMPLE / program).is_file(), image
            assert entry["args"][0].isdigit(), f"{image}: its port comes first"
        else:
            assert entry["needs"].startswith("/usr/"), image
            assert entry["package"]


def test_every_service_account_is_made() -> None:
    made = {dig(item, "metadata", "name") for item in OBJECTS if item["kind"] == "ServiceAccount"}
    used = {pod.spec.service_account_name for pod in pods().values()} - {""}
    assert used == made
