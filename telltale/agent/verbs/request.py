"""`pilot-agent request METHOD PATH`: ask Envoy's admin page, or with --debug-port the agent itself.
Never: another host.
"""

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping

from telltale.agent import h1

TIMEOUT_S = 30.0


class RequestFailed(ValueError):
    """The page did not answer, or not with 2xx."""


def options(parser: ArgumentParser) -> None:
    parser.add_argument("method", help="GET, POST ...")
    parser.add_argument("path", help="as in stats, config_dump, logging?level=debug")
    parser.add_argument(
        "--debug-port", type=int, default=15000, help="default 15000, Envoy's admin page"
    )


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    path, _, query = ("/" + args.path.lstrip("/")).partition("?")
    request = h1.Request(args.method.upper(), path, query)
    asked = f"{request.method} 127.0.0.1:{args.debug_port}{path}"
    try:
        answer = asyncio.run(h1.ask(h1.Where("127.0.0.1", args.debug_port), request, TIMEOUT_S))
    except (OSError, TimeoutError, h1.HttpError) as error:
        raise RequestFailed(f"{asked}: {error or f'no answer within {TIMEOUT_S:.0f} s'}") from None
    sys.stdout.write(answer.body.decode(errors="replace"))
    if not 200 <= answer.status < 300:
        raise RequestFailed(f"{asked}: status {answer.status}")
    return 0
