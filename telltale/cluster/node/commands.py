"""Short commands run to their end: their output and exit code, in a given time.

Never: a shell, or output without a bound.
"""

import asyncio
import contextlib
from dataclasses import dataclass

_MOST_OUTPUT = 1 << 20


class CommandTimedOut(Exception):
    """It did not end in its time, and was killed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    output: str  # stdout and stderr together, at most 1 MiB


async def run(*command: str, timeout_s: float = 60.0) -> Outcome:
    """Raises `CommandTimedOut`, or `OSError` when there is no such program."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout
    try:
        async with asyncio.timeout(timeout_s):
            kept = await _collect(process.stdout)
            return Outcome(await process.wait(), kept.decode(errors="replace"))
    except TimeoutError:
        raise CommandTimedOut(f"{command[0]} took longer than {timeout_s:g}s") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _collect(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await stream.read(1 << 16):
        kept = (kept + chunk)[:_MOST_OUTPUT]
    return kept
