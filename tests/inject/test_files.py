"""`telltale inject -f`: what is changed, what is left to the letter, what is refused."""

from pathlib import Path

import pytest

from telltale.inject.files import inject_text
from telltale.inject.settings import SidecarSettings
from telltale.kube import codec
from telltale.kube.codec import Json, Malformed, dig

SETTINGS = SidecarSettings(proxy_image="telltale/proxyv2:1.0")
SAMPLES = Path(__file__).parents[2] / "samples" / "bookinfo"

SERVICE = """\
# The front door.
apiVersion: v1
kind: Service   # kept, with its comment
metadata: {name: details}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: details-v1, namespace: shop}
spec:
  template:
    metadata: {labels: {app: details}}
    spec: {containers: [{name: details, image: details}]}
"""


def names(value: Json, *path: str) -> list[Json]:
    containers = dig(value, *path, "spec", "containers")
    return [dig(one, "name") for one in containers] if isinstance(containers, list) else []


def test_a_deployment_is_injected_and_its_neighbours_are_left_to_the_letter() -> None:
    text = f"{SERVICE}---\n# Its pods.\n{DEPLOYMENT}---\n{SERVICE}"
    done = inject_text(text, SETTINGS)
    assert done.startswith(f"{SERVICE}---\n# Its pods.\napiVersion: apps/v1\n")
    assert done.endswith(f"---\n{SERVICE}")
    changed = codec.parse_yaml(done)[1]
    assert names(changed, "spec", "template") == ["details", "istio-proxy"]
    env = dig(changed, "spec", "template", "spec", "containers", 1, "env")
    assert {
        "name": "ISTIO_META_OWNER",
        "value": "kubernetes://apis/apps/v1/namespaces/shop/deployments/details-v1",
    } in (env if isinstance(env, list) else [])


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"])
def test_every_kind_with_a_template(kind: str) -> None:
    [done] = codec.parse_yaml(inject_text(DEPLOYMENT.replace("Deployment", kind), SETTINGS))
    assert names(done, "spec", "template") == ["details", "istio-proxy"]


def test_pods_cronjobs_and_lists() -> None:
    pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a}]}}"
    template = "{spec: {containers: [{name: c}]}}"
    cron = (
        "{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}, "
        f"spec: {{jobTemplate: {{spec: {{template: {template}}}}}}}}}"
    )
    text = f"apiVersion: v1\nkind: List\nitems:\n- {pod}\n- {cron}\n- {{kind: Service}}\n"
    done = inject_text(text, SETTINGS)
    pod_done, cron_done, service = codec.parse_yaml(done)
    assert names(pod_done) == ["a", "istio-proxy"]
    assert names(cron_done, "spec", "jobTemplate", "spec", "template") == ["c", "istio-proxy"]
    assert service == {"kind": "Service"}
    assert "kind: List" in done


def test_once_is_enough() -> None:
    once = inject_text(DEPLOYMENT, SETTINGS)
    assert inject_text(once, SETTINGS) == once
    assert once != DEPLOYMENT


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "---\n", "# nothing but a comment\n", SERVICE,
        f"---\n{SERVICE}---\n---\n{SERVICE}",
        DEPLOYMENT.replace("labels: {app: details}", "labels: {sidecar.istio.io/inject: 'false'}"),
        DEPLOYMENT.replace("namespace: shop", "namespace: kube-system"),
        DEPLOYMENT.replace("spec: {containers", "spec: {hostNetwork: true, containers"),
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    one\n    --- two\n  b: 2020-01-01\n",
        SERVICE.replace("\n", "\r\n"),
    ],
)  # fmt: skip
def test_left_as_it_was(text: str) -> None:
    assert inject_text(text, SETTINGS) == text


def test_a_block_text_that_looks_like_a_separator_is_not_cut() -> None:
    config = "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    ---\n    x\n"
    assert inject_text(config + "---\n" + DEPLOYMENT, SETTINGS).startswith(config + "---\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{SERVICE}---\na: [", "document 2: while parsing"),
        (f"{SERVICE}---\n- a\n", "document 2: expected an object, found list"),
        ("kind: Deployment\nmetadata: {name: d}\n",
         "document 1 (deployment default/d): spec is missing"),
        ("kind: Deployment\nmetadata: {name: d}\nspec: {template: 3}\n",
         "document 1 (deployment default/d): template is missing"),
        ("kind: Pod\nmetadata: {name: p, annotations: "
         "{traffic.sidecar.istio.io/excludeOutboundPorts: x}}\nspec: {containers: [{name: a}]}\n",
         "document 1 (pod default/p): annotation traffic.sidecar.istio.io/excludeOutboundPorts: "),
        ("kind: List\nitems: [{kind: Service}, {kind: Job, metadata: {name: j}}]\n",
         "document 1, item 2 (job default/j): spec is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, says: str) -> None:
    with pytest.raises(Malformed) as refused:
        inject_text(text, SETTINGS)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_sample_whole() -> None:
    text = (SAMPLES / "bookinfo.yaml").read_text()
    before, after = codec.parse_yaml(text), codec.parse_yaml(inject_text(text, SETTINGS))
    assert [one["kind"] for one in after] == [one["kind"] for one in before]
    deployments = [one for one in after if one["kind"] == "Deployment"]
    assert len(deployments) == 6
    assert all("istio-proxy" in names(one, "spec", "template") for one in deployments)
