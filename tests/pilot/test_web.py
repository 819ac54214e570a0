"""Who may see the debug pages. The pages themselves are seen in test_real_envoy."""

import pytest

from telltale.pilot.access import may_debug

NODES = ("172.16.3.1/32", "fd00::/64")


@pytest.mark.parametrize("address, may", [
    ("127.0.0.1", True),
    ("127.8.8.8", True),
    ("::1", True),
    ("172.16.3.1", True),
    ("fd00::7", True),
    ("172.16.3.2", False),
    ("0.0.0.0", False),
    ("", False),
    (None, False),
    ("nonsense", False),
])  # fmt: skip
def test_loopback_and_nodes_may_and_workloads_may_not(address, may):
    assert may_debug(address, NODES) is may
