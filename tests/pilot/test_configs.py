"""In which version a kind is watched, given the cluster's definition of it."""

from telltale.kube.gatewayapi.kinds import TCP_ROUTE
from telltale.pilot.configs import served


def version(*of: tuple[str, bool]) -> str | None:
    definition = {"versions": [{"name": name, "served": is_served} for name, is_served in of]}
    found = served(TCP_ROUTE, definition)
    return found and found.version


def test_ours_goes_first_and_an_older_one_is_better_than_none():
    assert version(("v1alpha2", True), ("v1", True)) == "v1"
    assert version(("v1", False), ("v1alpha3", False), ("v1alpha2", True)) == "v1alpha2"
    assert version(("v1", False)) is None
    assert served(TCP_ROUTE, {}) is None
