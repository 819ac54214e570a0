"""The command line: every mistake is one line, never a traceback."""

import subprocess
import sys

import pytest

from telltale.agent.__main__ import VERBS, main


def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "telltale.agent", *words]
    return subprocess.run(call, capture_output=True, text=True, timeout=20, env=environ)


@pytest.mark.parametrize(
    "words, code, said",
    [
        ([], 2, ""),
        (
            ["prxy"],
            2,
            'pilot-agent: no verb "prxy"; there are proxy, istio-iptables, request, wait',
        ),
        (["proxy"], 1, "pilot-agent proxy: environment variable POD_NAME is not set"),
        (["proxy", "--domian=x"], 2, "pilot-agent proxy: unrecognized arguments: --domian"),
        (
            ["istio-iptables", "-b", "http"],
            1,
            'pilot-agent istio-iptables: -b: "http" is not a port',
        ),
        (["istio-iptables", "-m", "TPROXY"], 1, 'istio-iptables: -m: "TPROXY" is not supported'),
        (["request", "GET", "stats", "--debug-port", "1"], 1, "127.0.0.1:1/stats: "),
        (
            ["wait", "--port", "1", "--timeoutSeconds", "0.1"],
            1,
            "not ready after 0.1 s: 127.0.0.1:1",
        ),
    ],
)
def test_a_mistake_is_one_line(words, code, said):
    done = run(*words)
    assert done.returncode == code
    assert said in done.stderr and done.stderr.count("\n") <= 1


def test_the_rules_can_be_read_without_root():
    done = run("istio-iptables", "--dry-run", "-i", "*", "-b", "*")
    assert done.returncode == 0 and "chain ISTIO_OUTPUT {" in done.stdout


def test_help_and_version(capsys):
    assert main(["--help"], {}) == 0
    shown = capsys.readouterr().out
    assert all(verb in shown for verb in VERBS)
    assert main(["--version"], {}) == 0
