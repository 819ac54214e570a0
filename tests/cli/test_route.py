"""`route` from files: what a person sees, and the exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from telltale.app.errors import Refused
from telltale.cli.main import root

APP = str(Path(__file__).parents[1] / "inspect" / "app.yaml")


def run(*words: str):
    return CliRunner().invoke(root, ["route", *words, "-n", "shop", "-f", APP])


def test_the_steps_are_told_and_the_end():
    found = run("front", "reviews/reviews", "-H", "end-user: jason")
    assert found.exit_code == 0, found.output
    assert "front.shop  GET http://reviews:9080/reviews" in found.output
    assert "virtualservice shop/reviews" in found.output
    assert "forwarded to outbound|9080|v2|reviews.shop.svc.cluster.local\n" in found.output


def test_a_request_that_is_refused_exits_1_with_the_reason():
    found = run("front", "reviews/gone")
    assert found.exit_code == 1
    assert "refused: 503: there is no cluster outbound|9080|v9|" in found.output
    assert 'virtualservice shop/reviews: spec.http[1].route[0]' in found.output
    assert "spec.http[1]" not in run("front", "tcp://store:5432").output


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_other_forms_are_one_document(form):
    found = run("front", "reviews/split", "-o", form)
    assert found.exit_code == 0
    if form == "json":
        assert json.loads(found.output)["outcome"] == "forwarded"


def test_a_file_that_is_not_there_is_one_line():
    found = CliRunner().invoke(root, ["route", "a", "b", "-f", "/nowhere/x.yaml"])
    assert isinstance(found.exception, Refused)
    assert "/nowhere/x.yaml: cannot be read" in str(found.exception)


@pytest.mark.parametrize("short", ["ps", "pc"])
def test_the_short_names_are_known(short):
    found = CliRunner().invoke(root, [short, "--help"])
    assert found.exit_code == 0
    assert f"proxy-{'status' if short == 'ps' else 'config'}" in found.output
