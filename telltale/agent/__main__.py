"""`pilot-agent`: parse the command line, import the one verb that is asked for, run it.

A verb's module is imported by name, so that `istio-iptables`, which runs before every workload,
does not pay for asyncio.
Never: a traceback for a mistake of the user's.
"""

import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NoReturn, Protocol, cast

from telltale import __version__

VERBS = {
    "proxy": ("proxy", "run Envoy for one workload and answer on :15020"),
    "istio-iptables": (
        "istio_iptables",
        "redirect the pod's traffic to Envoy (the init container)",
    ),
    "request": ("request", "ask Envoy's admin page: request GET stats"),
    "wait": ("wait", "return when Envoy is ready (postStart)"),
}


class Verb(Protocol):
    def options(self, parser: ArgumentParser) -> None: ...
    def run(self, args: Namespace, environ: Mapping[str, str]) -> int: ...


class Parser(ArgumentParser):
    """A mistake is one line, not the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    if not words or words[0] in ("-h", "--help"):
        sys.stdout.write(_usage())
        return 0 if words else 2
    if words[0] in ("version", "--version"):
        sys.stdout.write(f"{__version__}\n")
        return 0
    if words[0] not in VERBS:
        sys.stderr.write(f'pilot-agent: no verb "{words[0]}"; there are {", ".join(VERBS)}\n')
        return 2
    module, about = VERBS[words[0]]
    verb = cast(Verb, import_module(f"telltale.agent.verbs.{module}"))
    parser = Parser(prog=f"pilot-agent {words[0]}", description=about, allow_abbrev=False)
    verb.options(parser)
    try:
        return verb.run(parser.parse_args(words[1:]), environ)
    except ValueError as error:  # SettingsError, RuleError: a value of the user's, in one line
        sys.stderr.write(f"pilot-agent {words[0]}: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _usage() -> str:
    lines = [f"  {name:16}{about}" for name, (_, about) in VERBS.items()]
    return "\n".join(["pilot-agent VERB ...", "", *lines, ""])


def _terminated(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    # Process 1 has no default for signals: without this a SIGTERM during the imports would be lost.
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(main(sys.argv[1:], dict(os.environ)))
