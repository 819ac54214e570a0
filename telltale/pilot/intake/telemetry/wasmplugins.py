"""WasmPlugins into patches: a module among the HTTP filters, by phase and priority. Pure.

Never: a module fetched. One that is not in the proxy's own files is refused, as nothing here may
leave the machine on a user's word.
"""

from collections.abc import Callable, Iterable, Iterator

from telltale.kube.codec import encode
from telltale.kube.istio import wasmplugin as istio
from telltale.kube.istio.kinds import WASM_PLUGIN
from telltale.kube.istio.message import Config
from telltale.lib.memo import Memo
from telltale.model.options import DEFAULT
from telltale.model.patch import Change, Context, Part, Patch, Where
from telltale.pilot.intake import chosen
from telltale.pilot.intake.istio import Reader, read_all
from telltale.pilot.intake.problem import Problem
from telltale.pilot.patching import wasm

_FILE = "file://"
_CONTEXTS = {
    "CLIENT": Context.OUTBOUND, "SERVER": Context.INBOUND, "CLIENT_AND_SERVER": Context.ANY,
}  # fmt: skip
_PHASES = ("AUTHN", "AUTHZ", "STATS", "UNSPECIFIED_PHASE")
_FAILURES = {"FAIL_CLOSE": "FAIL_CLOSED", "FAIL_OPEN": "FAIL_OPEN", "FAIL_RELOAD": "FAIL_RELOAD"}
_LEFT_OUT = "the plugin is left out"


def read(
    given: Iterable[Config], domain: str, memo: Memo | None = None, root: str = DEFAULT.root
) -> tuple[list[Patch], list[Problem]]:
    """In the order in which a request meets them: by phase, then the higher priority first."""
    one = (memo or Memo()).of(_reader, root)
    found, problems = read_all(WASM_PLUGIN, istio.WasmPlugin, given, domain, one, memo=memo)
    patches = [patch for several in found for patch in several]
    patches.sort(key=lambda patch: (_PHASES.index(patch.phase), -patch.priority, patch.origin))
    return patches, problems


def _reader(root: str) -> Callable[[Reader, istio.WasmPlugin], list[Patch]]:
    return lambda reader, spec: list(_patches(reader, spec, root))


def _patches(reader: Reader, spec: istio.WasmPlugin, root: str) -> Iterator[Patch]:
    if not _followed(reader, spec):
        return
    name = f"{reader.namespace}.{reader.origin.name}"
    value = wasm.filter_of(_module(name, spec))
    refs = [*([spec.target_ref] if spec.target_ref else []), *spec.target_refs]
    wanted = spec.selector.match_labels if spec.selector else None
    priority = spec.priority if spec.priority is not None else -(2**31)
    for scope in chosen.scopes(reader, root, "selector", wanted, refs):
        for where in _places(spec):
            yield Patch(
                reader.origin, scope, 0, Part.HTTP_FILTER, Change.BEFORE, where, value,
                spec.phase, priority,
            )  # fmt: skip


def _places(spec: istio.WasmPlugin) -> Iterator[Where]:
    """Without a match everywhere; else once for each side and port."""
    if not spec.match:
        yield Where()
    for one in spec.match:
        for port in one.ports or (None,):
            yield Where(_CONTEXTS[one.mode], port=(port.number or 0) if port else 0)


def _module(name: str, spec: istio.WasmPlugin) -> wasm.Module:
    environment = spec.vm_config.env if spec.vm_config else []
    return wasm.Module(
        name, spec.url.removeprefix(_FILE), spec.plugin_name,
        encode(spec.plugin_config).decode() if spec.plugin_config is not None else "",
        _FAILURES[spec.fail_strategy],
        {one.name: one.value for one in environment if one.value_from == "INLINE"},
        tuple(one.name for one in environment if one.value_from == "HOST"),
    )  # fmt: skip


def _followed(reader: Reader, spec: istio.WasmPlugin) -> bool:
    """Whether it can be had at all; what has no effect is told."""
    if not spec.url.startswith(_FILE) or not spec.url.removeprefix(_FILE).startswith("/"):
        reader.wrong("spec.url", f"{spec.url!r} is not in the proxy's own files", _LEFT_OUT,
                     "mount the module into istio-proxy, and write file:///path/to/it.wasm",
                     )  # fmt: skip
        return False
    if spec.type == "NETWORK":
        reader.wrong("spec.type", "NETWORK: modules stand among HTTP filters only", _LEFT_OUT,
                     "write one for HTTP")  # fmt: skip
        return False
    for name, said in (("sha256", spec.sha256), ("imagePullSecret", spec.image_pull_secret),
                       ("verificationKey", spec.verification_key)):  # fmt: skip
        if said:
            reader.wrong(f"spec.{name}", "is not followed", "a file is taken as it is",
                         "take it out")  # fmt: skip
    if spec.image_pull_policy != "UNSPECIFIED_POLICY":
        reader.warn("spec.imagePullPolicy", "has no effect", "a file is not pulled", "take it out")
    return True
