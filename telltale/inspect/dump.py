"""Envoy's own pages as JSON: `/config_dump` in its sections, `/clusters` in its hosts. Pure.

They stay JSON, for they may hold extensions that we have no types for, and `-o json` shows them as
they are. Never: rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from telltale.kube import codec
from telltale.kube.codec import Json, Malformed, Object, dig

_ADMIN = "type.googleapis.com/envoy.admin.v3."


@dataclass(frozen=True, slots=True)
class Dump:
    """`configs` of a config dump by the last word of their type."""

    configs: tuple[Object, ...]

    def section(self, name: str) -> Object:
        """`ClustersConfigDump`, say; empty when the proxy has none."""
        return next((one for one in self.configs if one.get("@type") == _ADMIN + name), {})

    @property
    def bootstrap(self) -> Object:
        return an_object(dig(self.section("BootstrapConfigDump"), "bootstrap"))

    @property
    def clusters(self) -> tuple[Object, ...]:
        return tuple(self._each("ClustersConfigDump", "cluster", "static_clusters",
                                "dynamic_active_clusters"))  # fmt: skip

    @property
    def routes(self) -> tuple[Object, ...]:
        return tuple(self._each("RoutesConfigDump", "route_config", "static_route_configs",
                                "dynamic_route_configs"))  # fmt: skip

    @property
    def listeners(self) -> tuple[Object, ...]:
        """Those that serve now; one that is only warming serves nothing yet."""
        found = [*self._each("ListenersConfigDump", "listener", "static_listeners")]
        section = self.section("ListenersConfigDump")
        found += [
            listener for entry in objects(section.get("dynamic_listeners"))
            if (listener := an_object(dig(entry, "active_state", "listener")))
        ]  # fmt: skip
        return tuple(found)

    @property
    def secrets(self) -> tuple[Object, ...]:
        """Entries as they stand, each with its `state`: active or warming."""
        section = self.section("SecretsConfigDump")
        return tuple(
            {**entry, "state": state}
            for state, field in (("ACTIVE", "static_secrets"), ("ACTIVE", "dynamic_active_secrets"),
                                 ("WARMING", "dynamic_warming_secrets"))
            for entry in objects(section.get(field))
        )  # fmt: skip

    def _each(self, section: str, inner: str, *fields: str) -> Iterator[Object]:
        found = self.section(section)
        for field in fields:
            for entry in objects(found.get(field)):
                if one := an_object(entry.get(inner)):
                    yield one


def read(text: bytes) -> Dump:
    """Raises `Malformed`."""
    return of_json(codec.parse(text))


def of_json(value: Json) -> Dump:
    """Raises `Malformed`."""
    configs = dig(value, "configs")
    if not isinstance(configs, list):
        raise Malformed("not a config dump: it has no configs")
    return Dump(objects(configs))


def hosts(text: bytes) -> tuple[tuple[str, Object], ...]:
    """A cluster's name with each host of its, from `/clusters?format=json`. Raises `Malformed`."""
    page = codec.parse_object(text)
    return tuple(
        (str(cluster.get("name", "")), host)
        for cluster in objects(page.get("cluster_statuses"))
        for host in objects(cluster.get("host_statuses"))
    )


def objects(value: Json) -> tuple[Object, ...]:
    """Those members of a list that are objects; of anything else none."""
    return tuple(one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def an_object(value: Json) -> Object:
    return value if isinstance(value, dict) else {}


def words(value: Json) -> tuple[str, ...]:
    """Those members of a list that are texts."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def text(value: Json, *path: str | int) -> str:
    """The text or number at a path, "" when there is none."""
    found = dig(value, *path)
    return str(found) if isinstance(found, str | int | float) else ""
