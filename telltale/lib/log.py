"""How processes write their log: one line a record, UTC time, level, name, message.

Never: a secret, or a print.
"""

import logging
import os
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path


def to_stderr(level: str = "info") -> None:
    """Set up logging once, at the top of a process."""
    _through(logging.StreamHandler(sys.stderr), level)


def to_file(path: Path, most_bytes: int, level: str = "info") -> None:
    """The same into a file, and with it all that the process writes to stderr.

    Past `most_bytes` the file becomes `path`.1, in place of the one before.
    """
    _through(_Bounded(path, most_bytes), level)


class _Bounded(RotatingFileHandler):
    """Keeps standard error on the file: what a library or a crash says there is not lost."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        super().__init__(path, maxBytes=most_bytes, backupCount=1)
        self._follow()

    def doRollover(self) -> None:
        super().doRollover()
        self._follow()

    def _follow(self) -> None:
        if self.stream:
            os.dup2(self.stream.fileno(), sys.stderr.fileno())


def _through(handler: logging.Handler, level: str) -> None:
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ\t%(levelname)s\t%(name)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
