"""Containers by runc, each watched by a conmon that outlives us.

conmon holds the container's output (CRI log lines), reaps it and writes its exit code to a file;
it ends when the container has ended, which is how we notice. Never: what a container is for.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from telltale.cluster.node import commands, descriptor, linux
from telltale.cluster.node.commands import Outcome
from telltale.cluster.node.process import Process
from telltale.cluster.node.processes import known, send
from telltale.kube import codec
from telltale.kube.codec import Object, dig

log = logging.getLogger(__name__)

ROOT_FOLDERS = ("upper", "work", "rootfs")  # of a cell: a container's own root file system

_CREATE_S = 60.0
_CUT = 5  # conmon throws a log away past so many times its size: when we are not there to rotate it


class RuntimeFailed(Exception):
    """The runtime could not make or start a container; the message is its own."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a container: `id` to the runtime, `folder` for its files, `log` its output."""

    id: str
    folder: Path
    log: Path

    @property
    def control(self) -> Path:
        """The pipe through which conmon is told things."""
        return self.folder / "ctl"

    @property
    def root(self) -> Path:
        return self.folder / "rootfs"


@dataclass(frozen=True, slots=True)
class Exit:
    code: int
    oom: bool
    at: float  # seconds since the epoch


class Runtime:
    """`state` is where runc keeps its own records; one such folder is one cluster."""

    def __init__(self, state: Path, log_bytes: int) -> None:
        self._state = state
        self._log_bytes = log_bytes
        self._execs = itertools.count()

    def command(self, *words: str) -> tuple[str, ...]:
        """A runc command line for this cluster."""
        return ("runc", "--root", str(self._state), *words)

    async def create(self, cell: Cell, config: Object) -> tuple[Process, Process]:
        """Make it, not started: its conmon and its first process. Raises `RuntimeFailed`."""
        (cell.folder / "config.json").write_bytes(codec.encode(config))
        read, write = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *self._conmon(cell, tty=bool(dig(config, "process", "terminal"))),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(write,),
                env={"_OCI_SYNCPIPE": str(write), "PATH": os.environ.get("PATH", os.defpath)},
                cwd="/",
            )
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(write)
        answer = await _line(read)
        await process.wait()  # conmon has gone into the background
        pid = dig(answer, "pid", default=-1)
        if not isinstance(pid, int) or pid <= 0:
            raise RuntimeFailed(_reason(str(dig(answer, "message", default="conmon gave up"))))
        conmon = int((cell.folder / "conmon.pid").read_text())
        return known(conmon), known(pid)

    async def start(self, cell: Cell) -> None:
        """Raises `RuntimeFailed`."""
        done = await commands.run(*self.command("start", cell.id))
        if done.code != 0:
            raise RuntimeFailed(_reason(done.output))

    async def exec(self, cell: Cell, command: tuple[str, ...], timeout_s: float) -> Outcome:
        """Run a command in a container. Raises `CommandTimedOut`, having killed it there too."""
        file = cell.folder / f"exec-{next(self._execs)}.pid"
        words = self.command("exec", "--pid-file", str(file), cell.id, *command)
        try:
            return await commands.run(*words, timeout_s=timeout_s)
        except commands.CommandTimedOut:
            with contextlib.suppress(OSError, ValueError):
                send(known(int(file.read_text())), signal.SIGKILL)
            raise
        finally:
            file.unlink(missing_ok=True)

    def knows(self, cell: Cell) -> bool:
        """Whether there is a container of that name, made, running or ended."""
        return (self._state / cell.id).exists()

    async def remove(self, cell: Cell) -> None:
        """Take away what the runtime knows of a container, killing it if it still runs."""
        with contextlib.suppress(OSError, commands.CommandTimedOut):
            await commands.run(*self.command("delete", "--force", cell.id))

    def _conmon(self, cell: Cell, *, tty: bool) -> list[str]:
        folder = str(cell.folder)
        words = [
            "conmon", "--cid", cell.id, "--cuuid", cell.id, "--name", cell.id,
            "--runtime", shutil.which("runc") or "runc",
            "--runtime-arg", "--root", "--runtime-arg", str(self._state),
            "--bundle", folder, "--container-pidfile", f"{folder}/pid",
            "--conmon-pidfile", f"{folder}/conmon.pid",
            "--persist-dir", folder, "--exit-dir", folder,
            "--log-path", f"k8s-file:{cell.log}", "--log-size-max", str(self._log_bytes * _CUT),
            "--log-level", "error", "--full-attach", "--no-sync-log",
        ]  # fmt: skip
        return [*words, "--terminal"] if tty else words


def exit_of(cell: Cell) -> Exit | None:
    """How a container ended, once conmon is gone; None when conmon was killed before it knew."""
    file = cell.folder / "exit"
    try:
        code = int(file.read_text())
        return Exit(code, (cell.folder / "oom").exists(), file.stat().st_mtime)
    except (FileNotFoundError, ValueError):
        return None


def mount_root(cell: Cell, lower: Path) -> None:
    """The container's own root: what it writes goes to `upper`, the image stays as it is."""
    for name in ROOT_FOLDERS:
        (cell.folder / name).mkdir(exist_ok=True)
        (cell.folder / name).chmod(0o755)  # whatever the umask is: it becomes the container's /
    upper, work = cell.folder / "upper", cell.folder / "work"
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    linux.mount("overlay", cell.root, "overlay", 0, options)


def unmount_root(cell: Cell) -> None:
    """Its writes are gone with it, as a container's are."""
    linux.unmount(cell.root)
    for name in ROOT_FOLDERS:
        shutil.rmtree(cell.folder / name, ignore_errors=True)


async def _line(pipe: int) -> Object:
    """The one line of JSON that conmon says when runc is done."""
    said = b""
    try:
        async with asyncio.timeout(_CREATE_S):
            while b"\n" not in said and (more := await descriptor.read(pipe)):
                said += more
        return codec.parse_object(said.partition(b"\n")[0])
    except (TimeoutError, codec.Malformed) as error:
        raise RuntimeFailed(f"conmon said nothing of use: {error}") from error
    finally:
        os.close(pipe)


def _reason(text: str) -> str:
    """runc's complaint without its log dress."""
    line = " ".join(text.split())
    _, found, rest = line.partition('msg="')
    return (rest.partition('" ')[0].rstrip('"') if found else line)[:1024] or "no reason given"
