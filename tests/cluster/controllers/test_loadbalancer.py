"""Where a LoadBalancer is told to be reached, and when nothing is told."""

import pytest

from telltale.cluster.controllers import loadbalancer
from telltale.cluster.controllers.action import Patch
from telltale.cluster.controllers.view import View
from telltale.kube.codec import convert
from telltale.kube.kinds import SERVICE
from telltale.kube.meta import Ref
from telltale.kube.service import Service

TCP, UDP = {"port": 80}, {"port": 53, "protocol": "UDP"}
TOLD = {"status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.1", "ipMode": "Proxy"}]}}}
NONE = {"status": {"loadBalancer": {"ingress": None}}}


def asked(type="LoadBalancer", port=TCP, ingress=(), **spec):
    view = View()
    view.services.put(convert(Service, {
        "metadata": {"name": "web", "namespace": "x"},
        "spec": {"type": type, "ports": [port], **spec},
        "status": {"loadBalancer": {"ingress": list(ingress)}},
    }))  # fmt: skip
    found = loadbalancer.reconcile(view, Ref("Service", "x", "web"))
    assert all(isinstance(one, Patch) and one.subresource == "status" for one in found)
    return [one.patch for one in found]


@pytest.mark.parametrize("given, wanted", [
    ({}, [TOLD]),
    ({"ingress": [{"ip": "127.0.0.1"}]}, []),
    ({"ingress": [{"hostname": "a.example"}]}, []),
    ({"loadBalancerClass": "example.com/theirs"}, []),
    ({"port": UDP}, []),
    ({"type": "NodePort"}, []),
    ({"type": "ClusterIP", "ingress": [{"ip": "127.0.0.1"}]}, [NONE]),
])  # fmt: skip
def test_what_is_told(given, wanted):
    assert asked(**given) == wanted


def test_nobody_is_told_of_nothing():
    assert loadbalancer.reconcile(View(), Ref("Service", "x", "web")) == []


def test_it_comes_and_goes_with_the_type(story):
    async def told(cluster):
        meta = {"name": "web", "namespace": "default"}
        spec = {"type": "LoadBalancer", "ports": [TCP]}
        await cluster.client.create(SERVICE, {"metadata": meta, "spec": spec})

        async def reached():
            found = await cluster.client.get(SERVICE, "web", "default")
            return [one.ip for one in found.status.load_balancer.ingress]

        async def nowhere():
            return not await reached()

        assert await cluster.until("an address", reached) == ["127.0.0.1"]
        patch = {"spec": {"type": "ClusterIP"}}
        await cluster.client.patch(SERVICE, "web", patch, namespace="default")
        await cluster.until("no address", nowhere)

    story(told)
