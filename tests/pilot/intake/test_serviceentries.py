"""ServiceEntries, WorkloadEntries and WorkloadGroups read; what each must not say, by name."""

import pytest
from envoy.extensions.transport_sockets.tls.v3.tls_pb2 import UpstreamTlsContext

from telltale.kube import codec
from telltale.kube.istio.kinds import DESTINATION_RULE, SERVICE_ENTRY, WORKLOAD_ENTRY
from telltale.kube.istio.message import Config
from telltale.kube.service import Service
from telltale.lib.memo import Memo
from telltale.model.options import DEFAULT
from telltale.model.service import Discovery, Endpoint, Protocol
from telltale.model.view import View
from telltale.model.workload import Machine
from telltale.pilot.envoy.upstream import clusters
from telltale.pilot.intake.entries import machines, read as serviceentries
from telltale.pilot.intake.problem import Level
from telltale.pilot.intake.read import Objects, read, reading
from telltale.pilot.intake.workloads import NotAProxy, read_proxy


def entry(name="ext", namespace="shop", created="2020-01-01T00:00:00Z", labels=None, **spec):
    return codec.convert(Config, {
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": created,
                     "labels": labels or {}},
        "spec": spec,
    })  # fmt: skip


PORT = {"number": 80, "name": "http", "protocol": "HTTP"}
DYNAMIC = {"hosts": ["*.example"], "resolution": "DYNAMIC_DNS"}
TCP = {"number": 9000, "name": "tcp", "protocol": "TCP"}
TLS = {"number": 443, "name": "tls", "protocol": "TLS"}


def one(**spec):
    [found], problems = serviceentries.read([entry(**spec)], "cluster.local")
    return found, problems


@pytest.mark.parametrize("resolution, discovery", [
    ("NONE", Discovery.DIALLED), ("STATIC", Discovery.LISTED), ("DNS", Discovery.NAMES),
    ("DNS_ROUND_ROBIN", Discovery.NAME),
])  # fmt: skip
def test_how_endpoints_are_found(resolution, discovery):
    found, problems = one(hosts=["a.example"], ports=[PORT], resolution=resolution)
    assert found.service.discovery is discovery and not problems
    assert found.service.external and found.service.declared


def test_a_name_without_endpoints_is_looked_up_itself():
    found, _ = one(hosts=["A.example."], resolution="DNS", ports=[{**PORT, "targetPort": 8080}])
    assert found.behind == {80: (Endpoint("a.example", 8080),)}


def test_what_an_endpoint_says_of_itself():
    found, problems = one(
        hosts=["a.example"], resolution="STATIC", location="MESH_INTERNAL", ports=[PORT, TCP],
        subjectAltNames=["spiffe://x/a"],
        endpoints=[{"address": "10.0.0.1", "ports": {"http": 8080}, "labels": {"v": "1"},
                    "locality": "eu/eu-1/b", "weight": 3, "serviceAccount": "acc"},
                   {"address": "unix:///run/a.sock"}],
    )  # fmt: skip
    assert not problems and not found.service.external
    assert found.service.sans == ("spiffe://x/a",)
    told = {"region": "eu", "zone": "eu-1", "subzone": "b", "weight": 3,
            "labels": (("v", "1"),), "account": "acc"}  # fmt: skip
    assert found.behind[80] == (
        Endpoint("10.0.0.1", 8080, **told), Endpoint("unix:///run/a.sock", 0))  # fmt: skip
    assert found.behind[9000][0] == Endpoint("10.0.0.1", 9000, **told)


def test_every_host_is_a_service():
    found, _ = serviceentries.read(
        [entry(hosts=["a.example", "b.example", "A.example"], ports=[PORT, TLS])], "x"
    )
    assert [one.service.host for one in found] == ["a.example", "b.example"]


@pytest.mark.parametrize("protocol, found", [
    ("HTTP", Protocol.HTTP), ("https", Protocol.TLS), ("GRPC", Protocol.GRPC),
    ("MONGO", Protocol.TCP), ("", Protocol.AUTO),
])  # fmt: skip
def test_protocols(protocol, found):
    port = {"number": 80, "name": "x", "protocol": protocol}
    assert one(hosts=["a.example"], ports=[port])[0].service.ports[0].protocol is found


def test_udp_is_left_out():
    udp = {"number": 53, "name": "dns", "protocol": "UDP"}
    assert one(hosts=["a.example"], ports=[PORT, udp])[0].service.port(53) is None


IP = [{"address": "10.0.0.1"}]


@pytest.mark.parametrize("field, spec", [
    ("spec.hosts", {"hosts": []}),
    ("spec.hosts[0]", {"hosts": ["*"]}),
    ("spec.hosts[0]", {"hosts": ["a b"]}),
    ("spec.hosts", {"hosts": ["a.example", "b.example"], "ports": [TCP], "addresses": ["1.2.3.4"]}),
    ("spec.addresses[0]", {"addresses": ["a.example"]}),
    ("spec.addresses[0]", {"addresses": ["10.0.0.0/8"], "resolution": "DNS"}),
    ("spec.ports[0].number", {"ports": [{"name": "x"}]}),
    ("spec.ports[1].number", {"ports": [PORT, {**PORT, "name": "y"}]}),
    ("spec.ports[0].name", {"ports": [{"number": 80}]}),
    ("spec.ports[1].name", {"ports": [PORT, {**PORT, "number": 81}]}),
    ("spec.ports[0].protocol", {"ports": [{**PORT, "protocol": "QUIC"}]}),
    ("spec.hosts[0]", {"resolution": "DYNAMIC_DNS"}),
    ("spec.addresses", {**DYNAMIC, "addresses": ["1.2.3.4"]}),
    ("spec.endpoints", {**DYNAMIC, "endpoints": IP}),
    ("spec.workloadSelector", {**DYNAMIC, "workloadSelector": {"labels": {"a": "b"}}}),
    ("spec.ports[0].protocol", {**DYNAMIC, "ports": [TCP]}),
    ("spec.ports[0].protocol", {**DYNAMIC, "ports": [{"number": 81, "name": "any"}]}),
    ("spec.workloadSelector",
     {"resolution": "STATIC", "endpoints": IP, "workloadSelector": {"labels": {"a": "b"}}}),
    ("spec.endpoints", {"endpoints": IP}),
    ("spec.workloadSelector", {"workloadSelector": {"labels": {"a": "b"}}}),
    ("spec.endpoints",
     {"resolution": "DNS_ROUND_ROBIN", "endpoints": [{"address": "a.b"}, {"address": "c.d"}]}),
    ("spec.hosts[0]", {"hosts": ["*.example"], "resolution": "DNS"}),
    ("spec.endpoints[0].address", {"resolution": "STATIC", "endpoints": [{"address": ""}]}),
    ("spec.endpoints[0].address", {"resolution": "STATIC", "endpoints": [{"address": "a.b"}]}),
    ("spec.endpoints[0].address", {"resolution": "DNS", "endpoints": [{"address": "*.b"}]}),
    ("spec.endpoints[0].address",
     {"resolution": "STATIC", "endpoints": [{"address": "unix://a.sock"}]}),
    ("spec.endpoints[0].address",
     {"resolution": "DNS", "endpoints": [{"address": "unix:///a.sock"}]}),
    ("spec.endpoints[0].address",
     {"resolution": "STATIC", "endpoints": [{"address": f"unix:///{'a' * 107}"}]}),
    ("spec.endpoints[0].ports",
     {"resolution": "STATIC", "endpoints": [{"address": "unix:///a", "ports": {"http": 1}}]}),
    ("spec.endpoints[0].ports",
     {"resolution": "STATIC", "endpoints": [{"address": "10.0.0.1", "ports": {"web": 1}}]}),
    ("spec.exportTo", {"exportTo": ["*", "a"]}),
    ("spec.exportTo", {"exportTo": [".", "shop"]}),
    ("spec.exportTo", {"exportTo": ["~", "a"]}),
    ("spec.exportTo", {"exportTo": ["A_B"]}),
])  # fmt: skip
def test_what_is_refused(field, spec):
    given = {"hosts": ["a.example"], "ports": [PORT]} | spec
    found, problems = serviceentries.read([entry(**given)], "x")
    assert found == []
    assert field in [one.field for one in problems if one.level is Level.ERROR]
    assert all(str(one).startswith("serviceentry shop/ext: ") for one in problems)


@pytest.mark.parametrize("field, spec", [
    ("spec.ports", {"ports": []}),
    ("spec.ports[0]", {"ports": [TCP]}),
    ("spec.workloadSelector", {"resolution": "STATIC", "workloadSelector": {}}),
    ("spec.ports[0].number", {"ports": [{**PORT, "number": 15001}]}),
    ("spec.endpoints[0].network",
     {"resolution": "STATIC", "endpoints": [{"address": "1.2.3.4", "network": "n"}]}),
    ("spec.ports[0].targetPort", {**DYNAMIC, "ports": [{**PORT, "targetPort": 8080}]}),
])  # fmt: skip
def test_what_is_taken_with_a_warning(field, spec):
    given = {"hosts": ["a.example"], "ports": [PORT]} | spec
    found, [problem] = one(**given)
    assert (problem.field, problem.level) == (field, Level.WARNING)
    assert [found.service.host] == given["hosts"]


def mesh_of(*entries, services=(), workloads=()):
    return read(Objects(
        services=tuple(services), configs={SERVICE_ENTRY: entries, WORKLOAD_ENTRY: workloads},
    ))  # fmt: skip


def test_addresses_are_given_out_and_stay():
    a = entry("a", created="2020-01-01T00:00:00Z", hosts=["a.example"], ports=[TCP],
              resolution="STATIC")  # fmt: skip
    b = entry("b", created="2021-01-01T00:00:00Z", hosts=["b.example"], ports=[TCP],
              resolution="STATIC")  # fmt: skip
    both, alone = mesh_of(a, b)[0].services, mesh_of(a)[0].services
    [address] = alone["a.example"].automatic
    assert address.startswith("240.240.")
    assert both["a.example"].automatic == (address,)
    assert both["b.example"].automatic not in ((), (address,))


@pytest.mark.parametrize("spec, labels", [
    ({"addresses": ["1.2.3.4"], "resolution": "STATIC"}, {}),
    ({"hosts": ["*.example"], "resolution": "STATIC"}, {}),
    ({"resolution": "NONE"}, {}),
    ({"resolution": "STATIC"}, {"networking.istio.io/enable-autoallocate-ip": "false"}),
])  # fmt: skip
def test_who_gets_none(spec, labels):
    given = {"hosts": ["a.example"], "ports": [PORT]} | spec
    [service] = mesh_of(entry(labels=labels, **given))[0].services.values()
    assert service.automatic == ()


def test_an_address_that_the_status_tells_is_kept():
    one = entry(hosts=["a.example"], ports=[PORT], resolution="STATIC")
    told = Config(metadata=one.metadata, spec=one.spec, status={
        "addresses": [{"value": "240.240.7.7", "host": "a.example"},
                      {"value": "no", "host": "a.example"}, "x"]})  # fmt: skip
    assert mesh_of(told)[0].services["a.example"].automatic == ("240.240.7.7",)


def addressed(of, *values):
    listed = [{"value": value, "host": "a.example"} for value in values]
    return Config(metadata=of.metadata, spec=of.spec, status={"addresses": listed})


def told_of(*entries):
    found = reading(Objects(configs={SERVICE_ENTRY: entries}), DEFAULT, Memo()).statuses
    listed = {about.name: said["addresses"] for about, said in found.items()}
    return {name: [one["value"] for one in each] for name, each in listed.items()}


def test_the_status_tells_what_is_given_out_and_hears_it_again():
    one = entry(hosts=["a.example"], ports=[PORT], resolution="STATIC")
    [address] = told_of(one)["ext"]
    assert told_of(addressed(one, address)) == {"ext": [address]}
    assert told_of(addressed(one, "2001:2::7")) == {"ext": [address, "2001:2::7"]}
    both = ["240.240.7.7", "2001:2::7"]
    assert told_of(addressed(one, *both)) == {"ext": both}


def test_of_two_that_are_told_the_same_address_the_elder_has_it():
    told = {"hosts": ["a.example"], "ports": [PORT], "resolution": "STATIC"}
    elder = addressed(entry("a", namespace="x", **told), "240.240.7.7")
    younger = addressed(entry("b", created="2021-01-01T00:00:00Z", **told), "240.240.7.7")
    found = told_of(younger, elder)
    assert found["a"] == ["240.240.7.7"] and found["b"] not in ([], ["240.240.7.7"])


def test_what_is_wanted_no_more_is_taken_away():
    given = {"hosts": ["a.example"], "ports": [PORT], "resolution": "STATIC"}
    own = entry(addresses=["1.2.3.4"], **given)
    shy = entry(labels={"networking.istio.io/enable-autoallocate-ip": "false"}, **given)
    for one in (own, shy):
        assert told_of(addressed(one, "240.240.7.7")) == {"ext": []}
        assert told_of(one) == {}


def test_of_one_host_each_namespace_sees_its_own_then_the_service_then_the_elder():
    host = "a.shop.svc.cluster.local"
    service = codec.convert(Service, {
        "metadata": {"name": "a", "namespace": "shop", "creationTimestamp": "2022-01-01T00:00:00Z"},
        "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80, "name": "http"}]},
    })  # fmt: skip
    own = entry("own", "here", hosts=[host], ports=[PORT])
    elder = entry("elder", "there", "2019-01-01T00:00:00Z", hosts=[host], ports=[PORT])
    mesh, problems = mesh_of(own, elder, services=[service])
    assert not problems

    def seen(mesh, namespace):
        return View(mesh, namespace).service(host).namespace

    assert [seen(mesh, one) for one in ("here", "there", "elsewhere")] == ["here", "there", "shop"]
    mesh, _ = mesh_of(own, elder)
    assert [seen(mesh, one) for one in ("here", "elsewhere")] == ["here", "there"]
    assert len({one.key for one in mesh.services.values()}) == 2


def test_a_host_is_declared_once_in_a_namespace():
    mesh, [problem] = mesh_of(
        entry("a", hosts=["a.example"], ports=[PORT]),
        entry("b", created="2021-01-01T00:00:00Z", hosts=["a.example"], ports=[TLS]),
    )
    assert mesh.services["a.example"].ports[0].number == 80
    assert str(problem).startswith("serviceentry shop/b: spec.hosts: 'a.example' is declared by a")


def test_who_sees_it():
    mesh, _ = mesh_of(
        entry("a", hosts=["a.example"], ports=[PORT], exportTo=["."]),
        entry("b", hosts=["b.example"], ports=[PORT], exportTo=["~"]),
        entry("c", hosts=["c.example"], ports=[PORT]),
    )
    assert [one.host for one in View(mesh, "shop").services] == ["a.example", "c.example"]
    assert [one.host for one in View(mesh, "other").services] == ["c.example"]


def machine(name="vm", namespace="shop", status=None, **spec):
    return codec.convert(Config, {"metadata": {"name": name, "namespace": namespace},
                                  "spec": spec, "status": status or {}})  # fmt: skip


def test_machines_stand_behind_entries_and_services_that_select_them():
    service = codec.convert(Service, {
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"clusterIP": "10.0.0.1", "selector": {"app": "a"},
                 "ports": [{"port": 80, "name": "http", "targetPort": 8080}]},
    })  # fmt: skip
    selecting = entry(hosts=["a.example"], ports=[PORT], resolution="STATIC",
                      workloadSelector={"labels": {"app": "a"}})  # fmt: skip
    vms = [
        machine("vm", address="10.1.0.1", labels={"app": "a"}),
        machine("own-port", address="10.1.0.2", labels={"app": "a"}, ports={"http": 7070}),
        machine("other", address="10.1.0.3", labels={"app": "b"}),
        machine("far", "other", address="10.1.0.4", labels={"app": "a"}),
        machine("name", address="vm.example", labels={"app": "a"}),
    ]
    mesh, _ = mesh_of(selecting, services=[service], workloads=tuple(vms))

    def behind(host):
        return [(one.address, one.port) for one in mesh.endpoints[host][80]]

    assert behind("a.shop.svc.cluster.local") == [("10.1.0.1", 8080), ("10.1.0.2", 7070)]
    assert behind("a.example") == [("10.1.0.1", 80), ("10.1.0.2", 7070)]


def test_a_machine_that_is_ill_is_left_out():
    ill = {"conditions": [{"type": "Healthy", "status": "False"}]}
    found, problems = machines.read(
        [machine("a", address="10.0.0.1"), machine("b", status=ill, address="10.0.0.2")], "x"
    )
    assert found == [Machine("a", "shop", "10.0.0.1")] and not problems


@pytest.mark.parametrize("field, level, spec", [
    ("spec.address", Level.ERROR, {}),
    ("spec.address", Level.ERROR, {"network": "n"}),
    ("spec.address", Level.ERROR, {"address": "unix://a"}),
    ("spec.ports", Level.ERROR, {"address": "unix:///a", "ports": {"http": 1}}),
    ("spec.network", Level.WARNING, {"address": "10.0.0.1", "network": "n"}),
])  # fmt: skip
def test_what_a_machine_must_not_say(field, level, spec):
    found, [problem] = machines.read([machine(**spec)], "x")
    assert (problem.field, problem.level) == (field, level)
    assert bool(found) is (level is Level.WARNING)


@pytest.mark.parametrize("fields, spec", [
    (["spec"], {"template": {"labels": {"a": "b"}}}),
    (["spec.template", "spec"], {}),
    (["spec.template.address", "spec"], {"template": {"address": "1.2.3.4"}}),
])  # fmt: skip
def test_machines_do_not_register_themselves(fields, spec):
    _, problems = machines.read_groups([machine(**spec)], "x")
    assert [one.field for one in problems] == fields
    assert "write a WorkloadEntry for each machine" in str(problems[-1])


def test_a_certificate_must_name_what_the_entry_says():
    sans = ["x.example"]
    given = entry(hosts=["a.example"], ports=[PORT], resolution="DNS", subjectAltNames=sans)
    rule = codec.convert(Config, {
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"host": "a.example", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}},
    })  # fmt: skip
    mesh, _ = read(Objects(configs={SERVICE_ENTRY: (given,), DESTINATION_RULE: (rule,)}))
    [cluster] = clusters.outbound(View(mesh, "shop"), Memo())
    context = UpstreamTlsContext()
    cluster.transport_socket.typed_config.Unpack(context)
    [san] = context.common_tls_context.validation_context.match_typed_subject_alt_names
    assert san.matcher.exact == "x.example"


def test_a_machine_that_wants_to_register_itself_is_told_what_to_do():
    with pytest.raises(NotAProxy, match="write a WorkloadEntry"):
        read_proxy("sidecar~10.0.0.1~vm.shop~x", {"AUTO_REGISTER_GROUP": "vms"})
