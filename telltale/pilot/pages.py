"""The debug pages by their names, for whichever door they are asked through. Never: who may ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from telltale.kube.codec import Json
from telltale.pilot import configz, debug
from telltale.pilot.push import Push
from telltale.pilot.status import Status


class NoPage(LookupError):
    """There is no page of this name."""


class Incomplete(ValueError):
    """The question lacks something; the message says what."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is made of."""

    push: Push
    status: Status
    query: Mapping[str, str]

    @property
    def proxy(self) -> str:
        if found := self.query.get("proxyID"):
            return found
        raise Incomplete("You must provide a proxyID in the query string")

    def word(self, name: str) -> str:
        return self.query.get(name, "")


def _config_dump(asked: Asked) -> Json:
    types = tuple(one for one in asked.word("types").split(",") if one)
    endpoints = "include_eds" in asked.query
    return debug.config_dump(asked.push, asked.status, asked.proxy, types, endpoints=endpoints)


def _distribution(asked: Asked) -> Json:
    if not (resource := asked.word("resource")):
        raise Incomplete("You must provide a resource in the query string")
    namespace = asked.word("proxy_namespace")
    try:
        return configz.config_distribution(asked.push, asked.status, resource, namespace)
    except LookupError as error:
        raise Incomplete(str(error)) from error


PAGES: dict[str, Callable[[Asked], Json]] = {
    "adsz": lambda asked: debug.adsz(asked.status, asked.word("proxyID")),
    "config_distribution": _distribution,
    "config_dump": _config_dump,
    "configz": lambda asked: configz.configz(asked.push),
    "connections": lambda asked: debug.connections(asked.status),
    "edsz": lambda asked: debug.config_dump(asked.push, asked.status, asked.proxy, ("eds",)),
    "endpointShardz": lambda asked: debug.endpointz(asked.push),
    "endpointz": lambda asked: debug.endpointz(asked.push),
    "instancesz": lambda asked: debug.instancesz(asked.push, asked.status),
    "list": lambda asked: [*sorted(PAGES.keys() - {"list"})],
    "ndsz": lambda asked: debug.names(asked.push, asked.status, asked.proxy),
    "problemz": lambda asked: debug.problems(asked.push),
    "push_status": lambda asked: configz.push_status(asked.push),
    "registryz": lambda asked: debug.registryz(asked.push),
    "resourcesz": lambda asked: configz.resourcesz(asked.push),
    "streamz": lambda asked: debug.streamz(asked.status, asked.proxy),
    "syncz": lambda asked: debug.syncz(asked.status, asked.word("namespace")),
}


def page(name: str, asked: Asked) -> Json:
    """Raises `NoPage`, `Incomplete`, or `debug.Unknown` for a proxy that is not connected."""
    made = PAGES.get(name)
    if made is None:
        raise NoPage(f"no such page: {name}; there are {', '.join(sorted(PAGES))}")
    return made(asked)
