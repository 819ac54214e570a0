"""A command in a running container, its streams joined to the far end, with or without a terminal.

Never: whether it may run.
"""

import asyncio
import contextlib
import fcntl
import os
import pty
import struct
import termios
import tty
from collections.abc import Coroutine

from telltale.cluster.kubelet import Streams
from telltale.cluster.node import descriptor

_CHUNK = 1 << 16


async def run(command: tuple[str, ...], streams: Streams, *, stdin: bool, terminal: bool) -> int:
    """The exit code. `command` is the runtime's own, up to and with the words to run."""
    if terminal:
        return await _with_terminal(command, streams, stdin=stdin)
    return await _with_pipes(command, streams, stdin=stdin)


async def _with_pipes(command: tuple[str, ...], streams: Streams, *, stdin: bool) -> int:
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe if stdin else nothing, stdout=pipe, stderr=pipe
    )
    assert process.stdout and process.stderr
    feeding = [_feed(process.stdin, streams)] if process.stdin else []
    reading = [
        _drain(process.stdout, streams, error=False),
        _drain(process.stderr, streams, error=True),
    ]
    return await _until_ended(process, reading, feeding)


async def _with_terminal(command: tuple[str, ...], streams: Streams, *, stdin: bool) -> int:
    """The runtime gets a terminal of ours and hands its size and bytes on to the container's."""
    ours, theirs = pty.openpty()
    try:
        tty.setraw(theirs)  # the container's own terminal echoes and edits; ours only carries
        process = await asyncio.create_subprocess_exec(
            "setsid", "--ctty", *command, stdin=theirs, stdout=theirs, stderr=theirs
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    feeding = [_resize(ours, streams)]
    if stdin:
        feeding.append(_type(ours, streams))
    try:
        return await _until_ended(process, [_show(ours, streams)], feeding)
    finally:
        os.close(ours)


async def _until_ended(
    process: asyncio.subprocess.Process,
    reading: list[Coroutine[None, None, None]],
    feeding: list[Coroutine[None, None, None]],
) -> int:
    """All output is handed on before the code is told; input is not waited for."""
    try:
        async with asyncio.TaskGroup() as group:
            inputs = [group.create_task(one) for one in feeding]
            outputs = [group.create_task(one) for one in reading]
            await asyncio.wait(outputs)
            code = await process.wait()
            for task in inputs:
                task.cancel()
        return code
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()  # the runtime hands it on to the command
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await process.wait()
            if process.returncode is None:
                process.kill()


async def _feed(stdin: asyncio.StreamWriter, streams: Streams) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await streams.read():
            stdin.write(data)
            await stdin.drain()
    stdin.close()


async def _drain(stream: asyncio.StreamReader, streams: Streams, *, error: bool) -> None:
    while data := await stream.read(_CHUNK):
        await streams.write(data, error=error)


async def _show(terminal: int, streams: Streams) -> None:
    with contextlib.suppress(OSError):  # EIO: the last one with the terminal open has gone
        while data := await descriptor.read(terminal):
            await streams.write(data)


async def _type(terminal: int, streams: Streams) -> None:
    while data := await streams.read():
        while data:
            data = data[os.write(terminal, data) :]  # a terminal takes what a person types at once


async def _resize(terminal: int, streams: Streams) -> None:
    while True:
        columns, rows = await streams.resized()
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
