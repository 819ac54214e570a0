"""VirtualServices into routings. Pure. Never: whether a destination is there for who asks."""

from collections.abc import Iterable

from telltale.kube.istio import virtualservice as istio
from telltale.kube.istio.kinds import VIRTUAL_SERVICE
from telltale.kube.istio.message import Config
from telltale.lib.memo import Memo
from telltale.model.route import (
    MESH,
    Client,
    Destination,
    How,
    HttpRoute,
    Match,
    Named,
    Routing,
    Share,
    Text,
)
from telltale.pilot.intake.durations import seconds
from telltale.pilot.intake.istio import Reader, labels, read_all
from telltale.pilot.intake.problem import Problem


def read(
    given: Iterable[Config], domain: str, memo: Memo | None = None
) -> tuple[list[Routing], list[Problem]]:
    return read_all(VIRTUAL_SERVICE, istio.VirtualService, given, domain, _routing, memo=memo)


def _routing(reader: Reader, spec: istio.VirtualService) -> Routing:
    return Routing(
        origin=reader.origin,
        scope=reader.scope(spec.export_to),
        hosts=tuple(dict.fromkeys(reader.host(one) for one in spec.hosts)),
        gateways=tuple(_gateway(reader, one) for one in spec.gateways) or (MESH,),
        http=tuple(_http(reader, one) for one in spec.http),
    )


def _gateway(reader: Reader, name: str) -> str:
    return name if name == MESH or "/" in name else f"{reader.namespace}/{name}"


def _http(reader: Reader, route: istio.HttpRoute) -> HttpRoute:
    return HttpRoute(
        name=route.name,
        matches=tuple(_match(reader, one) for one in route.match),
        shares=tuple(_share(reader, one, len(route.route)) for one in route.route),
        timeout_s=seconds(route.timeout),
    )


def _match(reader: Reader, match: istio.HttpMatch) -> Match:
    headers = [Named(name.lower(), text(one)) for name, one in match.headers.items()]
    headers += [
        Named(name.lower(), text(one), inverted=True)
        for name, one in match.without_headers.items()
    ]
    return Match(
        name=match.name,
        path=text(match.uri, match.ignore_uri_case) if match.uri else None,
        method=text(match.method) if match.method else None,
        headers=tuple(headers),
        port=match.port or 0,
        client=Client(
            labels(match.source_labels), match.source_namespace,
            tuple(_gateway(reader, one) for one in match.gateways),
        ),
    )  # fmt: skip


def _share(reader: Reader, one: istio.HttpDestination, of: int) -> Share:
    weight = 1 if of == 1 else one.weight
    return Share(_destination(reader, one.destination), weight)


def _destination(reader: Reader, one: istio.Destination) -> Destination:
    port = one.port.number if one.port else None
    return Destination(reader.host(one.host), port or 0, one.subset)


def text(match: istio.StringMatch, ignore_case: bool = False) -> Text:
    """What is said of a string; nothing said is: it is there."""
    if match.exact is not None:
        return Text(How.EXACT, match.exact, ignore_case)
    if match.prefix is not None:
        return Text(How.PREFIX, match.prefix, ignore_case)
    if match.regex is not None:
        return Text(How.REGEX, match.regex, ignore_case)
    return Text(How.PRESENT)
