"""`telltale why`: from a symptom to the one wrong object, and its mending."""

import sys
from typing import TYPE_CHECKING

import click

from telltale.cli import output
from telltale.cli.options import Target, finish, target

if TYPE_CHECKING:
    from telltale.why.fix import Fix


@click.command("why")
@click.argument("words", nargs=-1, metavar="[TARGET | A B[:PORT][/PATH]]")
@click.option("-n", "--namespace", default="default", help="Where to look (default).")
@click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="Look everywhere.")
@click.option("-o", "--output", "form", type=click.Choice(["text", "json", "yaml"]), default="text")
@click.option("--fix", is_flag=True, help="Apply the fix, then ask again until all is well.")
@click.option("--yes", is_flag=True, help="Agree to fixes that reach beyond one workload.")
@target
def verb(
    where: Target, words: tuple[str, ...], namespace: str, everywhere: bool, form: str,
    fix: bool, yes: bool,
) -> None:  # fmt: skip
    """Explain a pod, a workload, a request, or everything in a namespace.

    It reads the Kubernetes API and changes nothing unless --fix is given.
    Exit codes: 0 healthy, 1 starting, 2 cause found, 3 unknown, 4 not permitted.

    \b
    telltale why
    telltale why productpage-v1-5cb458d74f-28nlz
    telltale why deploy/reviews-v2 -o json
    telltale why productpage reviews:9080/reviews/0
    telltale why --fix
    """
    from telltale.app.errors import Refused
    from telltale.why.symptom import BadTarget, parse

    try:
        question = parse(words, namespace, everywhere)
        code = finish(_answer(where, question, form, fix, yes))
    except BadTarget as error:
        raise Refused(str(error)) from error
    click.get_current_context().exit(code)


async def _answer(where: Target, question: object, form: str, fix: bool, yes: bool) -> int:
    from telltale.cli.connection import hands
    from telltale.lib.clock import SystemClock
    from telltale.why.ask import Settings, ask
    from telltale.why.mend import Manners, mend
    from telltale.why.symptom import Question

    assert isinstance(question, Question)
    settings = Settings(SystemClock())
    async with where.client() as client:
        answer = await ask(client, question, settings)
        if fix and answer.diagnosis.roots:
            (output.line if form == "text" else output.note)(_shown(answer, "text"))
            sys.stdout.flush()
            manners = Manners(agree=lambda root: yes or _agreed(root.fix), tell=output.note)
            mended = await mend(hands(where, client), answer, settings, manners)
            answer = mended.answer
            if form == "text" and not mended.applied:
                return answer.exit_code
    output.line(_shown(answer, form))
    return answer.exit_code


def _shown(answer: object, form: str) -> str:
    from telltale.cli.colour import look
    from telltale.kube import codec
    from telltale.why.answer import Answer
    from telltale.why.as_json import as_json
    from telltale.why.report import render

    assert isinstance(answer, Answer)
    if form == "text":
        return render(answer, look())
    document = as_json(answer)
    return codec.to_yaml([document]).rstrip() if form == "yaml" else codec.pretty(document)


def _agreed(fix: "Fix") -> bool:
    """Ask on a terminal; elsewhere nobody agrees."""
    if not sys.stdin.isatty():
        return False
    output.note(f"\n{fix.title}\n  scope: {fix.scope}")
    return click.confirm("go ahead?", err=True)
