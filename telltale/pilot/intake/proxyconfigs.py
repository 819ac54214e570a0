"""ProxyConfigs into how proxies are started. Pure.

The injector takes them; what runs already is not concerned. Never: which of several holds
(`model.startup`), or a pod.
"""

import re
from collections.abc import Iterable

from telltale.kube.istio import proxyconfig as istio
from telltale.kube.istio.kinds import PROXY_CONFIG
from telltale.kube.istio.message import Config
from telltale.lib.memo import Memo
from telltale.model.startup import Starts, Startup
from telltale.pilot.intake.istio import Reader, labels, read_all
from telltale.pilot.intake.problem import Problem

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LEFT_OUT = "the object is left out"
_IMAGE_TYPES = ("", "default")


def read(
    given: Iterable[Config], domain: str, memo: Memo | None = None
) -> tuple[list[Starts], list[Problem]]:
    return read_all(PROXY_CONFIG, istio.ProxyConfig, given, domain, _starts, memo=memo)


def _starts(reader: Reader, spec: istio.ProxyConfig) -> Starts | None:
    wanted = spec.selector.match_labels if spec.selector else {}
    if bad := [key for key, value in wanted.items() if not key or "*" in key + value]:
        reader.wrong("spec.selector.matchLabels", f"{bad[0]!r} is no label, or one with a *",
                     _LEFT_OUT, "name whole labels")  # fmt: skip
    for name in spec.environment_variables:
        if not _VARIABLE.fullmatch(name):
            reader.wrong(f"spec.environmentVariables[{name}]", "is no name of a variable",
                         _LEFT_OUT, "letters, digits and _, no digit first")  # fmt: skip
    if reader.problems:
        return None
    if spec.selector and not wanted:
        reader.warn("spec.selector", "is empty", "every pod of the namespace is meant",
                    "name labels, or remove it")  # fmt: skip
    if spec.image and spec.image.image_type not in _IMAGE_TYPES:
        reader.warn("spec.image.imageType", f'there is no image "{spec.image.image_type}"',
                    "proxies run the mesh's one image, whatever is said here",
                    "remove it; another image is annotation sidecar.istio.io/proxyImage"
                    )  # fmt: skip
    startup = Startup(spec.concurrency, dict(spec.environment_variables))
    return Starts(reader.origin, labels(wanted), startup)
