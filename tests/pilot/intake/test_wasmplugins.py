import json

from telltale.kube import codec
from telltale.kube.istio.message import Config
from telltale.model.extension import Code, Extension, Failing
from telltale.model.patch import Context
from telltale.pilot.intake.problem import Level
from telltale.pilot.intake.telemetry import wasmplugins
from telltale.pilot.intake.telemetry.wasmplugins import Known
from telltale.pilot.modules.wanted import Failure, Wanted

NAME = "extensions.istio.io/wasmplugin/n.p"
URL = "oci://registry/m:1"


def plugin(name: str, **spec: object) -> Config:
    meta = {"name": name, "namespace": "n"}
    return codec.convert(Config, {"metadata": meta, "spec": {"url": "file:///m.wasm", **spec}})


def read(*given: Config, known: Known = wasmplugins.NOTHING_YET):
    return wasmplugins.read(given, "cluster.local", known=known)


def test_every_field_reaches_the_extension_and_its_place():
    found, problems = read(plugin(
        "p", pluginName="root", pluginConfig={"a": 1}, failStrategy="FAIL_OPEN", phase="AUTHZ",
        vmConfig={"env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": "HOST"}]},
        match=[{"mode": "SERVER", "ports": [{"number": 80}]}],
    ))  # fmt: skip
    assert problems == [] and found.wanted == ()
    [patch] = found.patches
    assert (patch.where.context, patch.where.port) == (Context.INBOUND, 80)
    assert json.loads(patch.value)["name"] == patch.extension == NAME
    assert found.extensions[NAME] == Extension(
        NAME, "file:///m.wasm", "/m.wasm", "root", '{"a":1}', Failing.OPEN, {"A": "1"}, ("B",)
    )


def test_by_phase_and_then_the_higher_priority_first():
    found, _ = read(
        plugin("last"), plugin("low", phase="AUTHN"), plugin("stats", phase="STATS"),
        plugin("high", phase="AUTHN", priority=9), plugin("mid", phase="AUTHN", priority=1),
    )  # fmt: skip
    names = [one.origin.name for one in found.patches]
    assert names == ["high", "mid", "low", "stats", "last"]


def test_a_module_from_elsewhere_is_on_its_way_then_there_or_missing():
    wanted = Wanted(URL, "", ("n", "s"))
    one = plugin("p", url=URL, imagePullSecret="s")
    found, [problem] = read(one)
    assert found.wanted == (wanted,) and not found.patches
    assert (problem.level, problem.code) == (Level.INFO, "module-on-its-way")

    code = Code("1" * 64, b"")
    there, problems = read(one, known=Known({wanted: code}))
    assert problems == [] and there.extensions[NAME].code == code and len(there.patches) == 1

    missing = Known({wanted: Failure("it is gone", "look")})
    gone, [problem] = read(one, known=missing)
    assert gone.extensions[NAME].code is None and len(gone.patches) == 1
    assert str(problem) == (
        "wasmplugin n/p: spec.url: the module cannot be had: it is gone: requests are answered "
        "with 503 (FAIL_CLOSE); look; it is tried again within a minute"
    )
    for outcomes in ({}, missing.outcomes):
        held, [problem] = read(one, known=Known(outcomes, there.extensions))
        assert held.extensions[NAME].code == code and problem.why == "the one before holds"


def test_always_asks_again_for_every_change_of_the_object():
    def wanted(**spec):
        return read(plugin("p", **spec))[0].wanted[0]

    latest = {"url": "oci://registry/m"}
    assert wanted(**latest) == wanted(**latest) != wanted(**latest, pluginName="other")
    assert wanted(**latest, imagePullPolicy="IfNotPresent").again == ""
    assert wanted(url=URL).again == "" and wanted(url="http://x/m").again == ""
    assert wanted(url=URL, imagePullPolicy="Always").again != ""


def test_what_cannot_be_had_is_refused_and_a_password_not_repeated():
    for url in ("file://m.wasm", "m", "ftp://x/m.wasm"):
        found, [problem] = read(plugin("p", url=url))
        assert not found.patches and problem.field == "spec.url" and url in problem.what
    for url in ("http://u:pass@x/m", "oci://u:pass@x/m", "http:///m", "oci://x", "oci://x/M:1",
                "http://x:port/m", "oci://x/m@sha256:1", "oci://x/m:?"):  # fmt: skip
        found, [problem] = read(plugin("p", url=url))
        assert not found.wanted and problem.field == "spec.url" and "pass@" not in str(problem)
    for field, value in (("type", "NETWORK"), ("verificationKey", "k"), ("sha256", "x")):
        found, [problem] = read(plugin("p", **{"url": URL, field: value}))
        assert not found.wanted and problem.field == f"spec.{field}"
    digest = f"{URL}@sha256:{'1' * 64}"
    _, [problem] = read(plugin("p", url=digest, sha256="2" * 64))
    assert problem.field == "spec.sha256"


def test_what_is_of_no_use_is_told():
    found, problems = read(plugin("p", sha256="1" * 64, imagePullPolicy="Always"))
    assert len(found.patches) == 1
    assert [one.field for one in problems] == ["spec.sha256", "spec.imagePullPolicy"]
    found, [problem, _] = read(plugin("p", url="https://x/m", imagePullSecret="s"))
    assert found.wanted[0].secret is None and problem.field == "spec.imagePullSecret"
