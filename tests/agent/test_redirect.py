"""The rules as text. What a kernel makes of them is in test_nft.py."""

import re

from telltale.agent.redirect import IPV4, IPV6, families, replacement, table
from telltale.agent.redirect_options import Options


def chain(text: str, name: str) -> list[str]:
    found = re.search(rf"chain {name} \{{\n(.*?)\n\t\}}", text, re.S)
    return [line.strip() for line in found[1].splitlines()] if found else []


def test_the_injected_rules_stand_in_istios_order():
    text = table(Options(excluded_inbound_ports=("15090", "15020"), gids=()), IPV4)
    assert chain(text, "ISTIO_OUTPUT") == [
        'oifname "lo" ip saddr 127.0.0.6 return',
        'oifname "lo" ip daddr != 127.0.0.1 tcp dport != 15008 '
        "meta skuid 1337 jump ISTIO_IN_REDIRECT",
        'oifname "lo" meta skuid != 1337 return',
        "meta skuid 1337 return",
        "ip daddr 127.0.0.1 return",
        "meta l4proto tcp jump ISTIO_REDIRECT",
    ]
    assert chain(text, "ISTIO_INBOUND") == [
        "tcp dport 15008 return",
        "tcp dport 15090 return",
        "tcp dport 15020 return",
        "meta l4proto tcp jump ISTIO_IN_REDIRECT",
    ]
    assert chain(text, "ISTIO_REDIRECT") == ["meta l4proto tcp redirect to :15001"]


def test_without_inbound_ports_nothing_inbound_is_led():
    assert chain(table(Options(inbound_ports=()), IPV4), "PREROUTING")[1:] == []


def test_without_ranges_only_named_ports_go_out_through_envoy():
    text = table(Options(included_cidrs=(), outbound_ports=("443",)), IPV4)
    assert chain(text, "ISTIO_OUTPUT")[-1] == "tcp dport 443 jump ISTIO_REDIRECT"


def test_a_captured_loopback_leaves_out_the_rule_that_frees_it():
    text = table(Options(included_cidrs=("127.0.0.1",)), IPV4)
    assert 'oifname "lo" meta skuid != 1337 return' not in text


def test_each_family_gets_its_own_ranges_and_ipv6_only_in_dual_stack():
    options = Options(included_cidrs=("10.0.0.0/8", "2001:db8::/32"), dual_stack=True)
    assert families(options) == (IPV4, IPV6) and families(Options()) == (IPV4,)
    assert "2001" not in table(options, IPV4) and "10.0.0.0" not in table(options, IPV6)
    assert "ip6 saddr ::6 return" in table(options, IPV6)


def test_dns_is_led_to_the_agent_but_not_its_own():
    text = table(Options(nameservers=("10.0.0.10", "fd00::a"), gids=()), IPV4)
    assert chain(text, "ISTIO_OUTPUT") == [
        'oifname "lo" ip saddr 127.0.0.6 return',
        'oifname "lo" ip daddr != 127.0.0.1 tcp dport != { 53, 15008 } '
        "meta skuid 1337 jump ISTIO_IN_REDIRECT",
        'oifname "lo" tcp dport != 53 meta skuid != 1337 return',
        "meta skuid 1337 return",
        "ip daddr 10.0.0.10 udp dport 53 redirect to :15053",
        "ip daddr 10.0.0.10 tcp dport 53 redirect to :15053",
        "ip daddr 127.0.0.1 return",
        "meta l4proto tcp jump ISTIO_REDIRECT",
    ]
    assert chain(text, "DNS_ZONES_OUTPUT")[1:] == [
        "udp dport 53 meta skuid 1337 ct zone set 1",
        "ip daddr 10.0.0.10 udp dport 53 meta skuid != 1337 ct zone set 2",
        "udp sport 15053 ct zone set 2",
    ]
    incoming = chain(text, "DNS_ZONES_PREROUTING")[1:]
    assert incoming == ["ip saddr 10.0.0.10 udp sport 53 ct zone set 1"]
    assert "fd00::a" in table(Options(nameservers=("fd00::a",), dual_stack=True), IPV6)


def test_dns_of_everybody():
    rules = chain(table(Options(nameservers=("*",)), IPV4), "ISTIO_OUTPUT")
    assert "udp dport 53 redirect to :15053" in rules
    assert "DNS_ZONES" not in table(Options(), IPV4)


def test_owner_groups():
    text = table(Options(included_groups=("7", "5"), excluded_groups=("9",)), IPV4)
    assert "meta skgid != { 5, 7 } return" in text and "meta skgid 9 return" in text


def test_a_replacement_is_one_script():
    assert replacement("table x", IPV4).splitlines()[1] == "delete table ip istio-proxy-nat"
