"""Policies that name what the mesh does not have."""

from telltale.model.mesh import Mesh
from telltale.model.policy import Policy, Subset
from telltale.model.scope import Origin, Scope
from telltale.model.service import Endpoint, Service
from telltale.model.workload import Workload
from telltale.pilot.intake.unmet import problems

HOST = "cart.shop.svc.x"
POD = Workload("cart-0", "shop", {"app": "cart", "version": "v1"})
V1, V9 = Subset("v1", (("version", "v1"),)), Subset("v9", (("version", "v9"),))


def told(service: Service | None, host: str = HOST, *subsets: Subset) -> list[str]:
    policy = Policy(Origin("", "cart", "shop", "DestinationRule"), Scope(), host, subsets=subsets)
    mesh = Mesh(
        {service.host: service} if service else {},
        {HOST: {80: (Endpoint("1.1.1.1", 80, POD.key),)}},
        {POD.key: POD}, policies=(policy,),
    )  # fmt: skip
    return [one.field for one in problems(mesh)]


def test_a_host_that_is_no_service():
    assert told(None) == ["spec.host"]
    assert told(None, "*.shop.svc.x") == []


def test_a_subset_that_selects_no_workload():
    selecting = Service("cart", "shop", HOST, selector=(("app", "cart"),))
    assert told(selecting, HOST, V1, V9) == ["spec.subsets[v9].labels"]
    assert told(Service("cart", "shop", HOST), HOST, V1, V9) == ["spec.subsets[v9].labels"]
    other = Service("cart", "shop", HOST, selector=(("app", "other"),))
    assert told(other, HOST, V1) == ["spec.subsets[v1].labels"]
