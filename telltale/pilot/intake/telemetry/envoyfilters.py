"""EnvoyFilters into patches. Pure.

An entry that cannot be followed is a Problem and left out; the others of its object hold. Never:
whether it means anything that a proxy has; that shows when it is applied.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from telltale.kube.codec import encode
from telltale.kube.istio import envoyfilter as istio
from telltale.kube.istio.kinds import ENVOY_FILTER
from telltale.kube.istio.message import Config
from telltale.lib.memo import Memo
from telltale.model.options import DEFAULT
from telltale.model.patch import Change, Context, Part, Patch, Where
from telltale.pilot.intake import chosen
from telltale.pilot.intake.istio import Reader, read_all
from telltale.pilot.intake.problem import Problem
from telltale.pilot.patching import rules, values

_MERGES = {Change.MERGE, Change.MERGE_LISTS_ANEW}
_INSERTS = {Change.BEFORE, Change.AFTER, Change.FIRST}
_WHOLE = {*_MERGES, Change.ADD, Change.REMOVE}
_ALLOWED = {
    Part.LISTENER: _WHOLE, Part.CLUSTER: _WHOLE, Part.CHAIN: _WHOLE,
    Part.TABLE: _MERGES, Part.VIRTUAL_HOST: {*_WHOLE, Change.REPLACE}, Part.ROUTE: {*Change},
    Part.NETWORK_FILTER: {*Change}, Part.HTTP_FILTER: {*Change}, Part.LISTENER_FILTER: {*Change},
    Part.EXTENSION: {Change.ADD},
}  # fmt: skip
_MATCHED_BY = {
    **dict.fromkeys(
        (Part.LISTENER, Part.CHAIN, Part.NETWORK_FILTER, Part.HTTP_FILTER, Part.LISTENER_FILTER,
         Part.EXTENSION), "listener",
    ),
    **dict.fromkeys((Part.TABLE, Part.VIRTUAL_HOST, Part.ROUTE), "routeConfiguration"),
    Part.CLUSTER: "cluster",
}  # fmt: skip
_MANAGER = {"envoy.filters.network.http_connection_manager", "envoy.http_connection_manager"}
_LEFT_OUT = "the patch is left out"


def read(
    given: Iterable[Config], domain: str, memo: Memo | None = None, root: str = DEFAULT.root
) -> tuple[list[Patch], list[Problem]]:
    one = (memo or Memo()).of(_reader, root)
    found, problems = read_all(ENVOY_FILTER, istio.EnvoyFilter, given, domain, one, memo=memo)
    return [patch for several in found for patch in several], problems


def _reader(root: str) -> Callable[[Reader, istio.EnvoyFilter], list[Patch]]:
    return lambda reader, spec: list(_patches(reader, spec, root))


def _patches(reader: Reader, spec: istio.EnvoyFilter, root: str) -> Iterator[Patch]:
    wanted = spec.workload_selector.labels if spec.workload_selector else None
    scopes = chosen.scopes(reader, root, "workloadSelector", wanted, spec.target_refs)
    relative = False
    for index, one in enumerate(spec.config_patches):
        made = _patch(reader, f"spec.configPatches[{index}]", index, one)
        if made is None:
            continue
        relative |= made.change in _INSERTS
        for scope in scopes:
            yield Patch(
                made.origin, scope, index, made.part, made.change, made.where, made.value,
                made.phase, spec.priority,
            )  # fmt: skip
    if relative and not spec.priority:
        reader.warn("spec.priority", "is not given, and a patch is placed before or after others",
                    "the order among EnvoyFilters is by age", "give each a priority",
                    "patch-order")  # fmt: skip


def _patch(reader: Reader, at: str, index: int, one: istio.ConfigPatch) -> Patch | None:
    if one.apply_to not in {*Part}:
        known = "is applied before a proxy is configured" if one.apply_to == "BOOTSTRAP" else ""
        reader.wrong(f"{at}.applyTo", f"{one.apply_to} {known or 'is no part of a proxy'}",
                     _LEFT_OUT, f"name one of {', '.join(Part)}")  # fmt: skip
        return None
    part = Part(one.apply_to)
    change = _change(reader, at, part, one.patch)
    where = _where(reader, f"{at}.match", part, one.match)
    if change is None or where is None or one.patch is None:
        return None
    value = _value(reader, f"{at}.patch.value", part, change, one.patch)
    if value is None:
        return None
    phase = "" if one.patch.filter_class == "UNSPECIFIED" else one.patch.filter_class
    return Patch(reader.origin, reader.scope(()), index, part, change, where, value, phase)


def _change(
    reader: Reader, at: str, part: Part, patch: istio.Patch | None
) -> Change | None:
    said = patch.operation if patch else "INVALID"
    if said not in {*Change}:
        reader.wrong(f"{at}.patch.operation", "is missing" if patch is None else f"is {said}",
                     _LEFT_OUT, f"say one of {', '.join(sorted(_ALLOWED[part]))}")  # fmt: skip
        return None
    change = Change(said)
    if change not in _ALLOWED[part]:
        reader.wrong(f"{at}.patch.operation", f"{change} cannot be done to a {part}",
                     _LEFT_OUT, f"say one of {', '.join(sorted(_ALLOWED[part]))}")  # fmt: skip
        return None
    return change


def _value(
    reader: Reader, at: str, part: Part, change: Change, patch: istio.Patch
) -> str | None:
    if change is Change.REMOVE:
        return ""
    if not patch.value:
        reader.wrong(at, f"is missing, which {change} needs", _LEFT_OUT,
                     "write what is to be there")  # fmt: skip
        return None
    text = encode(patch.value).decode()
    try:
        made = values.parse(part, text)
    except values.Unfit as error:
        reader.wrong(at, f"is no {part} of Envoy: {error}", _LEFT_OUT, "correct it")
        return None
    wrong = "" if change in _MERGES else rules.fault(made)
    if wrong:
        reader.wrong(at, f"is refused by Envoy: {wrong}", _LEFT_OUT, "correct it")
        return None
    return text


def _where(
    reader: Reader, at: str, part: Part, match: istio.ConfigMatch
) -> Where | None:
    given = {"listener": match.listener, "routeConfiguration": match.route_configuration,
             "cluster": match.cluster, "waypoint": match.waypoint}  # fmt: skip
    for name, said in given.items():
        if said is not None and name != _MATCHED_BY[part]:
            reader.wrong(f"{at}.{name}", f"does not go with applyTo {part}", _LEFT_OUT,
                         f"match by {_MATCHED_BY[part]}")  # fmt: skip
            return None
    if match.context == "WAYPOINT":
        reader.wrong(f"{at}.context", "WAYPOINT: there are none in this mesh", _LEFT_OUT,
                     f"say one of {', '.join(Context)}")  # fmt: skip
        return None
    version = match.proxy.proxy_version if match.proxy else ""
    try:
        re.compile(version)
    except re.error as error:
        reader.wrong(f"{at}.proxy.proxyVersion", f"{version!r}: {error}", _LEFT_OUT,
                     "write a regular expression")  # fmt: skip
        return None
    if not _named_ports(reader, at, match) or not _sub_filter(reader, at, match):
        return None
    metadata = tuple(sorted(match.proxy.metadata.items())) if match.proxy else ()
    return _matched(match, Context(match.context), version, metadata)


def _named_ports(reader: Reader, at: str, match: istio.ConfigMatch) -> bool:
    for name, one in (("listener", match.listener),
                      ("routeConfiguration", match.route_configuration)):  # fmt: skip
        if one is not None and one.port_name:
            reader.wrong(f"{at}.{name}.portName", f"{one.port_name!r}: ports are not told apart "
                         "by name", _LEFT_OUT, "use portNumber")  # fmt: skip
            return False
    return True


def _sub_filter(reader: Reader, at: str, match: istio.ConfigMatch) -> bool:
    chain = match.listener.filter_chain if match.listener else None
    filter = chain.filter if chain else None
    if filter is None or filter.sub_filter is None or filter.name in _MANAGER:
        return True
    reader.wrong(f"{at}.listener.filterChain.filter.subFilter", f"is within {filter.name!r}",
                 _LEFT_OUT, f"name {min(_MANAGER)}")  # fmt: skip
    return False


def _matched(
    match: istio.ConfigMatch, context: Context, version: str,
    metadata: tuple[tuple[str, str], ...],
) -> Where:  # fmt: skip
    if match.cluster is not None:
        cluster = match.cluster
        return Where(
            context, version, metadata, cluster.port_number, cluster.name,
            service=cluster.service, subset=cluster.subset,
        )  # fmt: skip
    if match.route_configuration is not None:
        table = match.route_configuration
        host = table.vhost or istio.VirtualHostMatch()
        route = host.route or istio.RouteMatch()
        return Where(
            context, version, metadata, table.port_number, table.name, gateway=table.gateway,
            host=host.name, domain=host.domain_name, route=route.name, action=route.action,
        )  # fmt: skip
    listener = match.listener or istio.ListenerMatch()
    chain = listener.filter_chain or istio.FilterChainMatch()
    filter = chain.filter or istio.FilterMatch()
    protocols = (one.strip() for one in chain.application_protocols.split(","))
    return Where(
        context, version, metadata, listener.port_number, listener.name, chain.name, chain.sni,
        chain.transport_protocol, tuple(one for one in protocols if one),
        chain.destination_port, filter.name,
        filter.sub_filter.name if filter.sub_filter else "", listener.listener_filter,
    )  # fmt: skip
