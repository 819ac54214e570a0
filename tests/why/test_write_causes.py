"""The pages of docs/causes are what the causes say now."""

import importlib.util
from pathlib import Path

from telltale.why.causes.every import CAUSES

ROOT = Path(__file__).parents[2]
HERE = ROOT / "docs" / "causes"
SPEC = importlib.util.spec_from_file_location("write_causes", ROOT / "scripts" / "write_causes.py")
assert SPEC and SPEC.loader
script = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(script)
page, pages, write = script.page, script.pages, script.write


def test_pages_are_current():
    there = {path.name: path.read_text() for path in HERE.glob("*.md")}
    assert there == pages(), "run: python scripts/write_causes.py"


def test_every_cause_says_what_is_seen_and_how_to_make_it():
    for cause in CAUSES:
        text = page(cause)
        assert f"telltale break {cause.name}" in text
        assert cause.fault.look in text
        assert "```sh\nkubectl" in text or "```sh\nfor pod in" in text


def test_a_page_of_a_cause_that_is_gone_goes_too(tmp_path: Path):
    (tmp_path / "no-such-cause.md").write_text("old")
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == pages().keys()
