"""The gateways that VirtualServices name."""

import pytest

from telltale.pilot.intake.analysis.gateways import check, covers
from tests.pilot.intake.analysis.given import seen, told

TEXT = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, protocol: HTTP, name: http}
    hosts: ["shop/*.example.com", "other/only.example.org", "*/open.example.net"]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [HOST]
  gateways: [istio-system/GATEWAY]
  http: [{route: [{destination: {host: cart}}]}]
"""


def checked(host, gateway="edge", partial=False):
    text = TEXT.replace("HOST", f'"{host}"').replace("GATEWAY", gateway)
    return told(check(seen(text, partial=partial)))


@pytest.mark.parametrize("host", ["cart.example.com", "*.example.com", "open.example.net", "*"])
def test_a_host_that_a_server_takes(host):
    assert checked(host) == []


@pytest.mark.parametrize("host", ["only.example.org", "cart.example.org", "example.com"])
def test_a_host_that_no_server_takes_from_here(host):
    assert checked(host) == [
        "host-not-in-gateway: virtualservice shop/cart spec.hosts[0]:"
        f' Gateway istio-system/edge has no server for "{host}"'
    ]


def test_a_gateway_that_is_not_there():
    assert checked("cart.example.com", "egde") == [
        "gateway-not-found: virtualservice shop/cart spec.gateways[0]:"
        ' there is no Gateway "istio-system/egde"'
    ]


def test_of_files_that_have_no_gateway_of_its_namespace_nothing_is_said():
    text = TEXT.replace("HOST", "a.b").replace("istio-system/GATEWAY", "elsewhere/edge")
    assert told(check(seen(text, partial=True))) == []
    assert len(told(check(seen(text)))) == 1


def test_wildcards_cover():
    assert covers("*", "a") and covers("*.a.b", "x.A.b") and covers("a.b", "A.B")
    assert not covers("*.a.b", "a.b")
    assert not covers("a.b", "x.a.b")
