"""What is refused in the conditions of a rule for requests. Pure. Never: what a match means."""

import re
from collections.abc import Mapping

from telltale.kube.istio.virtualservice import HttpMatch, StringMatch
from telltale.model.route import MESH
from telltale.pilot.intake.routing.found import Found

CLAIMS = re.compile(r"@request\.auth\.claims[.\[]")  # a header key that is none
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?")
_GATEWAY = re.compile(r"([a-z0-9]([-a-z0-9]*[a-z0-9])?/)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def judge(found: Found, path: str, match: HttpMatch) -> None:
    for name in ("uri", "scheme", "method", "authority"):
        one: StringMatch | None = getattr(match, name)
        if one is not None:
            _single(found, f"{path}.{name}", one)
    _headers(found, f"{path}.headers", match.headers)
    _headers(found, f"{path}.withoutHeaders", match.without_headers)
    for key, one in match.query_params.items():
        if not key or len(key) > 1024:
            found.wrong(f"{path}.queryParams", f"{key!r} is not a parameter's name", "name one")
        found.text(f"{path}.queryParams[{key}]", one)
    if match.ignore_uri_case and not (match.uri and match.uri.regex is None):
        found.warn(f"{path}.ignoreUriCase", "there is no uri.exact or uri.prefix",
                   "it says nothing", "for a regex write (?i) before it")  # fmt: skip
    client(found, path, match.source_labels, match.source_namespace, match.gateways)


def client(
    found: Found, path: str, labels: Mapping[str, str], namespace: str, gateways: list[str]
) -> None:
    """Who asks."""
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            found.wrong(f"{path}.sourceLabels", f"{key}={value} is not a label", "correct it")
    found.namespace(f"{path}.sourceNamespace", namespace)
    gateway_names(found, f"{path}.gateways", gateways)


def gateway_names(found: Found, path: str, gateways: list[str]) -> None:
    for number, name in enumerate(gateways):
        if name != MESH and not _GATEWAY.fullmatch(name):
            found.wrong(f"{path}[{number}]", f"{name!r} is not a gateway",
                        f"write {MESH}, NAME or NAMESPACE/NAME")  # fmt: skip


def _single(found: Found, path: str, one: StringMatch) -> None:
    """Of a value that every request has."""
    found.text(path, one)
    if one.exact == "" or (one.exact is one.prefix is one.regex is None):
        found.wrong(path, "says nothing", "give exact, prefix or regex, or leave it out")


def _headers(found: Found, path: str, headers: Mapping[str, StringMatch]) -> None:
    for name, one in headers.items():
        if CLAIMS.match(name):
            found.wrong(f"{path}[{name}]", "matches a claim of a token",
                        "tokens are not read yet: match a header")  # fmt: skip
            continue
        found.header(path, name.removeprefix(":"))
        if one.regex != "*":  # as older objects write "whatever it is"
            found.text(f"{path}[{name}]", one)
