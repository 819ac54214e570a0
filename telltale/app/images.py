"""The images that come with the package: the host's root file system and a command of ours.

Never: how an image becomes a root directory (`cluster.images` knows).
"""

import importlib.metadata
from pathlib import Path

import telltale
from telltale.app.errors import Refused

VERSION = importlib.metadata.version("telltale")
PROXY = f"telltale/proxyv2:{VERSION}"
PILOT = f"telltale/pilot:{VERSION}"
DNS = f"telltale/kube-dns:{VERSION}"


def package_directory() -> Path:
    return Path(telltale.__file__).parent


def samples_directory() -> Path:
    """`samples/`: inside the installed package, or beside it in a checkout."""
    for place in (package_directory() / "samples", package_directory().parent / "samples"):
        if place.is_dir():
            return place
    raise Refused("the samples are not installed: reinstall telltale with pip")


def samples() -> list[str]:
    return sorted(place.name for place in samples_directory().iterdir() if place.is_dir())
