"""`discoverySelectors`: what is in other namespaces is not there for the mesh."""

from telltale.inspect import objects
from telltale.kube import codec
from telltale.model.discovery import Asks, Clause, Discovery
from telltale.model.options import DEFAULT, Options
from telltale.pilot.intake import discovered
from telltale.pilot.intake.read import read

SERVICE = """
apiVersion: v1
kind: Namespace
metadata: {name: %s, labels: {%s}}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: %s}
spec: {clusterIP: 10.0.0.%d, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: %s}
spec: {hosts: [nowhere], http: [{route: [{destination: {host: nowhere}}]}]}
---
"""
TEXT = "".join(
    SERVICE % (name, labels, name, number, name)
    for number, (name, labels) in enumerate(
        (("in", "mesh: \"on\""), ("out", ""), ("istio-system", "")), 1
    )
)
CHOOSY = Options(discovery=Discovery(((Clause("mesh", Asks.ONE_OF, ("on",)),),)))


def test_services_and_configuration_elsewhere_are_not_there():
    given = objects.of(codec.parse_yaml(TEXT))
    mesh, problems = read(given, CHOOSY)
    assert {one.namespace for one in mesh.services.values()} == {"in", "istio-system"}
    assert {one.object.namespace for one in problems} == {"in", "istio-system"}
    assert {one.namespace for one in read(given)[0].services.values()} > {"out"}


def test_without_selectors_the_objects_are_the_very_same():
    given = objects.of(codec.parse_yaml(TEXT))
    assert discovered.of(given, DEFAULT) is given
    assert discovered.taken(given.configs, DEFAULT)("unheard-of")
    assert not discovered.taken(given.configs, CHOOSY)("unheard-of")
