"""Real kubectl, the embedded API server and the mesh's webhook: what a user is told, and when."""

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from telltale.app.pilot import judged
from telltale.ca.authority import new_authority
from telltale.ca.tls import server_context
from telltale.inject.settings import SidecarSettings
from telltale.inject.validator import configuration
from telltale.inject.webhook import Listen, serving
from telltale.kube.codec import Object
from telltale.kube.istio.crds import definitions
from tests.cluster.api import test_kubectl as given

pytestmark = given.pytestmark
kubectl = given.kubectl

ROUTE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart}
spec:
  hosts: [%s]
  http:
  - route: [{destination: {host: cart}}]
"""
GOOD, TWICE, OLD = ROUTE % "cart", ROUTE % "cart, CART", ROUTE % "cart" + "    mirrorPercent: 5\n"


@contextmanager
def webhook(loop: asyncio.AbstractEventLoop) -> Iterator[Object]:
    """Where it answers, as a configuration has it, for as long as the block lasts."""
    authority = new_authority("telltale", datetime.now(UTC))
    tls = server_context(authority.server(("localhost",), datetime.now(UTC)))

    def wait(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(20)

    settings = SidecarSettings(proxy_image="telltale/proxyv2:1.0")
    served = serving(lambda: settings, tls, Listen("127.0.0.1", 0), check=judged)
    port = wait(served.__aenter__())
    try:
        yield {
            "url": f"https://localhost:{port}/validate",
            "caBundle": base64.b64encode(authority.certificate).decode(),
        }
    finally:
        wait(served.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def defined(kubectl):
    items = {"apiVersion": "v1", "kind": "List", "items": definitions()}
    kubectl("create", "-f", "-", stdin=json.dumps(items))
    kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
    return kubectl


@pytest.fixture
def validated(defined):
    with webhook(defined.loop) as where:
        hooks = configuration({})
        hooks["webhooks"][0]["clientConfig"] = where
        defined("create", "-f", "-", stdin=json.dumps(hooks))
        yield defined
        defined("delete", "validatingwebhookconfiguration", hooks["metadata"]["name"])
        defined("delete", "virtualservice", "--all")


def test_a_mistake_is_refused_in_one_line(validated):
    said = validated("apply", "-f", "-", stdin=TWICE, fails=True)
    assert (
        'admission webhook "validation.istio.io" denied the request: virtualservice default/cart:'
        " spec.hosts[1]: 'CART' is there twice: the object is left out; name it once"
    ) in said
    assert "not found" in validated("get", "vs", "cart", fails=True)


def test_many_mistakes_are_a_line_each(validated):
    text = TWICE + "    retries: {attempts: 3, retryOn: sometimes}\n"
    said = validated("apply", "-f", "-", stdin=text, fails=True)
    lines = [line for line in said.splitlines() if line.startswith("  virtualservice default/cart")]
    fields = [line.split()[2] for line in lines]
    assert fields == ["spec.hosts[1]:", "spec.http[0].retries.retryOn:"]


def test_an_unknown_field_is_named(validated):
    said = validated("apply", "-f", "-", stdin=GOOD + "    retires: {attempts: 3}\n", fails=True)
    assert 'unknown field "spec.http[0].retires"' in said


def test_what_is_right_is_stored_and_shown_as_kubernetes_shows_it(validated):
    validated("apply", "-f", "-", stdin=GOOD)
    shown = validated("get", "vs", "cart").splitlines()
    assert shown[0].split() == ["NAME", "GATEWAYS", "HOSTS", "AGE"]
    assert shown[1].split()[:2] == ["cart", '["cart"]']
    said = validated("apply", "-f", "-", stdin=TWICE, fails=True)
    assert "is there twice" in said  # an update is judged too


def test_advice_is_a_warning_and_lets_it_in(validated):
    said = validated("--warnings-as-errors", "apply", "-f", "-", stdin=OLD, fails=True)
    assert "Warning: virtualservice default/cart: spec.http[0].mirror" in said
    assert "cart" in validated("get", "vs", "cart")


def test_a_lost_pilot_blocks_nobody(defined):
    with webhook(defined.loop) as where:
        hooks = configuration({})
        hooks["webhooks"][0]["clientConfig"] = where
        defined("create", "-f", "-", stdin=json.dumps(hooks))
    defined("apply", "-f", "-", stdin=TWICE)
    defined("delete", "vs", "cart")
    defined("delete", "validatingwebhookconfiguration", hooks["metadata"]["name"])


def test_analyze_judges_a_cluster(defined):
    """Live: all that it tells is JSON that scripts can read, and the exit code says so too."""
    defined("apply", "-f", "-", stdin=TWICE)

    def analyze(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "telltale", "--kubeconfig", str(defined.kubeconfig)]
        return subprocess.run([*command, "analyze", *words], capture_output=True, text=True,
                              check=False, timeout=60)  # fmt: skip

    done = analyze("-o", "json")
    assert (done.returncode, done.stderr) == (79, "")
    [found] = [one for one in json.loads(done.stdout) if one["level"] == "error"]
    assert (found["kind"], found["name"], found["field"]) == ("VirtualService", "cart",
                                                              "spec.hosts[1]")  # fmt: skip
    defined("delete", "vs", "cart")
    clean = analyze("-A")
    assert clean.returncode == 0, clean.stdout + clean.stderr


def test_fields_are_explained(defined):
    said = defined("explain", "virtualservice.spec.http.retries")
    assert "attempts" in said
    assert "How often to try again; 0 is never." in said
    assert "ROUND_ROBIN" in defined("explain", "dr.spec.trafficPolicy.loadBalancer.simple")
