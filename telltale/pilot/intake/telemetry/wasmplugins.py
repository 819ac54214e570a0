"""WasmPlugins: a module among the HTTP filters, by phase and priority. Pure.

Read in two steps: what the object says, which is kept as long as it is the same; and what is there
of its module, which comes and goes. Never: a module fetched.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from telltale.kube.codec import encode
from telltale.kube.istio import wasmplugin as istio
from telltale.kube.istio.kinds import WASM_PLUGIN
from telltale.kube.istio.message import Config
from telltale.kube.meta import Ref
from telltale.lib.memo import Memo
from telltale.model.extension import Code, Extension, Failing
from telltale.model.options import DEFAULT
from telltale.model.patch import Change, Context, Part, Patch, Where
from telltale.pilot.intake import chosen
from telltale.pilot.intake.istio import Reader, read_all
from telltale.pilot.intake.problem import Level, Problem
from telltale.pilot.intake.telemetry import moduleaddress
from telltale.pilot.modules.wanted import Failure, Outcomes, Wanted
from telltale.pilot.patching import wasm

_FILE = "file://"
_CONTEXTS = {
    "CLIENT": Context.OUTBOUND, "SERVER": Context.INBOUND, "CLIENT_AND_SERVER": Context.ANY,
}  # fmt: skip
_PHASES = ("AUTHN", "AUTHZ", "STATS", "UNSPECIFIED_PHASE")
_WITHOUT = {
    Failing.OPEN: "requests pass without it (FAIL_OPEN)",
    Failing.CLOSE: "requests are answered with 503 (FAIL_CLOSE)",
    Failing.RELOAD: "requests are answered with 503 (FAIL_RELOAD)",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What there is of modules: what came of those wanted, and what each plugin had before."""

    outcomes: Outcomes = field(default_factory=dict)
    before: Mapping[str, Extension] = field(default_factory=dict)


NOTHING_YET = Known()


@dataclass(frozen=True, slots=True)
class Plugin:
    """What an object says. `wanted` is None where the code is a file of the proxy's own."""

    ref: Ref
    patches: tuple[Patch, ...]
    extension: Extension
    wanted: Wanted | None


@dataclass(frozen=True, slots=True)
class Plugins:
    """In the order in which a request meets them: by phase, then the higher priority first."""

    patches: tuple[Patch, ...] = ()
    extensions: Mapping[str, Extension] = field(default_factory=dict)
    wanted: tuple[Wanted, ...] = ()


def read(
    given: Iterable[Config], domain: str, memo: Memo | None = None, root: str = DEFAULT.root,
    known: Known = NOTHING_YET,
) -> tuple[Plugins, list[Problem]]:  # fmt: skip
    one = (memo or Memo()).of(_reader, root)
    found, problems = read_all(WASM_PLUGIN, istio.WasmPlugin, given, domain, one, memo=memo)
    patches: list[Patch] = []
    extensions: dict[str, Extension] = {}
    for plugin in found:
        extension = _had(plugin, known, problems, memo or Memo())
        if extension:
            patches += plugin.patches
            extensions[extension.name] = extension
    patches.sort(key=lambda patch: (_PHASES.index(patch.phase), -patch.priority, patch.origin))
    wanted = dict.fromkeys(one.wanted for one in found if one.wanted)
    return Plugins(tuple(patches), extensions, tuple(wanted)), problems


def check(given: Iterable[Config], domain: str) -> tuple[object, list[Problem]]:
    """What is wrong with what the objects say, whatever there is of modules."""
    return read_all(WASM_PLUGIN, istio.WasmPlugin, given, domain, _reader(DEFAULT.root))


def _had(plugin: Plugin, known: Known, problems: list[Problem], memo: Memo) -> Extension | None:
    """With its code as far as it is there; None while nobody knows yet whether it is."""
    if plugin.wanted is None:
        return plugin.extension
    found = known.outcomes.get(plugin.wanted)
    if isinstance(found, Code):
        return memo.of(_with, plugin.extension, found)
    before = known.before.get(plugin.extension.name)
    older = before.code if before else None
    if isinstance(found, Failure):
        problems.append(_missing(plugin, found, held=older is not None))
        return memo.of(_with, plugin.extension, older)
    why = "requests pass without it until then" if older is None else "the one before holds"
    problems.append(Problem(
        plugin.ref, "spec.url", "the module is on its way", why, "wait", Level.INFO,
        code="module-on-its-way",
    ))  # fmt: skip
    return memo.of(_with, plugin.extension, older) if older is not None else None


def _missing(plugin: Plugin, found: Failure, *, held: bool) -> Problem:
    why = "the one before holds" if held else _WITHOUT[plugin.extension.failing]
    return Problem(plugin.ref, "spec.url", f"the module cannot be had: {found.why}", why,
                   f"{found.hint}; it is tried again within a minute",
                   code="module-missing")  # fmt: skip


def _with(one: Extension, code: Code | str | None) -> Extension:
    return Extension(one.name, one.url, code, one.root, one.settings, one.failing, one.values,
                     one.inherited)  # fmt: skip


def _reader(root: str) -> Callable[[Reader, istio.WasmPlugin], Plugin | None]:
    return lambda reader, spec: _plugin(reader, spec, root)


def _plugin(reader: Reader, spec: istio.WasmPlugin, root: str) -> Plugin | None:
    if not moduleaddress.followed(reader, spec):
        return None
    extension = _extension(wasm.name_of(reader.origin), spec)
    patches = tuple(_patches(reader, spec, root, extension))
    return Plugin(reader.ref, patches, extension, _wanted(reader.namespace, spec))


def _wanted(namespace: str, spec: istio.WasmPlugin) -> Wanted | None:
    if spec.url.startswith(_FILE):
        return None
    secret = None
    if spec.image_pull_secret and spec.url.startswith("oci://"):
        secret = namespace, spec.image_pull_secret
    again = sha256(encode(spec)).hexdigest() if moduleaddress.always(spec) else ""
    return Wanted(spec.url, spec.sha256, secret, again)


def _patches(
    reader: Reader, spec: istio.WasmPlugin, root: str, extension: Extension
) -> Iterator[Patch]:
    value = wasm.filter_of(extension.name, extension.failing)
    refs = [*([spec.target_ref] if spec.target_ref else []), *spec.target_refs]
    wanted = spec.selector.match_labels if spec.selector else None
    priority = spec.priority if spec.priority is not None else -(2**31)
    for scope in chosen.scopes(reader, root, "selector", wanted, refs):
        for where in _places(spec):
            yield Patch(
                reader.origin, scope, 0, Part.HTTP_FILTER, Change.BEFORE, where, value,
                spec.phase, priority, extension.name,
            )  # fmt: skip


def _places(spec: istio.WasmPlugin) -> Iterator[Where]:
    """Without a match everywhere; else once for each side and port."""
    if not spec.match:
        yield Where()
    for one in spec.match:
        for port in one.ports or (None,):
            yield Where(_CONTEXTS[one.mode], port=(port.number or 0) if port else 0)


def _extension(name: str, spec: istio.WasmPlugin) -> Extension:
    environment = spec.vm_config.env if spec.vm_config else []
    of_file = spec.url.startswith(_FILE)
    return Extension(
        name, spec.url, spec.url.removeprefix(_FILE) if of_file else None, spec.plugin_name,
        encode(spec.plugin_config).decode() if spec.plugin_config is not None else "",
        Failing(spec.fail_strategy),
        {one.name: one.value for one in environment if one.value_from == "INLINE"},
        tuple(one.name for one in environment if one.value_from == "HOST"),
    )  # fmt: skip
