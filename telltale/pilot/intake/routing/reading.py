"""A VirtualService's rules into the model's. Pure. Never: whether they are right (`judge` was
asked), or whether a destination is there for who asks.
"""

from telltale.kube.istio import virtualservice as istio
from telltale.model.route import (
    MESH,
    Client,
    ConnectionMatch,
    ConnectionRoute,
    Destination,
    Direct,
    Edits,
    How,
    HttpRoute,
    Match,
    Named,
    Redirect,
    Rewrite,
    Share,
    Text,
)
from telltale.pilot.intake.durations import seconds
from telltale.pilot.intake.istio import Reader, labels
from telltale.pilot.intake.routing import formats, wear

_ANYTHING = (".*", "*")  # of a header's or parameter's pattern


def http(reader: Reader, rule: istio.HttpRoute) -> HttpRoute:
    headers = rule.headers or istio.Headers()
    return HttpRoute(
        name=rule.name,
        matches=tuple(_match(reader, one) for one in rule.match),
        shares=tuple(_share(reader, one, len(rule.route)) for one in rule.route),
        redirect=_redirect(rule.redirect) if rule.redirect else None,
        direct=_direct(rule.direct_response) if rule.direct_response else None,
        rewrite=_rewrite(rule.rewrite) if rule.rewrite else None,
        timeout_s=seconds(rule.timeout),
        retries=wear.retries(rule.retries) if rule.retries else None,
        delay=wear.delay(rule.fault.delay) if rule.fault and rule.fault.delay else None,
        abort=wear.abort(rule.fault.abort) if rule.fault and rule.fault.abort else None,
        mirrors=wear.mirrors(rule, lambda one: destination(reader, one)),
        cors=wear.cors(rule.cors_policy) if rule.cors_policy else None,
        request=edits(headers.request), response=edits(headers.response),
    )  # fmt: skip


def tls(reader: Reader, rule: istio.TlsRoute) -> ConnectionRoute:
    return ConnectionRoute(
        tuple(
            ConnectionMatch(
                sni=tuple(dict.fromkeys(name.lower() for name in one.sni_hosts)),
                subnets=tuple(one.destination_subnets), port=one.port or 0,
                client=_client(reader, one),
            )
            for one in rule.match
        ),
        _connections(reader, rule),
    )  # fmt: skip


def tcp(reader: Reader, rule: istio.TcpRoute) -> ConnectionRoute:
    return ConnectionRoute(
        tuple(
            ConnectionMatch(
                subnets=tuple(one.destination_subnets), source=one.source_subnet,
                port=one.port or 0, client=_client(reader, one),
            )
            for one in rule.match
        ),
        _connections(reader, rule),
    )  # fmt: skip


def gateway(reader: Reader, name: str) -> str:
    return name if name == MESH or "/" in name else f"{reader.namespace}/{name}"


def destination(reader: Reader, one: istio.Destination) -> Destination:
    port = one.port.number if one.port else None
    return Destination(reader.host(one.host), port or 0, one.subset)


def text(match: istio.StringMatch, ignore_case: bool = False) -> Text:
    """What is said of a string; nothing said is: it is there."""
    if match.exact:
        return Text(How.EXACT, match.exact, ignore_case)
    if match.prefix:
        return Text(How.PREFIX, match.prefix, ignore_case)
    if match.regex:
        return Text(How.REGEX, match.regex)
    return Text(How.PRESENT)


def edits(given: istio.HeaderOperations | None) -> Edits:
    if given is None:
        return Edits()
    return Edits(tuple(given.set.items()), tuple(given.add.items()), tuple(given.remove))


def _match(reader: Reader, match: istio.HttpMatch) -> Match:
    headers = [Named(name.lower(), _value(one)) for name, one in match.headers.items()]
    headers += [
        Named(name.lower(), _value(one), inverted=True)
        for name, one in match.without_headers.items()
    ]
    return Match(
        name=match.name,
        path=text(match.uri, match.ignore_uri_case) if match.uri else None,
        scheme=text(match.scheme) if match.scheme else None,
        method=text(match.method) if match.method else None,
        authority=text(match.authority) if match.authority else None,
        headers=tuple(headers),
        query=tuple(Named(name, _value(one)) for name, one in match.query_params.items()),
        port=match.port or 0, client=_client(reader, match), stat_prefix=match.stat_prefix,
    )  # fmt: skip


def _value(match: istio.StringMatch) -> Text:
    """Of a header or a parameter, which may be absent: any value means that it is there."""
    return Text(How.PRESENT) if match.regex in _ANYTHING else text(match)


def _client(reader: Reader, match: istio.HttpMatch | istio.TlsMatch | istio.TcpMatch) -> Client:
    gateways = tuple(gateway(reader, one) for one in match.gateways)
    return Client(labels(match.source_labels), match.source_namespace, gateways)


def _share(reader: Reader, one: istio.HttpDestination, of: int) -> Share:
    headers = one.headers or istio.Headers()
    return Share(
        destination(reader, one.destination), _weight(one.weight, of),
        edits(headers.request), edits(headers.response),
    )  # fmt: skip


def _connections(reader: Reader, rule: istio.TlsRoute | istio.TcpRoute) -> tuple[Share, ...]:
    return tuple(
        Share(destination(reader, one.destination), _weight(one.weight, len(rule.route)))
        for one in rule.route
    )


def _weight(given: int, of: int) -> int:
    """The only one has all of it, whatever it says."""
    return 1 if of == 1 else given


def _redirect(one: istio.Redirect) -> Redirect:
    return Redirect(
        path=one.uri, prefix=one.prefix_rewrite, authority=one.authority, scheme=one.scheme,
        port=one.port or 0, port_as_dialled=one.derive_port == "FROM_REQUEST_PORT",
        code=one.redirect_code or 301,
    )  # fmt: skip


def _direct(one: istio.DirectResponse) -> Direct:
    return Direct(one.status, formats.body(one.body) if one.body else b"")


def _rewrite(one: istio.Rewrite) -> Rewrite:
    pattern = one.uri_regex_rewrite or istio.RegexRewrite()
    return Rewrite(one.uri or None, one.authority, pattern.match, pattern.rewrite)
