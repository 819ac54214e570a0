"""Which names a class can look up, and the table's bytes."""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.any_pb2 import Any

from telltale.kube import codec
from telltale.kube.istio.kinds import SERVICE_ENTRY, SIDECAR
from telltale.kube.meta import Config
from telltale.kube.service import EndpointSlice, Service
from telltale.model.view import View
from telltale.pilot.intake.read import Objects, read
from telltale.pilot.naming import NDS, Named, resource, table

PORT = {"name": "tcp", "port": 9000}


def service(name, namespace="shop", **spec):
    meta = {"name": name, "namespace": namespace}
    return codec.convert(Service, {"metadata": meta, "spec": {"ports": [PORT], **spec}})


def entry(name, **spec):
    meta = {"name": name, "namespace": "shop"}
    ports = [{"number": 9000, "name": "tcp", "protocol": "TCP"}]
    return codec.convert(Config, {"metadata": meta, "spec": {"ports": ports, **spec}})


def sliced(name, *endpoints):
    meta = {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": name}}
    ports = [{"name": "tcp", "port": 9000}]
    return codec.convert(EndpointSlice, {"metadata": meta, "endpoints": endpoints, "ports": ports})


def named(*services, slices=(), entries=(), sidecars=(), namespace="shop"):
    configs = {SERVICE_ENTRY: tuple(entries), SIDECAR: tuple(sidecars)}
    mesh, _ = read(Objects(services=services, slices=tuple(slices), configs=configs))
    return table(View(mesh, namespace))


def test_a_service_is_at_its_own_address():
    assert named(service("web", clusterIP="10.0.0.1")) == {
        "web.shop.svc.cluster.local": Named(("10.0.0.1",), "Kubernetes", "web", "shop")
    }


def test_a_headless_one_is_at_its_endpoints_and_each_hostname_apart():
    ends = sliced(
        "db", {"addresses": ["1.1.1.2"], "hostname": "db-1"},
        {"addresses": ["1.1.1.1"], "hostname": "db-0"},
        {"addresses": ["1.1.1.3"], "conditions": {"ready": False}, "hostname": "db-2"},
    )  # fmt: skip
    assert named(service("db", clusterIP="None"), slices=[ends]) == {
        "db.shop.svc.cluster.local": Named(("1.1.1.1", "1.1.1.2"), "Kubernetes", "db", "shop"),
        "db-0.db.shop.svc.cluster.local": Named(("1.1.1.1",), "Kubernetes", "db-0.db", "shop"),
        "db-1.db.shop.svc.cluster.local": Named(("1.1.1.2",), "Kubernetes", "db-1.db", "shop"),
    }


def test_what_is_declared_is_at_its_addresses_or_those_given_out():
    found = named(entries=[
        entry("a", hosts=["a.example"], resolution="STATIC", addresses=["9.9.9.9", "9.8.0.0/16"]),
        entry("b", hosts=["*.b.example"], addresses=["9.9.9.8"]),
        entry("c", hosts=["c.example"], resolution="STATIC"),
        entry("d", hosts=["d.example"], resolution="NONE"),
    ])  # fmt: skip
    assert found.keys() == {"a.example", "*.b.example", "c.example"}
    assert found["a.example"] == Named(("9.9.9.9",), "External")
    assert found["*.b.example"] == Named(("9.9.9.8",), "External")
    [given] = found["c.example"].addresses
    assert given.startswith("240.240.")


def test_who_has_no_address_is_left_to_the_clusters_dns():
    away = service("away", type="ExternalName", externalName="a.example")
    assert named(away, service("none", clusterIP="None")) == {}


def test_a_sidecar_narrows_what_can_be_looked_up():
    own = codec.convert(Config, {
        "metadata": {"name": "s", "namespace": "shop"}, "spec": {"egress": [{"hosts": ["./*"]}]}
    })  # fmt: skip
    here = service("web", clusterIP="10.0.0.1")
    there = service("web", "far", clusterIP="10.0.0.2")
    assert named(here, there, sidecars=[own]).keys() == {"web.shop.svc.cluster.local"}
    assert len(named(here, there, sidecars=[own], namespace="far")) == 2


def _name_table():
    """The message as Istio defines it, made here, so that its own library reads our bytes."""
    one = descriptor_pb2.FileDescriptorProto(
        name="nds.proto", package="istio.networking.nds.v1", syntax="proto3"
    )
    whole = one.message_type.add(name="NameTable")
    info = whole.nested_type.add(name="NameInfo")
    text, message = descriptor_pb2.FieldDescriptorProto.TYPE_STRING, 11
    info.field.add(name="ips", number=1, type=text, label=3)
    for number, name in ((2, "registry"), (3, "shortname"), (4, "namespace")):
        info.field.add(name=name, number=number, type=text, label=1)
    pair = whole.nested_type.add(name="TableEntry")
    pair.options.map_entry = True
    pair.field.add(name="key", number=1, type=text, label=1)
    inner = ".istio.networking.nds.v1.NameTable."
    pair.field.add(
        name="value", number=2, type=message, label=1, type_name=f"{inner}NameInfo"
    )
    whole.field.add(name="table", number=1, type=message, label=3, type_name=f"{inner}TableEntry")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(one)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(NDS.partition("/")[2]))


def test_the_bytes_are_those_of_istios_message():
    made = resource({
        "web.shop.svc.cluster.local": Named(("10.0.0.1", "10.0.0.2"), "Kubernetes", "web", "shop"),
        "a.example": Named(("240.240.0.1",), "External"),
    })  # fmt: skip
    packed = Any.FromString(made.any)
    assert (made.name, packed.type_url) == ("", NDS)
    read_back = _name_table().FromString(packed.value).table
    web, a = read_back["web.shop.svc.cluster.local"], read_back["a.example"]
    assert [*web.ips] == ["10.0.0.1", "10.0.0.2"]
    assert (web.registry, web.shortname, web.namespace) == ("Kubernetes", "web", "shop")
    assert ([*a.ips], a.registry, a.shortname) == (["240.240.0.1"], "External", "")
