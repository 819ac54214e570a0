"""Rows as kubectl would show them."""

from datetime import timedelta

import pytest

from telltale.cli import tables
from telltale.kube import codec
from telltale.kube.codec import Json
from telltale.kube.core import Pod
from telltale.lib.clock import FakeClock
from telltale.lib.moment import rfc3339

NOW = FakeClock().now()


def pod(name: str = "web", age_s: int = 0, **status: Json) -> Pod:
    meta = {"name": name, "creationTimestamp": rfc3339(NOW - timedelta(seconds=age_s))}
    spec = {"containers": [{"name": "app"}, {"name": "istio-proxy"}]}
    return codec.convert(Pod, {"metadata": meta, "spec": spec, "status": status})


def test_columns_are_as_wide_as_their_widest_cell_and_lines_end_with_a_word():
    assert tables.aligned([("NAME", "N"), ("a-long-one", "1")]) == [
        "NAME         N", "a-long-one   1",
    ]  # fmt: skip


def test_a_pod_in_a_row():
    statuses = [{"ready": True, "restartCount": 2}, {"ready": False, "restartCount": 1}]
    rows = tables.pods([pod("b"), pod("a", phase="Running", containerStatuses=statuses)], NOW)
    assert [row.split() for row in rows] == [
        ["NAME", "READY", "STATUS", "RESTARTS", "AGE"],
        ["a", "1/2", "Running", "3", "0s"],
        ["b", "0/2", "Pending", "0", "0s"],
    ]


@pytest.mark.parametrize(
    ("age_s", "shown"),
    [(119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (172_800, "2d"), (9**9, "4484d")],
)
def test_an_age_in_its_largest_unit_of_at_least_two(age_s: int, shown: str):
    assert tables.pods([pod(age_s=age_s)], NOW)[1].split()[-1] == shown


@pytest.mark.parametrize(
    ("container", "shown"),
    [
        ({"waiting": {"reason": "ImagePullBackOff"}}, "ImagePullBackOff"),
        ({"terminated": {"reason": "Error", "exitCode": 1}}, "Error"),
        ({"running": {}}, "Running"),
    ],
)
def test_a_status_is_what_a_container_waits_for_before_it_is_the_phase(container, shown: str):
    one = pod(phase="Running", containerStatuses=[{"name": "app", "state": container}])
    assert tables.state(one) == shown
