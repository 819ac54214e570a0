"""A real Envoy and a running pilot, as the pilot's own tests have them."""

from tests.pilot.conftest import _free_ports, _until, envoy

__all__ = ["_free_ports", "_until", "envoy"]
