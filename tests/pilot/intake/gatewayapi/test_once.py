"""What was made of the same objects is the same value again, so later stages can tell."""

from telltale.kube.gatewayapi.kinds import HTTP_ROUTE
from telltale.kube.meta import Config, Meta
from telltale.kube.service import Service, ServicePort, ServiceSpec
from telltale.lib.memo import Memo
from telltale.model.options import DEFAULT
from telltale.pilot.intake.read import Objects, reading

SPEC = {"parentRefs": [{"group": "", "kind": "Service", "name": "a"}],
        "rules": [{"backendRefs": [{"name": "a", "port": 80}]}]}  # fmt: skip


def service(name: str) -> Service:
    ports = [ServicePort(name="http", port=80)]
    return Service(metadata=Meta(name=name, namespace="x"), spec=ServiceSpec(ports=ports))


def route(name: str) -> Config:
    return Config(metadata=Meta(name=name, namespace="x"), spec=SPEC)


def test_the_same_objects_make_the_same_routings():
    memo, one, given = Memo(), service("a"), (route("r"),)
    first = reading(Objects(services=(one,), configs={HTTP_ROUTE: given}), DEFAULT, memo)
    second = reading(Objects(services=(one,), configs={HTTP_ROUTE: given}), DEFAULT, memo)
    assert len(first.mesh.routings) == 1
    assert second.mesh.routings[0] is first.mesh.routings[0]
    assert second.statuses is first.statuses
    more = reading(
        Objects(services=(one,), configs={HTTP_ROUTE: (*given, route("s"))}), DEFAULT, memo
    )
    assert len(more.mesh.routings[0].http) == 2
    other = reading(Objects(configs={HTTP_ROUTE: given}), DEFAULT, memo)
    assert other.mesh.routings == ()
