"""Which cluster a verb is about."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from telltale.app.errors import Refused
from telltale.app.home import Home
from telltale.cli.main import root
from telltale.cli.options import Target, target


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("TELLTALE_HOME", raising=False)
    return tmp_path


@pytest.mark.parametrize("before", [True, False])
def test_options_may_stand_before_the_verb_or_after_it(
    before: bool, monkeypatch: pytest.MonkeyPatch
):
    options = ["--home", "/a", "--context", "c"]
    words = [*options, "probe"] if before else ["probe", *options]
    seen: list[Target] = []
    probe = click.command("probe")(target(seen.append))
    monkeypatch.setattr(root, "resolve_command", lambda _, args: ("probe", probe, args[1:]))
    assert CliRunner().invoke(root, words).exit_code == 0
    assert seen == [Target(Home(Path("/a")), None, "c")]


def test_what_is_given_comes_first_then_ours_while_it_runs_then_kubectl_s(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
):
    home = Home(nowhere / "home")
    home.path.mkdir()
    usual = nowhere / ".kube" / "config"
    where = Target(home, None, "")
    assert where.kubeconfig_path() is None
    usual.parent.mkdir()
    usual.touch()
    assert where.kubeconfig_path() == usual
    monkeypatch.setenv("KUBECONFIG", "/one:/two")
    assert where.kubeconfig_path() == Path("/one")
    monkeypatch.setattr(Home, "running", lambda _: 7)
    assert where.kubeconfig_path() == home.kubeconfig
    assert Target(home, Path("/given"), "").kubeconfig_path() == Path("/given")


def test_no_cluster_at_all_is_refused_with_the_way_to_one(nowhere: Path):
    with pytest.raises(Refused, match="telltale up"):
        Target(Home(nowhere / "home"), None, "").server()
