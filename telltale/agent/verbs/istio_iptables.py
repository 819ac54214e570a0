"""`pilot-agent istio-iptables`: lead this pod's TCP through Envoy. Runs once, as root with
NET_ADMIN.

Flags and environment are Istio's (a flag wins); the rules are nftables. Never: asyncio (it runs
before every workload).
"""

import logging
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path

from telltale.agent import nft
from telltale.agent.redirect import IPV4, IPV6, TABLE, families, removal, table
from telltale.agent.redirect_options import (
    OptionError,
    Options,
    cidrs,
    cidrs_or_all,
    interfaces,
    numbers,
    numbers_or_all,
    port,
    ports,
    ports_or_all,
)
from telltale.agent.resolv_conf import read_resolv_conf
from telltale.lib import log as logs

log = logging.getLogger(__name__)

RESOLV_CONF = Path("/etc/resolv.conf")
DNS = "localhost:15053"

# flags, environment variable, default, what it is
_FLAGS = (
    ("-p --envoy-port", "ENVOY_PORT", "15001", "outbound TCP goes to this port"),
    ("-z --inbound-capture-port", "INBOUND_CAPTURE_PORT", "15006", "inbound TCP goes to this port"),
    ("-u --proxy-uid", "PROXY_UID", "1337", "traffic of these users is left alone"),
    ("-g --proxy-gid", "PROXY_GID", "", "and of these groups (default: as -u)"),
    ("-m --istio-inbound-interception-mode", "ISTIO_INBOUND_INTERCEPTION_MODE", "REDIRECT",
     "REDIRECT, or NONE for no rules"),
    ("-b --istio-inbound-ports", "ISTIO_INBOUND_PORTS", "", "inbound ports, * for all"),
    ("-d --istio-local-exclude-ports", "ISTIO_LOCAL_EXCLUDE_PORTS", "",
     "inbound ports left alone (with -b '*')"),
    ("-i --istio-service-cidr", "ISTIO_SERVICE_CIDR", "", "outbound ranges, * for all"),
    ("-x --istio-service-exclude-cidr", "ISTIO_SERVICE_EXCLUDE_CIDR", "",
     "outbound ranges left alone"),
    ("-q --istio-outbound-ports", "ISTIO_OUTBOUND_PORTS", "",
     "outbound ports, whatever the address"),
    ("-o --istio-local-outbound-ports-exclude", "ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE", "",
     "outbound ports left alone"),
    ("-k --kube-virt-interfaces", "KUBE_VIRT_INTERFACES", "",
     "interfaces whose inbound traffic is treated as outbound"),
    ("-c --istio-exclude-interfaces", "ISTIO_EXCLUDE_INTERFACES", "", "interfaces left alone"),
)  # fmt: skip
_SWITCHES = (
    ("--redirect-dns", "ISTIO_META_DNS_CAPTURE", "lead DNS to the agent on port 15053"),
    ("--capture-all-dns", "", "with --redirect-dns: whichever nameserver is asked, and not only "
     "those of /etc/resolv.conf"),
    ("--drop-invalid", "INVALID_DROP", "drop TCP that conntrack calls invalid"),
    ("--dual-stack", "ISTIO_DUAL_STACK", "the same rules for IPv6, which else is left alone"),
    ("--dry-run", "", "print the rules, change nothing"),
    ("--cleanup-only", "", "take the rules away"),
)


def options(parser: ArgumentParser) -> None:
    for flags, env, default, about in _FLAGS:
        said = f"{about} (${env}, default {default or 'none'})"
        parser.add_argument(*flags.split(), dest=env, metavar="VALUE", help=said.replace("%", "%%"))
    for flag, env, about in _SWITCHES:
        parser.add_argument(flag, dest=env or flag, action="store_true", help=about)


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    logs.to_stderr()
    said = vars(args)
    if said["--cleanup-only"]:
        for family in (IPV4, IPV6):
            nft.run(removal(family))
        log.info("the redirect rules are gone")
        return 0
    wanted = read(said, environ, RESOLV_CONF.read_text() if RESOLV_CONF.exists() else "")
    if wanted is None:
        log.info("interception mode is NONE, no rules")
        return 0
    for family in families(wanted):
        text = table(wanted, family)
        if said["--dry-run"]:
            sys.stdout.write(text)
            continue
        changed = nft.ensure(text, family)
        log.info(
            "table %s %s %s: outbound tcp to %d, inbound tcp to %d, uid %s left alone",
            family.name, TABLE, "applied" if changed else "is as wanted already",
            wanted.outbound_port, wanted.inbound_port, ",".join(wanted.uids),
        )  # fmt: skip
    return 0


def read(
    flags: Mapping[str, object], environ: Mapping[str, str], resolv_conf: str = ""
) -> Options | None:
    """Flags over environment over default; None for mode NONE. Raises OptionError."""
    names = {env: words.split()[0] for words, env, _, _ in _FLAGS}
    said = {
        env: str(_first(flags.get(env), environ.get(env), default)) for _, env, default, _ in _FLAGS
    }

    def one(env: str) -> tuple[str, str]:
        return names[env], said[env]

    mode = said["ISTIO_INBOUND_INTERCEPTION_MODE"]
    if mode == "NONE":
        return None
    if mode != "REDIRECT":
        raise OptionError(f'-m: "{mode}" is not supported; give REDIRECT or NONE')
    return Options(
        outbound_port=port(*one("ENVOY_PORT")),
        inbound_port=port(*one("INBOUND_CAPTURE_PORT")),
        uids=numbers(*one("PROXY_UID")),
        gids=numbers("-g", said["PROXY_GID"] or said["PROXY_UID"]),
        inbound_ports=ports_or_all(*one("ISTIO_INBOUND_PORTS")),
        excluded_inbound_ports=ports(*one("ISTIO_LOCAL_EXCLUDE_PORTS")),
        included_cidrs=cidrs_or_all(*one("ISTIO_SERVICE_CIDR")),
        excluded_cidrs=cidrs(*one("ISTIO_SERVICE_EXCLUDE_CIDR")),
        outbound_ports=ports(*one("ISTIO_OUTBOUND_PORTS")),
        excluded_outbound_ports=ports(*one("ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE")),
        virtual_interfaces=interfaces(*one("KUBE_VIRT_INTERFACES")),
        excluded_interfaces=interfaces(*one("ISTIO_EXCLUDE_INTERFACES")),
        included_groups=_groups(environ, "ISTIO_OUTBOUND_OWNER_GROUPS", "*"),
        excluded_groups=_groups(environ, "ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE", ""),
        drop_invalid=_switch(flags, environ, "INVALID_DROP"),
        dual_stack=_switch(flags, environ, "ISTIO_DUAL_STACK"),
        nameservers=_nameservers(flags, environ, resolv_conf),
        dns_port=port("DNS_PROXY_ADDR", environ.get("DNS_PROXY_ADDR", DNS).rpartition(":")[2]),
    )


def _nameservers(
    flags: Mapping[str, object], environ: Mapping[str, str], resolv_conf: str
) -> tuple[str, ...]:
    if not _switch(flags, environ, "ISTIO_META_DNS_CAPTURE"):
        return ()
    if flags.get("--capture-all-dns"):
        return ("*",)
    # Nothing else than an address may get into a script.
    servers = read_resolv_conf(resolv_conf).nameservers
    return cidrs("nameserver of /etc/resolv.conf", ",".join(dict.fromkeys(servers)))


def _groups(environ: Mapping[str, str], env: str, default: str) -> tuple[str, ...]:
    return numbers_or_all(env, environ.get(env, default))


def _switch(flags: Mapping[str, object], environ: Mapping[str, str], env: str) -> bool:
    return bool(flags.get(env)) or environ.get(env, "").lower() == "true"


def _first(*values: object) -> object:
    return next(value for value in values if value is not None)
