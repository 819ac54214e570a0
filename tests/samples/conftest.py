"""Makes the bookshop, and the sample's own modules, importable; hands out its fixtures."""

import sys
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).parent),
    str(Path(__file__).parents[2] / "samples" / "bookinfo"),  # programs, not a package
]

from bookshop import bench, echo, silent  # noqa: E402

__all__ = ["bench", "echo", "silent"]
