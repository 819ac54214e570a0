"""`python -m bench [ROW ...] [--json]`: measure what the rows say, most on a running demo cluster.

Each row gives `{"row", "ours", "peer", "ratio", "floor", "unit", "checked"}`; ratio is ours over
peer, and what the peer is stands in the row's docstring. Never: an assertion about time.
"""

import argparse
import json
import sys
from collections.abc import Callable

from bench import latency, memory, planning, propagation, startup, streams, why
from bench.row import Row

ROWS: dict[str, Callable[[], list[Row]]] = {
    "up": startup.measure,
    "memory": memory.measure,
    "latency": latency.measure,
    "propagation": propagation.measure,
    "plan": planning.measure,
    "streams": streams.measure,
    "why": why.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of: {', '.join(ROWS)}")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    unknown = [name for name in given.rows if name not in ROWS]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}; there is: {', '.join(ROWS)}")
    measured = []
    for name in given.rows or ROWS:
        print(f"measuring {name} …", file=sys.stderr)
        measured += ROWS[name]()
    if given.json:
        print(json.dumps([row.plain() for row in measured], indent=2))
    else:
        for row in measured:
            print(row.text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
