"""One patch on a route table, its virtual hosts or their routes, in place. Pure."""

from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.model.patch import Change, Part, Patch
from telltale.pilot.patching import meant
from telltale.pilot.patching.lists import Edit
from telltale.pilot.patching.merging import merge
from telltale.pilot.patching.values import Unfit, parse


def change(patch: Patch, table: RouteConfiguration) -> bool:
    """Whether the patch means anything in it. Raises `Unfit`."""
    where = patch.where
    if not meant.table(where, table):
        return False
    value = parse(patch.part, patch.value) if patch.value else None
    if patch.part is Part.TABLE:
        if value is not None:
            merge(table, value, lists_anew=patch.change is Change.MERGE_LISTS_ANEW)
        return value is not None
    if patch.part is Part.VIRTUAL_HOST:
        edit = Edit(patch.change, value, bool(where.host or where.domain))
        hosts = edit.apply(table.virtual_hosts, lambda one: meant.host(where, one))
        if hosts is None:
            return False
        del table.virtual_hosts[:]
        table.virtual_hosts.extend(hosts)
        _expect_distinct(table)
        return True
    edit = Edit(patch.change, value, bool(where.route or where.action != "ANY"))
    changed = False
    for host in table.virtual_hosts:
        if meant.host(where, host):
            routes = edit.apply(host.routes, lambda one: meant.route(where, one))
            if routes is not None:
                del host.routes[:]
                host.routes.extend(routes)
                changed = True
    return changed


def _expect_distinct(table: RouteConfiguration) -> None:
    """A domain twice makes Envoy refuse the whole table."""
    seen: set[str] = set()
    for host in table.virtual_hosts:
        for domain in host.domains:
            if domain in seen:
                raise Unfit(f"domain {domain!r} would be there twice")
            seen.add(domain)
