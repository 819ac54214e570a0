"""What agents say, as a page and as log lines."""

import pytest

from telltale.kube.codec import Malformed
from telltale.why.gather.inside import pilot_clients
from telltale.why.reports import Source, from_json, from_log

ARTICLE = (
    "Envoy proxy is NOT ready: config not received from Pilot (is Pilot running?): cds updates:"
    " 0 successful, 0 rejected; lds updates: 0 successful, 0 rejected"
)
LOOKUP = "lookup istio-pilot.istio-system on 172.19.0.10:53: i/o timeout"


def test_page_is_read():
    report = from_json(
        b'{"ready": false, "stage": "dial", "nameserver": "172.19.0.10", "error": null,'
        b'"attempts": 4, "cds": {"ok": 1, "rejected": 2}, "envoy": {"state": "LIVE", "pid": 7}}'
    )
    assert (report.stage, report.error, report.cds.rejected, report.envoy) == (
        "dial",
        "",
        2,
        "LIVE",
    )


@pytest.mark.parametrize("page", [b"", b"[]", b"{}", b"not found"])
def test_other_pages_are_refused(page: bytes):
    with pytest.raises(Malformed):
        from_json(page)


def test_log_tells_stage_and_nameserver():
    report = from_log([ARTICLE, f"stage: resolve: {LOOKUP}"])
    assert report is not None
    assert (report.stage, report.nameserver, report.error) == ("resolve", "172.19.0.10", LOOKUP)
    assert report.source is Source.LOG


def test_log_of_a_proxy_that_became_ready_tells_nothing():
    assert from_log([f"stage: resolve: {LOOKUP}", "Envoy proxy is ready"]) is None
    assert from_log(["starting"]) is None


def test_log_tells_later_stages():
    report = from_log(["stage: dial: dial tcp 172.19.4.7:15010: connect: connection refused"])
    assert report is not None and report.stage == "dial" and report.nameserver == ""


def test_pilot_names_who_is_connected():
    assert pilot_clients(b'[{"proxy": "a-1.shop"}, {"proxy": "odd"}]') == {("shop", "a-1")}
