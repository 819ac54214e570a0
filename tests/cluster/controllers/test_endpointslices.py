"""Slices from pods: few writes, and each endpoint where it was."""

from telltale.cluster.controllers import endpoints, endpointslices
from telltale.cluster.controllers.action import Create, Delete, Patch
from telltale.cluster.controllers.view import View
from telltale.kube.codec import convert
from telltale.kube.core import Pod
from telltale.kube.meta import Ref
from telltale.kube.service import Endpoints, EndpointSlice, Service

KEY = Ref("Service", "x", "web")


def service(**spec):
    ports = [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": "web"}]
    spec = {"clusterIP": "172.31.220.1", "selector": {"app": "web"}, "ports": ports, **spec}
    return convert(
        Service, {"metadata": {"name": "web", "namespace": "x", "uid": "s"}, "spec": spec}
    )


def pod(number, *, ready=True, port=8080, **meta):
    name = f"web-{number}"
    container = {"name": "c", "ports": [{"name": "web", "containerPort": port}]}
    return convert(
        Pod,
        {
            "metadata": {
                "name": name, "namespace": "x", "uid": f"u{number}",
                "labels": {"app": "web"}, **meta,
            },
            "spec": {"nodeName": "node", "containers": [container]},
            "status": {
                "phase": "Running",
                "podIP": f"172.31.210.{number}",
                "conditions": [{"type": "Ready", "status": str(ready)}],
            },
        },
    )  # fmt: skip


def seen(view: View) -> list:
    """Reconciles, and puts what it wants on the shelves, as the API would."""
    actions = endpointslices.reconcile(view, KEY)
    for number, action in enumerate(actions):
        if isinstance(action, Create):
            meta = {**action.object["metadata"], "name": f"web-{len(list(view.slices))}{number}"}
            view.slices.put(convert(EndpointSlice, {**action.object, "metadata": meta}))
        elif isinstance(action, Patch):
            known = view.slices.get(action.name, "x")
            fresh = {
                "metadata": {
                    "name": action.name,
                    "namespace": "x",
                    "labels": known.metadata.labels,
                },
                **{key: action.patch[key] for key in ("endpoints", "ports")},
            }
            view.slices.put(convert(EndpointSlice, fresh))
        elif isinstance(action, Delete):
            view.slices.drop(action.name, "x")
    return actions


def world(*pods, **spec) -> View:
    view = View()
    view.services.put(service(**spec))
    for one in pods:
        view.pods.put(one)
    return view


def listed(view: View) -> dict[str, bool]:
    return {e.addresses[0]: e.ready for slice in view.slices for e in slice.endpoints}


def test_ready_and_not_ready_are_listed_and_the_second_look_writes_nothing():
    view = world(pod(1), pod(2, ready=False))
    seen(view)
    assert listed(view) == {"172.31.210.1": True, "172.31.210.2": False}
    assert [port.port for slice in view.slices for port in slice.ports] == [8080]
    assert seen(view) == []


def test_terminating_ended_and_foreign_pods_are_out():
    gone = pod(1, deletionTimestamp="2019-08-30T16:43:50Z")
    other = pod(2, labels={"app": "other"})
    view = world(gone, other)
    seen(view)
    assert listed(view) == {} and len(list(view.slices)) == 1  # an empty slice says: none


def test_named_ports_may_differ_between_pods():
    view = world(pod(1), pod(2, port=9090))
    seen(view)
    by_port = {s.ports[0].port: [e.addresses[0] for e in s.endpoints] for s in view.slices}
    assert by_port == {8080: ["172.31.210.1"], 9090: ["172.31.210.2"]}


def test_one_change_among_many_is_one_write_and_leaves_the_others_where_they_are():
    view = world(*(pod(number) for number in range(1, 251)))
    assert len(seen(view)) == 3  # a hundred a slice
    where = {e.addresses[0]: s.metadata.name for s in view.slices for e in s.endpoints}
    view.pods.put(pod(120, ready=False))
    assert len(seen(view)) == 1
    view.pods.drop("web-120", "x")
    assert len(seen(view)) == 1
    now = {e.addresses[0]: s.metadata.name for s in view.slices for e in s.endpoints}
    assert now == {address: name for address, name in where.items() if address != "172.31.210.120"}


def test_unready_addresses_are_published_when_asked():
    view = world(pod(1, ready=False), publishNotReadyAddresses=True)
    seen(view)
    assert listed(view) == {"172.31.210.1": True}


def test_a_service_without_a_selector_mirrors_its_endpoints():
    view = world(selector={})
    assert seen(view) == []
    subset = {"addresses": [{"ip": "172.31.210.9"}], "ports": [{"name": "http", "port": 1}]}
    meta = {"name": "web", "namespace": "x"}
    view.endpoints.put(convert(Endpoints, {"metadata": meta, "subsets": [subset]}))
    seen(view)
    assert listed(view) == {"172.31.210.9": True}
    assert endpoints.reconcile(view, KEY) == []
    view.endpoints.drop("web", "x")
    seen(view)
    assert listed(view) == {} and not list(view.slices)
