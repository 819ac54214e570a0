"""Targets: what they name, and what is said when they do not."""

import pytest
from story import asked
from worlds import Cluster

from telltale.why.symptom import BadTarget, Question, Target, parse


def test_words_are_parsed():
    assert parse([]) == Question()
    assert parse(["deploy/reviews-v1"], "shop").target == Target("reviews-v1", "Deployment")
    request = parse(["a", "b.shop:9080/ratings/0"])
    assert (request.to, request.port, request.path) == (
        Target("b.shop", "Service"), 9080, "/ratings/0",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["a", "b", "c"], "3 words"),
        (["frob/x"], "no kind 'frob'"),
        (["pod/"], "no KIND/NAME"),
        (["a", "b:70000"], "no NAME"),
        (["a", ":1"], "no NAME"),
    ],
)
def test_bad_words_are_refused_in_one_line(words: list[str], says: str):
    with pytest.raises(BadTarget, match=says) as error:
        parse(words)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("word", "count"),
    [("deploy/reviews-v1", 1), ("svc/reviews", 3), ("reviews", 3), ("ratings-v1", 1)],
)
def test_names_mean_pods(word: str, count: int):
    assert len(asked(Cluster.well(), word).subject.focus) == count


def test_missing_name_lists_what_there_is():
    with pytest.raises(BadTarget, match=r"no pod, workload or service 'revews'.*reviews-v1"):
        asked(Cluster.well(), "revews")
    with pytest.raises(BadTarget, match=r"no service 'nope'.*details, productpage"):
        asked(Cluster.well(), "details-v1", "nope")


def test_ambiguous_name_says_which_it_could_be():
    cluster = Cluster.well()
    cluster.put({"kind": "Service", "metadata": {"namespace": "default", "name": "details-v1"},
                 "spec": {"selector": {"app": "details"}, "ports": []}})  # fmt: skip
    with pytest.raises(BadTarget, match="deployment/details-v1 or service/details-v1"):
        asked(cluster, "details-v1")
