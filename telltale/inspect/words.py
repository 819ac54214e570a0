"""A route of Envoy's in a person's words: what it asks for, and what it does. Pure.

Never: whether it is taken.
"""

from collections.abc import Iterator

from telltale.inspect.texts import Message

_SYMBOLS = {"exact": "=", "prefix": "begins with", "suffix": "ends with", "contains": "contains",
            "safe_regex": "~"}  # fmt: skip


def asks(match: Message) -> str:
    """`path begins with /v1, header end-user = jason`."""
    return ", ".join(_asks(match)) or "every request"


def _asks(match: Message) -> Iterator[str]:
    kind = match.WhichOneof("path_specifier")
    path = match.safe_regex.regex if kind == "safe_regex" else getattr(match, kind or "prefix")
    if kind == "path":
        yield f"path = {path}"
    elif kind == "safe_regex":
        yield f"path ~ {path}"
    elif path != "/":
        yield f"path begins with {path}"
    for one in match.headers:
        kind = one.WhichOneof("header_match_specifier")
        said = _string(one.string_match) if kind == "string_match" else "is there"
        yield f"{'not ' if one.invert_match else ''}{_name(one.name)} {said}"
    for one in match.query_parameters:
        kind = one.WhichOneof("query_parameter_match_specifier")
        said = _string(one.string_match) if kind == "string_match" else "is there"
        yield f"query {one.name} {said}"


def _name(header: str) -> str:
    return header.removeprefix(":") if header.startswith(":") else f"header {header}"


def _string(matcher: Message) -> str:
    kind = matcher.WhichOneof("match_pattern")
    value = matcher.safe_regex.regex if kind == "safe_regex" else getattr(matcher, kind or "exact")
    return f"{_SYMBOLS.get(kind, kind)} {value}"


def does(route: Message) -> str:
    """What happens to the request on its way, besides where it goes."""
    return ", ".join(_does(route))


def _does(route: Message) -> Iterator[str]:
    action = route.route
    if action.prefix_rewrite or action.HasField("regex_rewrite"):
        yield f"path rewritten to {action.prefix_rewrite or action.regex_rewrite.substitution}"
    if action.host_rewrite_literal:
        yield f"host rewritten to {action.host_rewrite_literal}"
    if action.timeout.ToNanoseconds():
        yield f"timeout {action.timeout.ToNanoseconds() / 1e9:g} s"
    if action.HasField("retry_policy") and action.retry_policy.num_retries.value:
        yield f"up to {action.retry_policy.num_retries.value} retries"
    for mirror in action.request_mirror_policies:
        yield f"mirrored to {mirror.cluster}"
    for name in sorted(route.typed_per_filter_config):
        yield f"settings for {name}"


def answer(route: Message) -> str:
    """What a route answers by itself, "" when it forwards."""
    kind = route.WhichOneof("action")
    if kind == "direct_response":
        return str(route.direct_response.status)
    if kind == "redirect":
        return f"{_CODES.get(route.redirect.response_code, 301)} to {_target(route.redirect)}"
    return ""


_CODES = {0: 301, 1: 302, 2: 303, 3: 307, 4: 308}


def _target(redirect: Message) -> str:
    scheme = redirect.scheme_redirect or ("https" if redirect.https_redirect else "")
    host = redirect.host_redirect or ("(same host)" if scheme or redirect.port_redirect else "")
    port = f":{redirect.port_redirect}" if redirect.port_redirect else ""
    path = redirect.path_redirect or redirect.prefix_rewrite or "(same path)"
    return f"{scheme + '://' if scheme else ''}{host}{port}{path}"


def source(path: str) -> str:
    """`/apis/G/V/namespaces/NS/virtual-service/NAME` as `virtualservice NS/NAME`."""
    parts = path.split("/")
    if len(parts) < 4:
        return path
    return f"{parts[-2].replace('-', '')} {parts[-3]}/{parts[-1]}"
