"""What a container asked for at its start and before its end: exec, an HTTP GET, a pause.

Never: waiting longer than it is told.
"""

import asyncio

from telltale.cluster.node.commands import CommandTimedOut
from telltale.cluster.node.http_get import NoAnswer, get
from telltale.cluster.node.probe import Probed, target
from telltale.kube.core import Handler


async def run(hook: Handler, probed: Probed, timeout_s: float) -> str:
    """What went wrong, or "". Never raises for what the container does."""
    if hook.sleep:
        await asyncio.sleep(min(float(hook.sleep.seconds), timeout_s))
        return ""
    try:
        if hook.exec:
            words = " ".join(hook.exec.command)
            outcome = await probed.exec(tuple(hook.exec.command), timeout_s)
            text = outcome.output.strip()[:1024]
            failed = f"command '{words}' exited with {outcome.code}: {text}"
            return failed if outcome.code else ""
        if hook.http_get:
            code = await get(target(hook.http_get, probed), timeout_s)
            return f"HTTP hook failed with statuscode: {code}" if code >= 400 else ""
    except (CommandTimedOut, NoAnswer, LookupError, OSError) as error:
        return str(error)
    return ""
