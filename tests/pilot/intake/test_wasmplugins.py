import json

from telltale.kube import codec
from telltale.kube.istio.message import Config
from telltale.model.patch import Context
from telltale.pilot.intake.telemetry import wasmplugins
from telltale.pilot.patching import wasm


def plugin(name: str, **spec: object) -> Config:
    meta = {"name": name, "namespace": "n"}
    return codec.convert(Config, {"metadata": meta, "spec": {"url": "file:///m.wasm", **spec}})


def read(*given: Config):
    return wasmplugins.read(given, "cluster.local")


def test_every_field_reaches_the_filter():
    [patch], problems = read(plugin(
        "p", pluginName="root", pluginConfig={"a": 1}, failStrategy="FAIL_OPEN", phase="AUTHZ",
        vmConfig={"env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": "HOST"}]},
        match=[{"mode": "SERVER", "ports": [{"number": 80}]}],
    ))  # fmt: skip
    assert problems == []
    assert (patch.where.context, patch.where.port) == (Context.INBOUND, 80)
    module = wasm.Module("n.p", "/m.wasm", "root", '{"a":1}', "FAIL_OPEN", {"A": "1"}, ("B",))
    assert patch.value == wasm.filter_of(module)
    config = json.loads(patch.value)["typed_config"]["config"]
    assert config["vm_config"]["code"] == {"local": {"filename": "/m.wasm"}}


def test_by_phase_and_then_the_higher_priority_first():
    patches, _ = read(
        plugin("last"), plugin("low", phase="AUTHN"), plugin("stats", phase="STATS"),
        plugin("high", phase="AUTHN", priority=9), plugin("mid", phase="AUTHN", priority=1),
    )  # fmt: skip
    assert [one.origin.name for one in patches] == ["high", "mid", "low", "stats", "last"]


def test_what_would_leave_the_machine_or_cannot_be_had_is_refused():
    for url in ("oci://registry/m:1", "https://x/m.wasm", "file://m.wasm", "m"):
        patches, [problem] = read(plugin("p", url=url))
        assert patches == [] and problem.field == "spec.url" and url in problem.what
    patches, [problem] = read(plugin("p", type="NETWORK"))
    assert patches == [] and problem.field == "spec.type"
    patches, problems = read(plugin("p", sha256="x", imagePullPolicy="Always"))
    assert len(patches) == 1
    assert [one.field for one in problems] == ["spec.sha256", "spec.imagePullPolicy"]
