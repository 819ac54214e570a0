"""The small files that a pod's containers share: resolv.conf, hosts, hostname. Pure."""

from dataclasses import dataclass

from telltale.kube.core import DnsConfig, Pod


@dataclass(frozen=True, slots=True)
class Dns:
    """The cluster's: where its DNS is asked, its domain, and what the node itself searches."""

    address: str
    domain: str = "cluster.local"
    searches: tuple[str, ...] = ("localdomain",)


def resolv_conf(pod: Pod, dns: Dns, host: str) -> str:
    """The pod's /etc/resolv.conf; `host` is the node's own, for `dnsPolicy: Default`.

    The order of its lines is the kubelet's: nameserver, search, options.
    """
    spec, namespace = pod.spec, pod.metadata.namespace
    if spec.dns_policy == "None":
        return _text(DnsConfig(), spec.dns_config)
    if spec.dns_policy == "Default" or (
        spec.host_network and spec.dns_policy != "ClusterFirstWithHostNet"
    ):
        return host
    names = [f"{namespace}.svc.{dns.domain}", f"svc.{dns.domain}", dns.domain, *dns.searches]
    base = DnsConfig(
        nameservers=[dns.address], searches=names, options=[{"name": "ndots", "value": "5"}]
    )
    return _text(base, spec.dns_config)


def hosts(pod: Pod, address: str, domain: str) -> str:
    """The pod's /etc/hosts, as the kubelet writes it."""
    lines = [
        "# Kubernetes-managed hosts file.", "127.0.0.1\tlocalhost",
        "::1\tlocalhost ip6-localhost ip6-loopback", "fe00::0\tip6-localnet",
        "fe00::0\tip6-mcastprefix", "fe00::1\tip6-allnodes", "fe00::2\tip6-allrouters",
    ]  # fmt: skip
    name = hostname(pod)
    if pod.spec.subdomain:
        full = f"{name}.{pod.spec.subdomain}.{pod.metadata.namespace}.svc.{domain}"
        lines.append(f"{address}\t{full}\t{name}")
    else:
        lines.append(f"{address}\t{name}")
    if pod.spec.host_aliases:
        lines += ["", "# Entries added by HostAliases."]
        lines += [f"{one.ip}\t{chr(9).join(one.hostnames)}" for one in pod.spec.host_aliases]
    return "\n".join(lines) + "\n"


def hostname(pod: Pod) -> str:
    """At most 63 characters, as the kernel's and the kubelet's limit has it."""
    return (pod.spec.hostname or pod.metadata.name)[:63].rstrip("-.")


def _text(base: DnsConfig, more: DnsConfig | None) -> str:
    more = more or DnsConfig()
    servers = list(dict.fromkeys([*base.nameservers, *more.nameservers]))[:3]
    searches = list(dict.fromkeys([*base.searches, *more.searches]))
    options = {one.get("name", ""): one.get("value", "") for one in [*base.options, *more.options]}
    lines = [f"nameserver {server}" for server in servers]
    if searches:
        lines.append(f"search {' '.join(searches)}")
    if options:
        words = [f"{name}:{value}" if value else name for name, value in options.items()]
        lines.append(f"options {' '.join(words)}")
    return "\n".join(lines) + "\n"
