"""Subsets and the routes to them change together: no request may fall between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.pilot.loopback import METADATA, NODE, Ground, ground

pytestmark = pytest.mark.live

RULE = """
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec: {host: cart, subsets: [%s]}
"""
ROUTE = """
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec: {hosts: [cart], http: [{route: [{destination: {host: cart, subset: %s}}]}]}
"""


def rule(*names: str) -> str:
    return RULE % ", ".join(f"{{name: {name}, labels: {{version: {name}}}}}" for name in names)


@asynccontextmanager
async def asking(at: Ground, clients: int = 4) -> AsyncIterator[list[tuple[int, str]]]:
    """Requests without pause from some clients; the answers in order."""
    answers: list[tuple[int, str]] = []

    async def ask() -> None:
        while True:
            answers.append(await at.ask())

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask()) for _ in range(clients)]
        yield answers
        for task in tasks:
            task.cancel()


@pytest.mark.parametrize("delta", [True, False], ids=["delta", "sotw"])
def test_a_subset_and_its_route_go_together_without_a_gap(envoy, free_ports, until, delta):
    """In either order of the two writes that one `kubectl apply` makes, also some time apart."""

    async def story() -> None:
        async with (
            ground(free_ports, "v1-0", "v2-0") as (at, grpc),
            envoy(NODE, METADATA, pilot=grpc, delta=delta) as proxy,
        ):
            at.apply(rule("v1") + "---" + ROUTE % "v1")
            await until("Envoy to be live", proxy.ready)

            async def answered_by(name: str) -> bool:
                return (await at.ask())[1] == name

            await until("v1 to answer", lambda: answered_by("v1-0"))
            async def more(count: int) -> bool:
                return len(answers) >= count

            async with asking(at) as answers:
                for turn in range(8):
                    new = ("v2", "v1")[turn % 2]
                    writes = [rule(new), ROUTE % new]
                    if turn % 4 >= 2:  # otherwise the subset goes before the route does
                        writes.reverse()
                    for one in writes:
                        at.apply(one)
                        if turn >= 4:  # the pilot has told the first before the second comes
                            await until("the pilot to read it", at.read)
                            await until("all to be taken", at.settled)
                            seen = len(answers)
                            await until("more answers", lambda: more(seen + 20))  # noqa: B023
                    await until(f"{new} alone to answer", lambda: answered_by(f"{new}-0"))  # noqa: B023
                    await until("all to be taken", at.settled)
            bad = [one for one in answers if one[0] != 200]
            assert not bad, f"{len(bad)} of {len(answers)}: {bad[:3]}"
            assert len(answers) > 100

    asyncio.run(story())
