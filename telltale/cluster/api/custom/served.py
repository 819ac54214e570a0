"""Definitions that are stored become resources and kinds that are served. Follows the store.

Never: waiting; asked around each request, it reads the definitions anew only when one has changed,
or while one is going: that one waits for its objects, and they for their finalizers.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from telltale.cluster.api.custom import accepted, jsonpath, schema
from telltale.cluster.api.custom.accepted import (
    conflict,
    established,
    in_order,
    leaving,
    without_cleanup,
)
from telltale.cluster.api.kinds.every import EveryKind
from telltale.cluster.api.kinds.kind import Kind
from telltale.cluster.api.objects import listed, meta, name_of, number, part, text, words
from telltale.cluster.api.problems import Problem, shown
from telltale.cluster.api.resources import EVERY_VERB, Registry, Resource, Scale
from telltale.cluster.api.tables.column import AGE, NAME, Column, age
from telltale.cluster.api.view import View
from telltale.cluster.store.revisions import Store
from telltale.cluster.store.stored import Key, Stored
from telltale.kube.codec import Json, Object
from telltale.lib.clock import Clock
from telltale.lib.moment import rfc3339

STORAGE = "customresourcedefinitions.apiextensions.k8s.io"


class Custom:
    def __init__(self, store: Store, registry: Registry, kinds: EveryKind, clock: Clock) -> None:
        self._store = store
        self._registry = registry
        self._kinds = kinds
        self._clock = clock
        self._seen = -1
        self._known: dict[str, int] = {}  # definition, revision
        self._going: set[str] = set()

    def follow(self) -> None:
        """Serve what the stored definitions say now."""
        for name in list(self._going):
            self._empty(name)
        if self._store.log(STORAGE).newest == self._seen:
            return
        self._judge()
        self._seen = self._store.log(STORAGE).newest
        stored = {one.key.name: one for one in self._store.all(STORAGE)}
        for name in self._known.keys() - stored.keys():
            self._forget(name)
        for name, one in stored.items():
            if self._known.get(name) != one.revision:
                self._serve(name, one.object())
        self._known = {name: one.revision for name, one in stored.items()}

    def _judge(self) -> None:
        """Say of each definition whether it has its names; the first to come has them."""
        before: list[Object] = []
        now = rfc3339(self._clock.now())
        for definition in in_order([one.object() for one in self._store.all(STORAGE)]):
            wrong = conflict(definition, before)
            status = accepted.status(definition, wrong, now)
            if not wrong:
                before.append(definition)
            if status != definition.get("status"):
                key = Key(STORAGE, "", name_of(definition))
                stored = self._store.get(key)
                if stored:
                    self._store.put(key, {**definition, "status": status}, stored.revision)

    def _serve(self, name: str, definition: Object) -> None:
        versions = [each for each in _versions(definition) if each.served]
        if not established(definition):
            versions = []
        self._registry.serve(name, tuple(each.resource() for each in versions))
        self._kinds.define(name, {each.name: each.kind() for each in versions})
        if leaving(definition):
            self._going.add(name)
            self._empty(name)

    def _empty(self, name: str) -> None:
        """The objects of a definition that goes; it goes itself once none is left."""
        for one in self._store.all(name):
            object = one.object()
            if not meta(object).get("finalizers"):
                self._store.remove(one.key, object, one.revision)
            elif not meta(object).get("deletionTimestamp"):
                meta(object)["deletionTimestamp"] = rfc3339(self._clock.now())
                meta(object)["deletionGracePeriodSeconds"] = 0
                self._store.put(one.key, object, one.revision)
        definition = self._store.get(Key(STORAGE, "", name))
        if definition and not self._store.all(name):
            self._let_go(definition)

    def _let_go(self, definition: Stored) -> None:
        self._going.discard(definition.key.name)
        object = without_cleanup(definition.object())
        if not leaving(object):
            return
        if meta(object).get("finalizers"):
            self._store.put(definition.key, object, definition.revision)
        else:
            self._store.remove(definition.key, object, definition.revision)

    def _forget(self, name: str) -> None:
        self._going.discard(name)
        for one in self._store.all(name):
            self._store.remove(one.key, one.object(), one.revision)
        self._registry.serve(name, ())
        self._kinds.define(name, {})


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of a definition."""

    definition: Object
    version: Object
    storage: str
    many: bool

    @property
    def name(self) -> str:
        return text(self.version, "name")

    @property
    def served(self) -> bool:
        return self.version.get("served") is True

    @property
    def schema(self) -> Object:
        return part(self.version, "schema", "openAPIV3Schema")

    @property
    def _verbs(self) -> tuple[str, ...]:
        """Nothing new while the definition goes."""
        going = leaving(self.definition)
        return tuple(one for one in EVERY_VERB if not (going and one == "create"))

    def resource(self) -> Resource:
        spec = part(self.definition, "spec")
        names, parts = part(spec, "names"), part(self.version, "subresources")
        group = text(spec, "group")
        view = View(partial(_as, group, self.name), partial(_as, group, self.storage))
        return Resource(
            group, self.name, text(names, "kind"), text(names, "plural"),
            namespaced=text(spec, "scope") == "Namespaced",
            short=tuple(words(names, "shortNames")),
            categories=tuple(words(names, "categories")),
            subresources=tuple(one for one in ("scale", "status") if one in parts),
            verbs=self._verbs, singular=text(names, "singular"), list_kind=text(names, "listKind"),
            view=view if self.many else None, custom=True, columns=_columns(self.version),
            scale=_scale(part(parts, "scale")), schema=self.schema,
        )  # fmt: skip

    def kind(self) -> Kind:
        return Kind(
            default=self._default, validate=self._validate, prune=self._prune,
            status="status" in part(self.version, "subresources"), generation=True,
        )  # fmt: skip

    def _default(self, object: Object) -> None:
        schema.default(object, self.schema)

    def _validate(self, object: Object) -> list[Problem]:
        return schema.validate(object, self.schema)

    def _prune(self, object: Object) -> list[str]:
        return schema.prune(object, self.schema)


def _versions(definition: Object) -> list[_Version]:
    versions = listed(definition, "spec", "versions")
    storage = next((text(one, "name") for one in versions if one.get("storage") is True), "")
    return [_Version(definition, one, storage, len(versions) > 1) for one in versions]


def _as(group: str, version: str, object: Object) -> Object:
    """Conversion `None`: only the apiVersion differs."""
    return {**object, "apiVersion": f"{group}/{version}", "metadata": meta(object)}


def _scale(found: Object) -> Scale:
    def path(key: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
        given = text(found, key)
        return tuple(given.strip(".").split(".")) if given else otherwise

    return Scale(
        path("specReplicasPath", ("spec", "replicas")),
        path("statusReplicasPath", ("status", "replicas")),
        path("labelSelectorPath", ()),
    )


def _columns(version: Object) -> tuple[Column, ...]:
    given = listed(version, "additionalPrinterColumns")
    if not given:
        return (NAME, AGE)
    return (NAME, *(_column(one) for one in given))


def _column(given: Object) -> Column:
    path, type = text(given, "jsonPath"), text(given, "type")

    def cell(object: Object, now: datetime) -> Json:
        try:
            found = jsonpath.find(object, path)
        except jsonpath.BadPath:
            return None
        if not found:
            return None
        value = found[0]
        if type == "date":
            return age(str(value or ""), now)
        if isinstance(value, int | float | bool):
            return value
        return " ".join(_printed(one) for one in found)

    return Column(
        text(given, "name"), cell, type=type, format=text(given, "format"),
        priority=number(given, "priority"), description=text(given, "description"),
    )  # fmt: skip


def _printed(value: Json) -> str:
    """Text as it is; a list or an object as JSON (apiextensions-apiserver, tableconvertor)."""
    return value if isinstance(value, str) else shown(value)
