"""Wall time of `telltale why`: in health and in the article's accident. Peer: the limit of 3 s."""

import json
import statistics
import time

from bench import demo
from bench.row import Row

LIMIT_S = 3.0
RUNS = 5


def measure() -> list[Row]:
    healthy = _runs("healthy")
    demo.telltale("break", "dns-service-moved")
    try:
        _until_found()
        sick = _runs("cause-found")
    finally:
        demo.telltale("mend")
    return [
        Row("why, healthy", statistics.median(healthy), "s", f"{RUNS} runs, healthy", LIMIT_S),
        Row("why, the article", statistics.median(sick), "s", f"{RUNS} runs, found", LIMIT_S),
    ]


def _runs(verdict: str) -> list[float]:
    took = []
    for _ in range(RUNS):
        began = time.monotonic()
        answer = json.loads(demo.telltale("why", "-o", "json").stdout)
        took.append(time.monotonic() - began)
        if answer["verdict"] != verdict:
            raise SystemExit(f"expected verdict {verdict}, found {answer['verdict']}")
    return took


def _until_found() -> None:
    end = time.monotonic() + 60
    while json.loads(demo.telltale("why", "-o", "json").stdout)["verdict"] != "cause-found":
        if time.monotonic() > end:
            raise SystemExit("waited 60 s for the accident to be found")
        time.sleep(0.5)
