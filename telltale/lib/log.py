"""How processes write their log: one line a record, UTC time, level, name, message.

Never: a secret, or a print.
"""

import logging
import sys
import time


def to_stderr(level: str = "info") -> None:
    """Set up logging once, at the top of a process."""
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ\t%(levelname)s\t%(name)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
