"""Seconds from `up` to every pod n/n, in a cluster of its own. The peer is the goal of 20 s."""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.row import Row

GOAL_S = 20.0
RANGES = (
    "--pod-cidr", "172.28.0.0/16", "--node-cidr", "172.28.3.0/24",
    "--service-cidr", "172.31.0.0/16", "--dns-address", "172.31.0.10", "--api-port", "18443",
    "--ingress-port", "18080", "--ingress-tls-port", "18444",
)  # fmt: skip


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        telltale = [sys.executable, "-m", "telltale", "--home", str(Path(scratch) / "home")]
        began = time.monotonic()
        done = subprocess.run(
            [*telltale, "up", *RANGES, "--sample", "bookinfo"],
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        took = time.monotonic() - began
        down = [*telltale, "down", "--delete"]
        subprocess.run(down, capture_output=True, check=True, timeout=120)
    if done.returncode:
        raise SystemExit(done.stderr)
    steps = re.findall(r"✓ (.+) \((\d+\.\d) s\)", done.stderr)
    parts = ", ".join(f"{name} {seconds}" for name, seconds in steps)
    pods = len(re.findall(r"2/2", done.stdout))
    rows = [Row("up to every pod n/n", took, "s", f"{pods} pods 2/2; {parts}", GOAL_S)]
    return rows + [Row(f"  {name}", float(seconds), "s", "step of up") for name, seconds in steps]
