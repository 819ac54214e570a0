"""get and list. Never: a change of anything."""

import base64
from dataclasses import dataclass

import orjson

from telltale.cluster.api import present, selectors
from telltale.cluster.api.core import Core
from telltale.cluster.api.problems import absent
from telltale.cluster.api.request import Answer, Ask, Call
from telltale.cluster.api.selectors import Selection
from telltale.cluster.api.verbs.options import revision
from telltale.cluster.store.stored import Stored
from telltale.cluster.store.watches import Forgotten
from telltale.kube import codec, errors
from telltale.kube.codec import Malformed, Object


def get(core: Core, call: Call) -> Answer:
    target = call.target
    found = core.stored(target.resource, target.namespace, target.name)
    if found is None:
        raise absent(target.resource, target.name)
    return present.one(core, call, found)


@dataclass(frozen=True, slots=True)
class Page:
    """Where a list goes on: at which revision, and behind which object."""

    revision: int
    after: tuple[str, str]

    def token(self) -> str:
        return base64.urlsafe_b64encode(orjson.dumps([self.revision, *self.after])).decode()


@dataclass(frozen=True, slots=True)
class Found:
    """A list's answer before it is written down."""

    items: list[Stored]
    revision: int
    token: str = ""
    remaining: int | None = None


def list_all(core: Core, call: Call) -> Answer:
    selection = selection_of(core, call)
    return present.many(core, call, _found(core, call, selection))


def selection_of(core: Core, call: Call) -> Selection:
    """The selectors of a request; a name in the URL of a watch selects too."""
    known = tuple(core.kinds.of(call.resource).fields({}))
    return selectors.read(call.ask, known)


def _found(core: Core, call: Call, selection: Selection) -> Found:
    ask, target = call.ask, call.target
    page, at = _where(core, ask)
    items = _at(core, call, at)
    items = selection.of(items)
    if page:
        items = [one for one in items if (one.key.namespace, one.key.name) > page.after]
    limit = _limit(ask)
    if not limit or len(items) <= limit:
        return Found(items, at)
    last = items[limit - 1].key
    token = Page(at, (last.namespace, last.name)).token()
    remaining = len(items) - limit if selection.everything else None
    assert target.resource.namespaced or not last.namespace
    return Found(items[:limit], at, token, remaining)


def _where(core: Core, ask: Ask) -> tuple[Page | None, int]:
    """The page that is asked for, and the revision to answer at. Now, unless it says otherwise."""
    token, version = ask.one("continue"), ask.one("resourceVersion")
    match = ask.one("resourceVersionMatch")
    if match and not version and not token:
        why = "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless"
        raise errors.Invalid(
            f'ListOptions.meta.k8s.io "" is invalid: {why} resourceVersion is provided'
        )
    if token:
        if version and version != "0":
            raise errors.BadRequest(
                "specifying resource version is not allowed when using continue"
            )
        page = _page(token)
        return page, page.revision
    asked = revision(version) if version else 0
    if asked > core.store.revision:
        raise too_large(asked, core.store.revision)
    return None, asked if match == "Exact" and asked else core.store.revision


def too_large(asked: int, current: int) -> errors.Timeout:
    why = f"Too large resource version: {asked}, current: {current}"
    cause: Object = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return errors.Timeout(why, {"causes": [cause], "retryAfterSeconds": 1})


def _page(token: str) -> Page:
    try:
        value = codec.parse(base64.urlsafe_b64decode(token))
    except (ValueError, Malformed):
        value = None
    match value:
        case [int(at), str(namespace), str(name)]:
            return Page(at, (namespace, name))
        case _:
            raise errors.BadRequest("continue key is not valid: it was not made by this server")


def _at(core: Core, call: Call, at: int) -> list[Stored]:
    resource = call.resource
    try:
        return core.store.all_at(resource.storage, call.target.namespace, at)
    except Forgotten as error:
        said = (
            "The provided continue parameter is too old to display a consistent list result. You"
            " can start a new list without the continue parameter"
            if call.ask.one("continue")
            else str(error)
        )
        raise errors.Gone(said) from error


def _limit(ask: Ask) -> int:
    text = ask.one("limit")
    if text and not text.isdigit():
        raise errors.BadRequest(f'limit: Invalid value: "{text}": must be a whole number')
    return int(text) if text else 0
