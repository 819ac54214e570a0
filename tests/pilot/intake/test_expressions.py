import pytest

from telltale.pilot.intake.telemetry import expressions, formats


@pytest.mark.parametrize("text", [
    "response.code >= 400", "true", "!has(request.headers.x) || connection.mtls",
    "request.headers['x-a'].startsWith(\"b\") && size(request.path) < 20u",
    "[1, 2].exists(x, x == 1) ? 'a' : {'k': -1.5e3}['k']", "r'\\d' == \"\"\"a\nb\"\"\" // why",
    "request.url_path in ['/a', '/b',]",
])  # fmt: skip
def test_an_expression_that_envoy_can_compile(text):
    assert expressions.fault(text) == ""


@pytest.mark.parametrize(("text", "told"), [
    ("", "lacks a value"), ("a &&", "at its end"), ("a b", "goes on"), ("(a", "')'"),
    ("f(1)", "calls f()"), ("a.g()", "calls g()"), ("'a", "cannot be read"), ("a ? b", "':'"),
    ("for == 1", "lacks"), ("[1", "']'"), ("{1}", "':'"), ("(" * 40 + "1", "nested"),
    ("1 +" * 400 + "1", "1201 characters"), ("a..b", "lacks"), ("a = 1", "cannot be read"),
])  # fmt: skip
def test_what_is_wrong_with_an_expression(text, told):
    assert told in expressions.fault(text)


@pytest.mark.parametrize("text", [
    "[%START_TIME(%s.%3f)%] %REQ(X?Y):10% 100%% %PROTOCOL%\n", "", "%FILTER_STATE(a:PLAIN)%",
    "%CEL(request.method == 'GET')%", "%UPSTREAM_METADATA(a:b)% %RESPONSE_CODE%",
])  # fmt: skip
def test_a_format_that_envoy_can_read(text):
    assert formats.fault(text) == ""


@pytest.mark.parametrize(("text", "told"), [
    ("%REQ%", "without arguments"), ("%NOPE%", "does not know"), ("50%", "no command"),
    ("%PROTOCOL(x)%", "takes no arguments"), ("%REQ(x%", "no command"), ("% A%", "no command"),
])  # fmt: skip
def test_what_is_wrong_with_a_format(text, told):
    assert told in formats.fault(text)
