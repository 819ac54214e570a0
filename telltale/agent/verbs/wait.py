"""`pilot-agent wait`: return when the agent says ready; the postStart of
holdApplicationUntilProxyStarts. Never: a change.
"""

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping

from telltale.agent import h1


class NotReady(ValueError):
    """The time is over; the message has the agent's last reason."""


def options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--port", type=int, default=15020, help="the agent's port")
    add("--timeoutSeconds", dest="timeout_s", type=float, default=60.0)
    add("--requestTimeoutMillis", dest="request_ms", type=float, default=500.0)
    add("--periodMillis", dest="period_ms", type=float, default=500.0)


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    asyncio.run(_wait(args))
    sys.stderr.write("Envoy is ready\n")
    return 0


async def _wait(args: Namespace) -> None:
    where = h1.Where("127.0.0.1", args.port)
    last = "not asked yet"
    try:
        async with asyncio.timeout(args.timeout_s):
            while True:
                last = await _why_not(where, args.request_ms / 1000)
                if not last:
                    return
                await asyncio.sleep(args.period_ms / 1000)
    except TimeoutError:
        raise NotReady(f"Envoy is not ready after {args.timeout_s:g} s: {last}") from None


async def _why_not(where: h1.Where, timeout_s: float) -> str:
    """Empty when ready."""
    try:
        answer = await h1.ask(where, h1.Request("GET", "/healthz/ready"), timeout_s)
    except TimeoutError:
        return f"127.0.0.1:{where.port} does not answer within {timeout_s:g} s"
    except (OSError, h1.HttpError) as error:
        return f"127.0.0.1:{where.port}: {error}"
    return (
        "" if answer.status == 200 else " ".join(answer.body.decode(errors="replace").split("\n"))
    )
