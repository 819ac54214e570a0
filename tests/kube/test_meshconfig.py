"""MeshConfig is spelt as its proto's JSON is, and a default is what the proto says."""

from telltale.kube import codec
from telltale.kube.istio.meshconfig import MeshConfig


def test_spelling():
    given = {
        "h2UpgradePolicy": "UPGRADE", "localityLbSetting": {"failoverPriority": ["zone"]},
        "defaultHttpRetryPolicy": {"perTryTimeout": "1s"}, "dnsRefreshRate": "5s",
    }  # fmt: skip
    assert codec.to_object(codec.convert(MeshConfig, given)) == given


def test_what_is_allowed_by_default():
    assert codec.convert(MeshConfig, {}).outbound_traffic_policy.mode == "ALLOW_ANY"
