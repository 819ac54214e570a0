"""Free ports, and waiting for a condition: as the pilot's live tests have them."""

from tests.pilot.conftest import _free_ports, _until  # noqa: F401
