from telltale.cluster.node.resolv import Dns, hostname, hosts, resolv_conf
from telltale.kube.core import DnsConfig, HostAlias, Pod, PodSpec
from telltale.kube.meta import Meta

ARTICLE = (
    "nameserver 172.19.0.10\n"
    "search default.svc.cluster.local svc.cluster.local cluster.local localdomain\n"
    "options ndots:5\n"
)
DNS = Dns("172.19.0.10")


def pod(spec: PodSpec | None = None) -> Pod:
    return Pod(metadata=Meta(name="details", namespace="default"), spec=spec or PodSpec())


def test_the_articles_file() -> None:
    assert resolv_conf(pod(), DNS, "nameserver 9.9.9.9\n") == ARTICLE


def test_policies() -> None:
    own = DnsConfig(
        nameservers=["10.0.0.1"], searches=["corp"], options=[{"name": "ndots", "value": "1"}]
    )
    assert resolv_conf(pod(PodSpec(dns_policy="Default")), DNS, "host\n") == "host\n"
    none = resolv_conf(pod(PodSpec(dns_policy="None", dns_config=own)), DNS, "host\n")
    assert none == "nameserver 10.0.0.1\nsearch corp\noptions ndots:1\n"
    both = resolv_conf(pod(PodSpec(dns_config=own)), DNS, "host\n")
    assert both.splitlines()[0:2] == ["nameserver 172.19.0.10", "nameserver 10.0.0.1"]
    assert both.splitlines()[2].endswith("localdomain corp")
    assert both.splitlines()[3] == "options ndots:1"


def test_hosts_know_the_pod_and_its_aliases() -> None:
    aliases = [HostAlias(ip="1.2.3.4", hostnames=["a", "b"])]
    text = hosts(pod(PodSpec(subdomain="sub", host_aliases=aliases)), "172.16.3.4", "cluster.local")
    assert "172.16.3.4\tdetails.sub.default.svc.cluster.local\tdetails\n" in text
    assert "1.2.3.4\ta\tb\n" in text


def test_a_hostname_is_at_most_63_long() -> None:
    long = Pod(metadata=Meta(name="a" * 62 + ".b"))
    assert hostname(long) == "a" * 62
