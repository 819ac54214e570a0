"""ProxyConfigs as they are written, and what is told of each."""

import pytest

from telltale.kube.codec import Object, convert
from telltale.kube.meta import Config
from telltale.model.startup import Startup
from telltale.pilot.intake.checks import check
from telltale.pilot.intake.problem import Level
from telltale.pilot.intake.proxyconfigs import read


def config(**spec: object) -> Object:
    return {
        "apiVersion": "networking.istio.io/v1beta1", "kind": "ProxyConfig",
        "metadata": {"name": "p", "namespace": "shop"}, "spec": spec,
    }  # type: ignore[dict-item]  # fmt: skip


def test_all_fields():
    given = config(
        selector={"matchLabels": {"app": "cart"}}, concurrency=0,
        environmentVariables={"ISTIO_META_X": "1"}, image={"imageType": "default"},
    )  # fmt: skip
    [one], problems = read([convert(Config, given)], "cluster.local")
    assert (one.selector, one.startup) == ((("app", "cart"),), Startup(0, {"ISTIO_META_X": "1"}))
    assert (one.origin.namespace, problems) == ("shop", [])
    assert check(given) == ()


@pytest.mark.parametrize(("spec", "field", "level", "says"), [
    ({"concurrency": -1}, "spec.concurrency", Level.ERROR, "-1 is too small"),
    ({"concurrency": "2"}, "spec.concurrency", Level.ERROR, "write it without quotes"),
    ({"environment_variables": {}}, "spec.environment_variables", Level.ERROR,
     "did you mean environmentVariables?"),
    ({"environmentVariables": {"A-B": "1"}}, "spec.environmentVariables[A-B]", Level.ERROR,
     "is no name of a variable"),
    ({"selector": {"matchLabels": {"app": "c*"}}}, "spec.selector.matchLabels", Level.ERROR,
     "one with a *"),
    ({"selector": {}}, "spec.selector", Level.WARNING, "every pod of the namespace"),
    ({"image": {"imageType": "distroless"}}, "spec.image.imageType", Level.WARNING,
     'there is no image "distroless"'),
])  # fmt: skip
def test_what_is_wrong_is_told(spec: dict[str, object], field: str, level: Level, says: str):
    [problem] = check(config(**spec))
    assert (problem.field, problem.level) == (field, level)
    assert says in str(problem)
