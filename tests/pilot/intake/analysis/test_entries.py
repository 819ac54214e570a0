"""ServiceEntries that disagree."""

from telltale.pilot.intake.analysis.entries import check
from tests.pilot.intake.analysis.given import seen, told

ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: %s, namespace: %s, creationTimestamp: "%s"}
spec:
  hosts: [api.example.com]
  resolution: DNS
  ports: [{number: 443, name: web, protocol: %s}]
---
"""
OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


def checked(*rows: tuple[str, ...]) -> list[str]:
    return told(check(seen("".join(ENTRY % row for row in rows))))


def test_the_younger_is_told():
    assert checked(("a", "shop", NEW, "HTTPS"), ("b", "shop", OLD, "HTTP")) == [
        "entry-protocols-differ: serviceentry shop/a spec.ports[0].protocol: api.example.com:443"
        " speaks HTTPS here and HTTP in b, which is older"
    ]


def test_those_that_agree_or_are_elsewhere_are_left_alone():
    assert checked(("a", "shop", NEW, "https"), ("b", "shop", OLD, "HTTPS")) == []
    assert checked(("a", "shop", NEW, "HTTPS"), ("b", "bank", OLD, "HTTP")) == []
