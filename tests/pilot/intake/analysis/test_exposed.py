"""Ports and certificates of gateways."""

from telltale.pilot.intake.analysis.exposed import check
from tests.pilot.intake.analysis.given import seen, told

EDGE = """
apiVersion: v1
kind: Service
metadata: {name: gw, namespace: edge}
spec: {clusterIP: 172.19.0.30, selector: {app: gw}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: gw-1, namespace: edge, labels: {app: gw}}
spec: {containers: [{name: istio-proxy}]}
status: {phase: Running, podIP: 172.16.3.9, podIPs: [{ip: 172.16.3.9}]}
---
"""
GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: %s, namespace: edge, creationTimestamp: "%s"}
spec:
  selector: {app: gw}
  servers:
  - {port: {number: %s, name: x, protocol: %s}, hosts: [%s]%s}
---
"""
OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
TLS = ", tls: {mode: SIMPLE, credentialName: %s}"


def test_a_port_that_the_service_does_not_have():
    text = GATEWAY % ("front", OLD, 8443, "HTTP", "a.com", "")
    assert told(check(seen(EDGE + text))) == [
        "gateway-port-not-exposed: gateway edge/front spec.servers[0].port.number: 8443 is no port"
        " of the gateway's Service (edge/gw)"
    ]
    assert told(check(seen(text))) == [], "without a Service it may be reached in another way"
    assert told(check(seen(EDGE + GATEWAY % ("front", OLD, 80, "HTTP", "a.com", "")))) == []


def test_one_certificate_in_two_gateways():
    first = GATEWAY % ("one", OLD, 443, "HTTPS", "a.com", TLS % "wild")
    second = GATEWAY % ("two", NEW, 443, "HTTPS", "b.com", TLS % "wild")
    [one] = told(check(seen(first + second)))
    assert one.startswith("gateway-certificate-shared: gateway edge/two spec.servers[0].tls")
    other = GATEWAY % ("two", NEW, 443, "HTTPS", "b.com", TLS % "own")
    assert told(check(seen(first + other))) == []
