"""The house's style as a test: sizes, names, docstrings, floors. A rule that makes code worse is changed here.

Exceptions are listed with their reason; an exception that is no longer needed fails too.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "telltale").rglob("*.py"))
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
PARAMETERS_MAX = 5
BANNED_WORDS = re.compile(
    r"(^|_)(manager|handler|helper|helpers|util|utils|common|base|misc|processor)(_|$)", re.I
)
# Names that a protocol or the API gives us, where our own word would hide what it is.
SPOKEN_BY_OTHERS = {"handler": "core/v1 Handler (lifecycle hooks); logging.StreamHandler"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[Function]:
    yield from (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def lines(function: Function) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    documented = ast.get_docstring(function, clean=False) is not None
    spent = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - spent


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_file_fits_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= FILE_LINES_MAX, "a room to split"
    assert ast.get_docstring(tree(path)), "what is this module, and what is it never?"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_functions_fit_on_a_screen(path: Path) -> None:
    long = [f"{one.name} ({lines(one)})" for one in functions(path) if lines(one) > FUNCTION_LINES_MAX]
    assert not long


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_functions_take_few_parameters(path: Path) -> None:
    crowded = []
    for one in functions(path):
        if one.decorator_list and "cli/verbs" in name(path):
            continue  # click hands every option over as a parameter
        given = [arg.arg for arg in one.args.posonlyargs + one.args.args]
        if given[:1] in (["self"], ["cls"]):
            given = given[1:]
        if len(given) > PARAMETERS_MAX:  # keyword-only ones are named where they are used
            crowded.append(f"{one.name} ({len(given)})")
    assert not crowded


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_names_say_what_a_thing_does(path: Path) -> None:
    named = [path.stem] + [
        re.sub(r"(?<!^)(?=[A-Z])", "_", node.name).lower()
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.ClassDef, *Function.__args__))  # type: ignore[attr-defined]
    ]
    vague = [one for one in named if BANNED_WORDS.search(one) and one not in SPOKEN_BY_OTHERS]
    assert not vague


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_imports_stand_at_the_top(path: Path) -> None:
    if "telltale/cli/" in str(path) or path.name == "__main__.py":
        pytest.skip("the command line imports a verb when it is called: help must be fast")
    late = [
        inner.lineno
        for one in functions(path)
        for inner in ast.walk(one)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    ]
    assert not late


def test_floors_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_readme_and_docs_name_verbs_that_exist() -> None:
    from telltale.cli.main import VERBS

    said = set()
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        said |= set(re.findall(r"\btelltale ([a-z][a-z-]+)\b", _code(page.read_text())))
    assert said <= set(VERBS), f"not verbs: {said - set(VERBS)}"


def _code(text: str) -> str:
    """Only what stands in code blocks and code spans."""
    blocks = re.findall(r"```.*?```|`[^`\n]+`", text, re.S)
    return "\n".join(blocks)
