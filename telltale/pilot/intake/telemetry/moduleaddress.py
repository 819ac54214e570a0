"""Whether a WasmPlugin's module can be asked for at all, and when it is asked for again. Pure.

Never: asking for it.
"""

import re

from telltale.kube.istio.wasmplugin import WasmPlugin
from telltale.pilot.intake.istio import Reader
from telltale.pilot.modules import wanted
from telltale.pilot.modules.wanted import NoAddress

_SUM = re.compile(r"[0-9a-f]{64}")
_LEFT_OUT = "the plugin is left out"
_SCHEMES = ("file", "http", "https", "oci")


def always(spec: WasmPlugin) -> bool:
    """Whether every change of the object, and every start of the pilot, asks for it anew."""
    unsaid = spec.image_pull_policy == "UNSPECIFIED_POLICY"
    return wanted.changeable(spec.url) if unsaid else spec.image_pull_policy == "Always"


def followed(reader: Reader, spec: WasmPlugin) -> bool:
    """Whether it can be had at all; what has no effect is told."""
    if spec.type == "NETWORK":
        reader.wrong("spec.type", "NETWORK: modules stand among HTTP filters only", _LEFT_OUT,
                     "write one for HTTP")  # fmt: skip
        return False
    if spec.verification_key:
        reader.wrong("spec.verificationKey", "signatures are not verified", _LEFT_OUT,
                     "say in sha256 what the module must add up to")  # fmt: skip
        return False
    scheme, found, rest = spec.url.partition("://")
    if not found or scheme not in _SCHEMES:
        reader.wrong("spec.url", f"{spec.url!r} does not say where the module is", _LEFT_OUT,
                     f"begin it with one of {', '.join(f'{one}://' for one in _SCHEMES)}",
                     )  # fmt: skip
        return False
    if spec.sha256 and not _SUM.fullmatch(spec.sha256):
        reader.wrong("spec.sha256", f"{spec.sha256!r} is not 64 hexadecimal digits", _LEFT_OUT,
                     "write what sha256sum says of the module")  # fmt: skip
        return False
    return _of_file(reader, spec, rest) if scheme == "file" else _remote(reader, spec)


def _of_file(reader: Reader, spec: WasmPlugin, path: str) -> bool:
    if not path.startswith("/"):
        reader.wrong("spec.url", f"{spec.url!r} is no path in the proxy's own files", _LEFT_OUT,
                     "mount the module into istio-proxy, and write file:///path/to/it.wasm",
                     )  # fmt: skip
        return False
    for name, said in (("sha256", spec.sha256), ("imagePullSecret", spec.image_pull_secret)):
        if said:
            reader.wrong(f"spec.{name}", "is not followed", "a file is taken as it is",
                         "take it out")  # fmt: skip
    if spec.image_pull_policy != "UNSPECIFIED_POLICY":
        reader.warn("spec.imagePullPolicy", "has no effect", "a file is not pulled", "take it out")
    return True


def _remote(reader: Reader, spec: WasmPlugin) -> bool:
    try:
        wanted.check(spec.url)
        named = wanted.image(spec.url) if spec.url.startswith("oci://") else None
    except NoAddress as error:
        # The address itself is not repeated: there may be a password in it.
        reader.wrong("spec.url", str(error), _LEFT_OUT, "correct it")
        return False
    if named and named.digest and spec.sha256 not in ("", named.digest.removeprefix("sha256:")):
        reader.wrong("spec.sha256", "is not the digest that the url names", _LEFT_OUT,
                     "keep one of them")  # fmt: skip
        return False
    if spec.image_pull_secret and not named:
        reader.wrong("spec.imagePullSecret", "is for oci:// alone", "the secret is not used",
                     "take it out")  # fmt: skip
    return True
