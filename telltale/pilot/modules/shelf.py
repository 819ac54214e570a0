"""Modules that were fetched before, in a directory: a pilot that begins anew has them at once.

What is read is believed only if it adds up. Of many the oldest go. Without a directory, or in one
that cannot be written, nothing is kept and all is well. Never: the network.
"""

import logging
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock

from telltale.model.extension import Code
from telltale.pilot.modules.content import summed
from telltale.pilot.modules.wanted import Wanted

log = logging.getLogger(__name__)

MOST = 256 << 20  # bytes of all together


class Shelf:
    """`names/` has, for each thing wanted, the sum of what came; `modules/` has them by sum."""

    def __init__(self, directory: Path | None, most: int = MOST) -> None:
        self._directory = directory
        self._most = most
        self._lock = Lock()  # it is asked from threads

    def find(self, wanted: Wanted) -> Code | None:
        with self._lock:
            return self._find(wanted)

    def keep(self, wanted: Wanted, code: Code) -> None:
        with self._lock:
            self._keep(wanted, code)

    def _find(self, wanted: Wanted) -> Code | None:
        if self._directory is None:
            return None
        try:
            known = self._name(wanted).read_text()
            body = self._module(known).read_bytes()
        except (OSError, ValueError):
            return None
        if summed(body) != known:
            log.warning("a module that was kept does not add up to %s: not used", known)
            return None
        with suppress(OSError):
            os.utime(self._module(known))
        return Code(known, body)

    def _keep(self, wanted: Wanted, code: Code) -> None:
        if self._directory is None:
            return
        try:
            _write(self._module(code.sha256), code.body)
            _write(self._name(wanted), code.sha256.encode())
            self._tidy()
        except OSError as error:
            log.warning("a module is not kept: %s: %s", self._directory, error.strerror)
            self._directory = None

    def _name(self, wanted: Wanted) -> Path:
        assert self._directory
        said = "\0".join((wanted.url, wanted.sha256, *(wanted.secret or ()), wanted.again))
        return self._directory / "names" / sha256(said.encode()).hexdigest()

    def _module(self, known: str) -> Path:
        assert self._directory
        if len(known) != 64 or not known.isalnum():
            raise ValueError(known)
        return self._directory / "modules" / f"{known}.wasm"

    def _tidy(self) -> None:
        assert self._directory
        files = [*(self._directory / "modules").iterdir()]
        found = sorted(((one.stat(), one) for one in files), key=lambda one: -one[0].st_mtime)
        total = 0
        for stat, file in found:
            total += stat.st_size
            if total > self._most:
                file.unlink()


def _write(file: Path, body: bytes) -> None:
    """All of it or nothing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(".half")
    half.write_bytes(body)
    half.rename(file)
