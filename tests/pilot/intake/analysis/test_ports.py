"""What the ports of Services say."""

from telltale.pilot.intake.analysis.ports import check
from tests.pilot.intake.analysis.given import seen, told

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: more, namespace: shop}
spec: {selector: {app: cart}, ports: [%s]}
"""


def checked(ports):
    return told(check(seen(SERVICE % ports)))


def test_a_name_that_says_nothing():
    assert checked("{name: web, port: 81}") == [
        'port-name: service shop/more spec.ports[0].name: the name "web" and no appProtocol say'
        " what is spoken on port 81"
    ]


def test_names_and_protocols_that_say_something():
    assert checked("{name: http-web, port: 81}, {name: x, port: 82, appProtocol: grpc},"
                   "{name: dns, port: 53, protocol: UDP}, {name: tcp, port: 84}") == []  # fmt: skip


def test_an_external_name_must_say_it():
    text = """
apiVersion: v1
kind: Service
metadata: {name: out, namespace: shop}
spec: {type: ExternalName, externalName: example.com, ports: [{name: web, port: 443}]}
"""
    [one] = check(seen(text))
    assert (one.code, str(one.level)) == ("external-name-port-name", "warning")


def test_two_services_that_disagree_on_a_container_port():
    assert checked("{name: tcp, port: 90, targetPort: 80}") == [
        "port-protocols-differ: service shop/more spec.ports[tcp]: TCP to container port 80, which"
        " service shop/cart says speaks HTTP"
    ]


def test_the_system_is_left_alone():
    text = (SERVICE % "{name: web, port: 1}").replace("shop", "kube-system")
    assert told(check(seen(text))) == []
