"""`pilot-agent proxy sidecar`: look after one Envoy, as process 1 of container istio-proxy. Never:
rules.
"""

import asyncio
import gc
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path

from setproctitle import setproctitle

from telltale.agent.run import run as run_agent
from telltale.agent.settings import Flags, read
from telltale.lib import log
from telltale.lib.clock import SystemClock

LABELS = Path("/etc/istio/pod/labels")


def options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("kind", nargs="?", default="sidecar", choices=("sidecar", "router"))
    add("--domain", help="DNS suffix of the workload's names (default NAMESPACE.svc.cluster.local)")
    add("--proxyLogLevel", dest="log_level", default="warning", help="Envoy's log level")
    add("--proxyComponentLogLevel", dest="component_log_level", default="", help="as misc:error")
    add(
        "--log_output_level", dest="own_level", default="default:info", help="the agent's own level"
    )
    add("--discoveryAddress", dest="discovery_address", help="HOST:PORT of the pilot")
    add("--concurrency", type=int, help="Envoy's worker threads, 0 for one a core")


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    # `netstat -p` and `ps` shall show what users of Istio look for.
    setproctitle("pilot-agent")
    log.to_stderr(args.own_level.rpartition(":")[2] or "info")
    levels = args.log_level.split(",", 1)
    flags = Flags(
        kind=args.kind,
        domain=args.domain,
        log_level=levels[0],
        component_log_level=",".join(
            [*levels[1:], *([args.component_log_level] * bool(args.component_log_level))]
        ),
        discovery_address=args.discovery_address,
        concurrency=args.concurrency,
    )
    settings = read(environ, flags, LABELS.read_text() if LABELS.exists() else "")
    gc.freeze()  # what start-up made stays; later collections need not look at it
    return asyncio.run(run_agent(settings, SystemClock()))
