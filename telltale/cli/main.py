"""The command line: parse, dispatch, and turn what went wrong into one line and an exit code.

Never: logic. A verb is a module in `verbs` with a click command `verb`; it is imported when it is
called, so that `--help` stays fast.
"""

import importlib
import os
import sys
from pathlib import Path

import click

VERBS = {
    "up": "start the embedded cluster with the mesh on it",
    "down": "stop the embedded cluster, leaving nothing behind",
    "status": "what runs, and whether it is ready",
    "kubeconfig": "print the path of the embedded cluster's kubeconfig",
    "image": "import and list images of the embedded cluster",
    "why": "explain a pod, a workload, a request, or everything",
    "proxy-status": "which proxies are connected, and how far each has got (ps)",
    "proxy-config": "what one pod's Envoy holds (pc)",
    "route": "which way a request would take, and who decides it",
    "break": "make a fault on purpose",
    "mend": "take a fault back",
    "analyze": "what is wrong with the mesh's configuration, in files or in the cluster",
    "inject": "add the sidecar to the pods of a file",
    "node": "the embedded cluster's supervisor itself",
    "pilot": "the control plane itself (runs in a pod)",
    "agent": "the pilot-agent itself (runs beside a workload)",
    "dns": "the cluster's DNS itself (runs in a pod)",
}


# A verb that is no name in Python.
MODULES = {
    "break": "break_", "proxy-status": "proxy_status", "proxy-config": "proxy_config",
}  # fmt: skip
ALIASES = {"ps": "proxy-status", "pc": "proxy-config"}


class Verbs(click.Group):
    """Verbs by name, each imported on its first use."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module = importlib.import_module(f"telltale.cli.verbs.{MODULES.get(name, name)}")
        command = module.verb
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        args = [ALIASES.get(one, one) for one in args[:1]] + args[1:]
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            raise click.UsageError(f"no such verb {args[0]!r}{_nearest(args[0])}", context)
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", type=click.Path(path_type=Path), help="The embedded cluster's directory.")
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="Use this cluster instead.")
@click.option("--context", "context_name", default="", help="The context of the kubeconfig.")
@click.version_option(package_name="telltale", message="telltale %(version)s")
@click.pass_context
def root(
    context: click.Context, home: Path | None, kubeconfig: Path | None, context_name: str
) -> None:
    """A service mesh on real Envoy, with a small Kubernetes to live in, that tells you why.

    \b
    telltale up --sample bookinfo     a cluster, the mesh and an application, here
    telltale why                      what is wrong, and what mends it
    telltale break dns-service-moved  the accident of the article, on purpose
    """
    context.obj = {"home": home, "kubeconfig": kubeconfig, "context": context_name}


def main() -> None:
    """Run, and exit: 0 done, 1 refused or failed, 2 misuse, 130 interrupted (`why` has its own)."""
    try:
        code = root.main(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        code = ended.exit_code
    except click.ClickException as wrong:
        wrong.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except Exception as error:
        code = _explain(error)
    sys.exit(code if isinstance(code, int) else 0)


def _explain(error: Exception) -> int:
    """One line for what we know how to say; a traceback only for a fault of our own."""
    from telltale.app.errors import Refused
    from telltale.cli import output
    from telltale.kube.codec import Malformed
    from telltale.kube.errors import ApiError
    from telltale.kube.kubeconfig import BadKubeconfig
    from telltale.lib.tasks import describe

    said = (Refused, ApiError, BadKubeconfig, Malformed)
    unsaid = error.split(said)[1] if isinstance(error, ExceptionGroup) else error
    if unsaid is None or isinstance(unsaid, said):
        output.fail(describe(error))
        return 1
    if "TELLTALE_DEBUG" in os.environ:
        raise error
    what = f"{type(error).__name__}: {describe(error)}"
    output.fail(f"a fault of our own: {what} (TELLTALE_DEBUG=1 shows where)")
    return 1


def _nearest(word: str) -> str:
    from difflib import get_close_matches

    found = get_close_matches(word, VERBS, n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
