"""From what was typed to an exit code and, for a mistake, one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from telltale.app.errors import Refused
from telltale.cli import main
from telltale.cli.main import VERBS
from telltale.kube.errors import Forbidden


@pytest.fixture
def telltale(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Types a command where no cluster is; gives back the exit code, stdout and stderr."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TELLTALE_HOME", str(tmp_path / "home"))
    for name in ("KUBECONFIG", "TELLTALE_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def type_(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["telltale", *words])
        with pytest.raises(SystemExit) as ended:
            main.main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return type_


def test_help_names_every_verb(telltale):
    code, out, _ = telltale("--help")
    assert code == 0
    assert all(f"  {verb} " in out for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_can_be_asked_for_help(telltale, verb: str):
    code, out, err = telltale(verb, "--help")
    assert code == 0
    assert out
    assert not err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["wyh"], "did you mean 'why'?"),
        (["xyz"], "no such verb 'xyz'"),
        (["up", "--sampel", "bookinfo"], "--sample"),
        (["up", "--api-port", "many"], "many"),
        (["break"], "name a fault"),
        (["inject"], "--filename"),
        (["why", "-o", "xml"], "xml"),
    ],
)
def test_misuse_is_2_and_says_the_way_out(telltale, words: list[str], said: str):
    code, _, err = telltale(*words)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["why"], "no cluster"),
        (["status"], "start one with `telltale up`"),
        (["kubeconfig"], "no cluster was started here"),
        (["why", "--kubeconfig", "/nowhere/config"], "/nowhere/config: no such kubeconfig"),
        (["--kubeconfig", "/nowhere/config", "mend"], "/nowhere/config: no such kubeconfig"),
        (["inject", "-f", "/nowhere/app.yaml"], "/nowhere/app.yaml: cannot be read"),
        (["up", "--sample", "shop"], "--sample shop: no such sample; there is: bookinfo"),
        (["image", "import", "/nowhere/cart.tar"], "/nowhere/cart.tar"),
    ],
)
def test_a_refusal_is_1_and_one_line(telltale, words: list[str], said: str):
    code, out, err = telltale(*words)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Refused("no root"), 1, "error: no root\n"),
        (ExceptionGroup("both", [Forbidden("not yours"), Refused("no")]), 1, "not yours; no\n"),
        (KeyboardInterrupt(), 130, ""),
        (RuntimeError("odd"), 1, "a fault of our own: RuntimeError: odd"),
        (ExceptionGroup("mixed", [Refused("no"), KeyError("k")]), 1, "a fault of our own"),
    ],
)
def test_what_went_wrong_becomes_a_code(
    telltale, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
):
    def fails(**_: object) -> None:
        raise error

    monkeypatch.setattr(main.root, "main", fails)
    got, _, err = telltale("why")
    assert (got, said in err) == (code, True)


def test_a_fault_of_our_own_can_be_looked_at(telltale, monkeypatch: pytest.MonkeyPatch):
    def fails(**_: object) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(main.root, "main", fails)
    monkeypatch.setenv("TELLTALE_DEBUG", "1")
    with pytest.raises(RuntimeError, match="odd"):
        main.main()


def test_help_loads_nothing_that_it_does_not_need():
    code = (
        "import sys; from telltale.cli import main; sys.argv = ['telltale', '--help']\n"
        "try: main.main()\n"
        "except SystemExit: print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    loaded = set(done.stderr.split())
    assert "telltale.cli.main" in loaded
    assert not loaded & {"aiohttp", "asyncio", "cryptography", "grpc", "msgspec", "yaml"}


def test_a_reader_that_left_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "telltale", "--help"],
        stdout=writing, stderr=subprocess.PIPE, check=False, timeout=30,
    )  # fmt: skip
    os.close(writing)
    assert done.returncode in (1, 141)  # click's own, or ours when only the last flush fails
    assert done.stderr == b""
