"""A destination without a port."""

from telltale.pilot.intake.analysis.destinations import check
from tests.pilot.intake.analysis.given import seen, told

TWO_PORTS = """
kind: Service
apiVersion: v1
metadata: {name: pay, namespace: shop}
spec: {selector: {app: pay}, ports: [{name: http, port: 8080}, {name: http-admin, port: 9090}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart]
  http:
  - route: [{destination: {host: pay%s}}]
    mirror: {host: pay, port: {number: 9090}}
"""


def test_a_port_must_be_said_when_none_is_as_dialled():
    [problem] = check(seen(TWO_PORTS % ""))
    assert str(problem) == (
        "virtualservice shop/cart: spec.http[0].route[0].destination.port: is not said, and pay has"
        " several ports (8080, 9090): what is asked of port 80 is answered 503 (NC, no such"
        " cluster); write port: {number: ..}"
    )


def test_a_port_that_is_said_is_enough():
    assert told(check(seen(TWO_PORTS % ", port: {number: 8080}"))) == []


def test_the_port_that_the_client_dialled_is_enough():
    assert told(check(seen((TWO_PORTS % "").replace("port: 8080", "port: 80")))) == []


def test_a_gateways_ports_are_dialled_too():
    gateway = """
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 443, protocol: HTTP, name: http}, hosts: ["*"]}]
"""
    text = (TWO_PORTS % "").replace("port: 8080", "port: 80").replace(
        "hosts: [cart]", "hosts: [cart]\n  gateways: [mesh, edge]"
    )
    [problem] = check(seen(text + gateway))
    assert "port 443" in problem.why
