"""The way to the pilot, walked by the agent itself: resolve, dial, and see that HTTP/2 is spoken
there.

Envoy walks it too, but cannot say where it ends. Each step is bounded, by 2 s unless told.
Never: a subscription (a second stream would count as a second proxy), or anything that changes the
pilot.
"""

import asyncio
import errno
import os

from telltale.agent import h2
from telltale.agent.resolv_conf import ResolvConf
from telltale.agent.resolve import Found, LookupFailed, resolve
from telltale.agent.settings import Target
from telltale.agent.stage import Stage, Walked

STEP_S = 2.0
ADDRESSES = 3  # of a headless Service: how many are tried


async def walk(
    target: Target, conf: ResolvConf, dns_port: int = 53, step_s: float | None = None
) -> Walked:
    """Never raises for what it meets on the way: that is its result."""
    step_s = STEP_S if step_s is None else step_s
    try:
        found = await resolve(target.host, conf, step_s, dns_port)
    except LookupFailed as error:
        return Walked(Stage.RESOLVE, str(error), conf.nameservers[0])
    met = Walked(Stage.RESOLVE)
    for host in found.addresses[:ADDRESSES]:
        met = await _visit(Target(host, target.port), found, step_s)
        if met.error is None:
            break
    return met


async def _visit(there: Target, found: Found, step_s: float) -> Walked:
    try:
        async with asyncio.timeout(step_s):
            reader, writer = await asyncio.open_connection(there.host, there.port)
    except (OSError, TimeoutError) as error:
        said = f"dial tcp {there}: {_dial_words(error)}"
        return Walked(Stage.DIAL, said, found.nameserver, str(there))
    try:
        async with asyncio.timeout(step_s):
            await h2.greet(reader, writer)
    except TimeoutError:
        said = f"connected to {there}, which says nothing within {step_s:g} s"
    except h2.NotHttp2 as error:
        said = f"connected to {there}, {error}"
    except OSError as error:
        said = f"connected to {there}, which broke off: {_words(error)}"
    else:
        return Walked(Stage.SUBSCRIBE, None, found.nameserver, str(there))
    finally:
        writer.close()
    return Walked(Stage.SUBSCRIBE, said, found.nameserver, str(there))


def _dial_words(error: OSError | TimeoutError) -> str:
    number = getattr(error, "errno", None)
    if isinstance(error, TimeoutError) and number is None:
        return "i/o timeout"
    return "i/o timeout" if number == errno.ETIMEDOUT else f"connect: {_words(error)}"


def _words(error: OSError) -> str:
    """asyncio puts its own text into strerror, so the number is put in words anew."""
    return os.strerror(error.errno).lower() if error.errno else str(error).lower()
