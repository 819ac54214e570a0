"""Bytes from a descriptor as they come: a pipe, our end of a terminal.

Not `loop.connect_read_pipe`: uvloop closes such a descriptor twice, and the second time it may be
another thread's, opened meanwhile. Never: closing what it was given.
"""

import asyncio
import os

_CHUNK = 1 << 16


async def read(descriptor: int) -> bytes:
    """What is there, waited for; empty at the end. Raises `OSError`."""
    loop, there = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, there.set)
    try:
        await there.wait()
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, _CHUNK)
