"""What users get wrong, applied one after another under traffic: each is refused at admission, or
told in its status and by `telltale analyze`, with object, field and a way out; the rest goes on.
"""

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.live.cluster import INGRESS, until
from tests.live.traffic.actor import APP, ask
from tests.live.traffic.play import (
    SPACE,
    Play,
    Spec,
    asked,
    edge,
    gateway,
    route,
    rule,
    vs,
)
from tests.pilot.intake.test_malformed import CASES as PURE, KINDS

pytestmark = [pytest.mark.live, pytest.mark.root]

CASES = [*PURE, *yaml.safe_load(Path(__file__).with_name("mistakes.yaml").read_text())]
ALL = "virtualservices,destinationrules,gateways.networking.istio.io,envoyfilters"
SERVICES = ("good", "cart", "pay")


@pytest.fixture
def shop(play: Play) -> Iterator[Play]:
    """What is right: `good`, in the mesh and at the gateway; and what the mistakes are about."""
    services = [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": SPACE},
         "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": APP}]}}
        for name in SERVICES
    ]  # fmt: skip
    good = route("v1", host="good")
    play.apply(*services, rule("good"), rule("cart", ("v1",)), vs(good, name="good"),
               gateway(), edge(good))  # fmt: skip
    try:
        until(lambda: "" if served(play, 8) == {"200 v1"} else "v1", 20, "good to be served")
        yield play
    finally:
        play.cluster.kubectl("delete", "services", "-n", SPACE, *SERVICES)


def served(play: Play, count: int, every_s: float = 0.0) -> set[str]:
    """Status and version of so many answers to a sidecar, and to the gateway."""
    inside = play.briefly([asked(url=f"http://good:{APP}/")] * count, every_s=every_s)
    ingress = asked(url=f"http://127.0.0.1:{INGRESS}/", Host="play.example")
    through = ask([ingress] * count, every_s=every_s, brief=True)
    return {one[:6] for one in (*inside, *through)}


class Traffic(threading.Thread):
    """Twenty requests a second by each way until it is ended; `found`: what came of them."""

    def __init__(self, play: Play) -> None:
        super().__init__()
        self._play, self._over = play, threading.Event()
        self.found: set[str] = set()
        self.count = 0

    def run(self) -> None:
        while not self._over.is_set():
            self.found |= served(self._play, 10, every_s=0.05)
            self.count += 20

    def end(self) -> None:
        self._over.set()
        self.join()


def name(case: Spec) -> str:
    return "wrong-" + "".join(one if one.isalnum() else "-" for one in case["name"].lower())


def applied(play: Play, case: Spec) -> subprocess.CompletedProcess[str]:
    """kubectl leaves the judging to the server, but for fields that it would cut out unsaid."""
    kind = KINDS[case["kind"]]
    object = {"apiVersion": kind.api_version, "kind": kind.kind, "spec": case["spec"],
              "metadata": {"name": name(case), "namespace": SPACE}}  # fmt: skip
    return play.applied(object, judge=unknown(case))


def unknown(case: Spec) -> bool:
    return case["name"] in ("a misspelt field", "a field one level too high")


def fields(case: Spec) -> list[str]:
    return case.get("at") or [case["field"]]


def test_forty_mistakes_are_told_and_cost_nobody_a_request(shop: Play) -> None:
    before = proxies(shop)
    assert len(CASES) >= 40 and before
    assert not {one for row in before.values() for one in row} & {"ERROR", "STALE"}, before
    traffic = Traffic(shop)
    traffic.start()
    try:
        for case in CASES:
            refused_or_stored(shop, case)
        stored = [case for case in CASES if not case.get("refused")]
        until(lambda: untold(shop, stored), 30, "each status to tell its mistake")
        assert not unfound(shop, stored)
        held = proxies(shop)
        assert held.keys() == before.keys(), "every proxy is connected"
        gone = [f"{plural(one)}/{name(one)}" for one in stored]
        shop.cluster.kubectl("delete", "-n", SPACE, *gone)
        until(lambda: "" if proxies(shop) == before else str(proxies(shop)), 30, "all in step")
    finally:
        traffic.end()
    assert traffic.count > 100 and traffic.found == {"200 v1"}, traffic.found


def refused_or_stored(play: Play, case: Spec) -> None:
    done = applied(play, case)
    assert (done.returncode != 0) is case.get("refused", False), (case["name"], done.stderr)
    if unknown(case):
        assert f'unknown field "{case["field"].rpartition(".")[2]}"' in done.stderr
    elif case.get("refused"):
        assert f"{case['kind'].lower()} {SPACE}/{name(case)}: " in done.stderr
        assert case.get("says", "") in done.stderr
        assert not [one for one in fields(case) if f"{one}: " not in done.stderr], done.stderr


def untold(play: Play, cases: list[Spec]) -> str:
    """The cases of which the object's status does not speak."""
    there = {
        (one["kind"], one["metadata"]["name"]): str(one.get("status", {}).get("conditions", []))
        for one in play.cluster.read("get", ALL, "-n", SPACE)["items"]
    }  # fmt: skip
    return "; ".join(
        case["name"] for case in cases for field in fields(case)
        if f"{field}: " not in there[case["kind"], name(case)]
        or case.get("says", "") not in there[case["kind"], name(case)]
    )  # fmt: skip


def unfound(play: Play, cases: list[Spec]) -> list[str]:
    """The cases that `telltale analyze` does not find, of those that it can."""
    said = play.cluster.telltale("analyze", "-n", SPACE, "-o", "json", check=False)
    found = {(one["kind"], one["name"], one["field"])
             for one in json.loads(said.stdout)}  # fmt: skip
    return [
        f"{case['name']}: {field}" for case in cases for field in fields(case)
        if not case.get("later") and (case["kind"], name(case), field) not in found
    ]  # fmt: skip


def proxies(play: Play) -> dict[str, list[str]]:
    """By name, how each type of each proxy stands."""
    rows = play.cluster.telltale("proxy-status", "-v", "1").stdout.splitlines()
    return {row.split()[0]: row.split()[4:] for row in rows[1:]}


def plural(case: Spec) -> str:
    return "gateway.networking.istio.io" if case["kind"] == "Gateway" else str(case["kind"])
