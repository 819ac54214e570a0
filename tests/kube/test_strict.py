"""All faults of an object at once, each with its path and what is near."""

import pytest

from telltale.kube.codec import Malformed, convert
from telltale.kube.istio.destinationrule import DestinationRule
from telltale.kube.istio.virtualservice import VirtualService
from telltale.kube.strict import Why, faults

CASES = {
    "spec.http[0].retires: unknown field; did you mean retries?":
        {"http": [{"retires": {}}]},
    "spec.http[0].retries.retryon: unknown field; did you mean retryOn?":
        {"http": [{"retries": {"retryon": "5xx"}}]},
    "spec.hosts: expected a list, found a string (\"a\"); write a list":
        {"hosts": "a"},
    "spec.http[0].match[0].port: expected an integer, found a string (\"80\"); "
    "write it without quotes":
        {"http": [{"match": [{"port": "80"}]}]},
    "spec.http[0].match[0].ignoreUriCase: expected true or false, found a string (\"true\"); "
    "write it without quotes":
        {"http": [{"match": [{"ignoreUriCase": "true"}]}]},
    "spec.http[0].match[0].headers[x].exact: expected a string, found an integer (1); "
    "write a string":
        {"http": [{"match": [{"headers": {"x": {"exact": 1}}}]}]},
    "spec.http[0].timeout: \"5 s\" is not well-formed; write a duration: 1.5s, 10ms, 1h":
        {"http": [{"timeout": "5 s"}]},
    "spec.http[0].match[0].port: 70000 is too large; at most 65535":
        {"http": [{"match": [{"port": 70000}]}]},
    "spec.http[0].corsPolicy.unmatchedPreflights: \"forward\" is not known; did you mean FORWARD?":
        {"http": [{"corsPolicy": {"unmatchedPreflights": "forward"}}]},
    "spec.http[0].match[0].uri: exact and prefix together; keep one of them":
        {"http": [{"match": [{"uri": {"exact": "/a", "prefix": "/"}}]}]},
    "spec.http[0].route[0].destination: missing; it must be there":
        {"http": [{"route": [{"weight": 1}]}]},
    "spec.http[0]: expected an object, found null; write an object":
        {"http": [None]},
}  # fmt: skip


@pytest.mark.parametrize("said", CASES)
def test_a_fault_is_told_with_its_path_and_a_way_out(said):
    [fault] = faults(VirtualService, CASES[said], "spec")
    assert f"{fault.path}: {fault.what}; {fault.hint}" == said


@pytest.mark.parametrize("said", CASES)
def test_what_cannot_be_converted_has_a_fault_that_says_why(said):
    """The two readers agree: nothing is dropped without a word."""
    try:
        convert(VirtualService, CASES[said])
    except Malformed:
        assert any(one.why in (Why.TYPE, Why.VALUE) for one in
                   faults(VirtualService, CASES[said]))  # fmt: skip


def test_all_faults_at_once():
    spec = {"hostt": "x", "subsets": [{"labels": {"a": 1}}, {"name": "v1", "label": {}}]}
    assert [(one.why, one.path) for one in faults(DestinationRule, spec)] == [
        (Why.UNKNOWN, "hostt"),
        (Why.TYPE, "subsets[0].labels[a]"),
        (Why.MISSING, "subsets[0].name"),
        (Why.UNKNOWN, "subsets[1].label"),
        (Why.MISSING, "host"),
    ]


def test_a_good_object_has_none():
    spec = {"host": "a", "trafficPolicy": {"loadBalancer": {"warmup": {
        "duration": "1m30s", "minimumPercent": 10}}}}  # fmt: skip
    assert faults(DestinationRule, spec) == []
