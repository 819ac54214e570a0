"""The house's style as a test: sizes, names, docstrings, floors, nothing dead, nothing untested.

A rule that makes code worse is changed here.

Exceptions are listed with their reason; an exception that is no longer needed fails too.
"""

import ast
import configparser
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from telltale.agent.__main__ import VERBS as AGENT_VERBS
from telltale.cli.main import MODULES, VERBS

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
# Its Review is defined beside Core, which has a clock.
ALMOST_PURE = {"telltale.cluster.api.admission.match"}

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
    sizes = {one.name: lines(one) for one in functions(path)}
    assert not {name: size for name, size in sizes.items() if size > FUNCTION_LINES_MAX}


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


def test_no_file_is_dead() -> None:
    called = {"telltale.__main__", "telltale.agent.__main__"}  # by name, not by import
    called |= {f"telltale.cli.verbs.{MODULES.get(verb, verb)}" for verb in VERBS}
    called |= {f"telltale.agent.verbs.{module}" for module, _ in AGENT_VERBS.values()}
    used = {found for one, path in MODULE.items() for found in imports(path) if found != one}
    assert not set(MODULE) - PACKAGES - used - called, "nobody imports these"
    assert called <= set(MODULE), "verbs without a file"


def test_what_decides_is_tested_in_its_own_room() -> None:
    """Every module of the contract `pure` is imported by a test, or by a tested one of its room."""
    tested = {found for path in (ROOT / "tests").rglob("*.py") for found in imports(path)}
    reached, todo = set(), [one for one in MODULE if one in tested]
    while todo:
        one = todo.pop()
        if one not in reached:
            reached.add(one)
            used = imports(MODULE[one]) & set(MODULE)
            todo += [found for found in used if room(found) == room(one)]
    assert not {one for one in MODULE if listed(one, "pure", "source_modules")} - PACKAGES - reached


def test_who_says_pure_is_held_to_it() -> None:
    said = {one for one, path in MODULE.items() if "Pure." in (ast.get_docstring(tree(path)) or "")}
    loose = {one for one in said if not listed(one, "pure", "source_modules")}
    assert loose == ALMOST_PURE, "add them to the contract `pure` of .importlinter"


def test_controllers_stand_in_their_contract() -> None:
    folder = "telltale.cluster.controllers"
    found = imports(MODULE[f"{folder}.every"]) & set(MODULE)
    forgotten = {one for one in found if not listed(one, "controllers", "modules")}
    assert forgotten == {folder, f"{folder}.controller"}, "add the others to .importlinter"


def module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULE = {module(path): path for path in SOURCES}
PACKAGES = {module(path) for path in SOURCES if path.name == "__init__.py"}
CONTRACTS = configparser.ConfigParser()
CONTRACTS.read(ROOT / ".importlinter")


@cache
def imports(path: Path) -> frozenset[str]:
    """The names of all modules of ours that a file imports."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(one for one in found if one.startswith("telltale"))


def room(one: str) -> str:
    """A floor; of the cluster, whose parts do not know each other, a part."""
    return ".".join(one.split(".")[: 3 if one.startswith("telltale.cluster.") else 2])


def listed(one: str, contract: str, key: str) -> bool:
    """Whether a contract of .importlinter names a module, or a package that holds it."""
    named = CONTRACTS[f"importlinter:contract:{contract}"][key].split()
    return any(one == entry or one.startswith(f"{entry}.") for entry in named)
