"""EndpointSlices by their Service."""

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.service import EndpointSlice
from telltale.kube.slices import Slices

WEB, API = ("shop", "web"), ("shop", "api")


def slice_(name: str, service: str) -> EndpointSlice:
    labels = {"kubernetes.io/service-name": service}
    meta = {"name": name, "namespace": "shop", "labels": labels}
    return codec.convert(EndpointSlice, {"metadata": meta})


def test_a_service_has_all_of_its_slices():
    slices = Slices()
    assert slices.hear(Change.ADDED, slice_("web-1", "web")) == {WEB}
    assert slices.hear(Change.ADDED, slice_("web-2", "web")) == {WEB}
    assert [one.metadata.name for one in slices.of(WEB)] == ["web-1", "web-2"]
    assert slices.of(API) == ()


def test_a_slice_that_moves_concerns_both_services():
    slices = Slices()
    slices.hear(Change.ADDED, slice_("a", "web"))
    moved = slice_("a", "api")
    assert slices.hear(Change.MODIFIED, moved) == {WEB, API}
    assert (slices.of(WEB), slices.of(API)) == ((), (moved,))
    assert slices.known(slice_("a", "web")) is moved


def test_what_is_deleted_is_forgotten_wherever_it_was():
    slices = Slices()
    slices.hear(Change.ADDED, slice_("a", "web"))
    assert slices.hear(Change.DELETED, slice_("a", "api")) == {WEB, API}
    assert list(slices) == []
    assert slices.hear(Change.DELETED, slice_("never-heard-of", "web")) == {WEB}
    assert slices.known(slice_("a", "web")) is None
