"""The API server without its sockets: a request in, an answer out. Both shells call `handle`.

Never: a rule of a kind or a verb; it only finds who is responsible. Errors become `Status` objects.
"""

import logging
from collections.abc import Awaitable, Callable

import orjson

from telltale.cluster.api import discovery, paths, swagger
from telltale.cluster.api.core import Core
from telltale.cluster.api.custom.served import Custom
from telltale.cluster.api.openapi import OpenApi
from telltale.cluster.api.request import ANONYMOUS, Answer, Ask, Call, Reply, answer
from telltale.cluster.api.verbs import create, delete, patch, read, update, watch
from telltale.cluster.store.journal import StoreUnusable
from telltale.kube import errors

log = logging.getLogger(__name__)

_VERBS = {
    ("GET", False): "list", ("POST", False): "create", ("POST", True): "create",
    ("PUT", True): "update", ("DELETE", False): "deletecollection",
}  # fmt: skip
PUBLIC = ("/healthz", "/readyz", "/livez", "/version")
Part = Callable[[Core, Call], Awaitable[Reply]]  # serves a subresource, or a kind made to be asked
Page = Callable[[Ask], Answer]


class Api:
    """`parts` serve subresources ("plural/subresource") and kinds that are only asked ("plural").

    `pages` are further pages by path; `custom` follows the stored definitions.
    """

    def __init__(
        self, core: Core, custom: Custom, parts: dict[str, Part], pages: dict[str, Page]
    ) -> None:
        self._core = core
        self._custom = custom
        self._openapi = OpenApi(core.registry)
        self._parts = parts
        self._pages = {**_pages(self._openapi), **pages}

    async def handle(self, ask: Ask) -> Reply:
        """The answer to a request; never raises for anything that a client can cause."""
        try:
            self._custom.follow()
            self._permit(ask)
            reply = self._page(ask) or await self._resource(ask)
            self._custom.follow()  # a definition just made is served before its maker asks
            return reply
        except paths.NoSuchPath:
            return Answer(404, b"404 page not found\n", "text/plain; charset=utf-8")
        except paths.NoSuchResource:
            said = "the server could not find the requested resource"
            return refused(errors.NotFound(said, {}))
        except errors.ApiError as error:
            return refused(error)
        except StoreUnusable as error:
            log.error("%s %s: %s", ask.method, ask.path, error)
            return refused(errors.ApiError(f"Internal error occurred: {error}"))
        except Exception as error:
            log.exception("%s %s failed", ask.method, ask.path)
            said = f"Internal error occurred: {type(error).__name__}: {error}"
            return refused(errors.ApiError(said))

    def _permit(self, ask: Ask) -> None:
        """Nobody in particular may see whether we live; everyone known may do everything."""
        if ask.user != ANONYMOUS or ask.path.rstrip("/") in PUBLIC:
            return
        try:
            target = paths.target(ask.path, self._core.registry)
        except (paths.NoSuchPath, paths.NoSuchResource):
            said = (
                f'forbidden: User "{ANONYMOUS.name}" cannot {ask.method.lower()} path "{ask.path}"'
            )
            raise errors.Forbidden(said) from None
        verb = _VERBS.get((ask.method, bool(target.name)), ask.method.lower())
        where = f' in the namespace "{target.namespace}"' if target.namespace else (
            " at the cluster scope"
        )  # fmt: skip
        resource = target.resource
        raise errors.Forbidden(
            f'{resource.qualified} is forbidden: User "{ANONYMOUS.name}" cannot {verb} resource'
            f' "{resource.plural}" in API group "{resource.group}"{where}'
        )

    def _page(self, ask: Ask) -> Answer | None:
        """What is not an object: health, versions, discovery, schemas."""
        path = ask.path.rstrip("/")
        if path in self._pages:
            return self._pages[path](ask)
        if ask.method not in ("GET", "HEAD"):
            return None
        registry, accept = self._core.registry, ask.headers.get("accept", "")
        asked = discovery.wants_aggregated(accept)
        if path in ("/api", "/apis"):
            if asked:
                kind = f"application/json;g=apidiscovery.k8s.io;v={asked};as=APIGroupDiscoveryList"
                body = discovery.aggregated(registry, path == "/api", asked)
                return Answer(200, orjson.dumps(body), kind)
            plain = discovery.core_versions() if path == "/api" else discovery.groups(registry)
            return answer(plain)
        if path.startswith("/openapi/v3/"):
            found = self._openapi.group(path.removeprefix("/openapi/v3/"))
            return Answer(200, found) if found else None
        match path.split("/")[1:]:
            case ["api", version]:
                body_ = discovery.resources(registry, "", version)
            case ["apis", group]:
                body_ = discovery.group(registry, group)
            case ["apis", group, version]:
                body_ = discovery.resources(registry, group, version)
            case _:
                return None
        if body_ is None:
            raise paths.NoSuchPath
        return answer(body_)

    async def _resource(self, ask: Ask) -> Reply:
        target = paths.target(ask.path, self._core.registry)
        call = Call(ask, target)
        if target.subresource or target.resource.verbs == ("create",):
            return await self._part(call)
        verb = verb_of(ask, target.name)
        if verb not in target.resource.verbs:
            raise not_allowed()
        core = self._core
        match verb:
            case "get":
                return read.get(core, call)
            case "list":
                return read.list_all(core, call)
            case "watch":
                return watch.watch(core, call)
            case "create":
                return await create.create(core, call)
            case "update":
                return await update.update(core, call)
            case "patch":
                return await patch.patch(core, call)
            case "delete":
                return await delete.delete(core, call)
            case "deletecollection":
                return await delete.delete_collection(core, call)
            case _:
                raise not_allowed()

    async def _part(self, call: Call) -> Reply:
        plural, subresource = call.resource.plural, call.target.subresource
        part = self._parts.get(f"{plural}/{subresource}" if subresource else plural)
        if part is None and subresource == "status":
            return await status(self._core, call)
        if part is None and subresource == "scale":
            part = self._parts["*/scale"]
        if part is None:
            raise paths.NoSuchResource
        return await part(self._core, call)


async def status(core: Core, call: Call) -> Reply:
    """The /status of any kind that has one."""
    match call.ask.method:
        case "GET" | "HEAD":
            return read.get(core, call)
        case "PUT":
            return await update.update(core, call)
        case "PATCH":
            return await patch.patch(core, call)
        case _:
            raise not_allowed()


def verb_of(ask: Ask, name: str) -> str:
    """Kubernetes' verb for a method and URL; raises 405 where there is none."""
    watching = ask.true("watch")
    match ask.method, bool(name):
        case (("GET" | "HEAD"), named):
            if watching:
                return "watch"
            return "get" if named else "list"
        case "POST", False:
            return "create"
        case "PUT", True:
            return "update"
        case "PATCH", True:
            return "patch"
        case "DELETE", True:
            return "delete"
        case "DELETE", False:
            return "deletecollection"
        case _:
            raise not_allowed()


def not_allowed() -> errors.MethodNotAllowed:
    return errors.MethodNotAllowed(
        "the server does not allow this method on the requested resource"
    )


def refused(error: errors.ApiError) -> Answer:
    """An error as the `Status` that clients know."""
    headers = {"Retry-After": "1"} if error.code in (429, 504) else {}
    return Answer(error.code, orjson.dumps(error.status()), headers=headers)


def _pages(openapi: OpenApi) -> dict[str, Page]:
    """Health, version, schemas."""

    def fine(ask: Ask) -> Answer:
        return Answer(200, b"ok", "text/plain; charset=utf-8")

    def version(ask: Ask) -> Answer:
        return answer(discovery.version())

    def index(ask: Ask) -> Answer:
        return Answer(200, openapi.index())

    def whole(ask: Ask) -> Answer:
        accept = ask.headers.get("accept", "")
        if any(one in accept for one in swagger.ASKED):
            return Answer(200, openapi.swagger_protobuf(), swagger.MEDIA)
        return Answer(200, openapi.swagger())

    return {
        "/healthz": fine, "/readyz": fine, "/livez": fine, "/version": version,
        "/openapi/v3": index, "/openapi/v2": whole,
    }  # fmt: skip
