"""The verbs of a story: make a cluster sick, ask why, mend it."""

import asyncio

from worlds import Cluster

from telltale.why.answer import Answer
from telltale.why.ask import Settings, ask
from telltale.why.faults import Pace, break_
from telltale.why.mend import Manners, Mended, mend
from telltale.why.symptom import Question, parse

EVERYTHING = Question()


def why(cluster: Cluster, question: Question = EVERYTHING) -> Answer:
    return asyncio.run(ask(cluster.client, question, Settings(cluster.clock)))


def sick(*names: str) -> Cluster:
    cluster = Cluster.well()
    for name in names:
        break_too(cluster, name)
    return cluster


def asked(cluster: Cluster, *words: str) -> Answer:
    return why(cluster, parse(words))


def break_too(cluster: Cluster, name: str) -> None:
    async def pause(_: float) -> None:
        cluster.backed_off()

    asyncio.run(break_(cluster.hands, name, "default", Pace(lambda _: None, pause, exec_s=1)))
    cluster.later(15)


def mended(cluster: Cluster, agree: bool = True) -> Mended:
    async def pause(_: float) -> None:
        cluster.later(1)

    manners = Manners(lambda _: agree, lambda _: None, verify_s=2, pause=pause)
    answer = why(cluster)
    return asyncio.run(mend(cluster.hands, answer, Settings(cluster.clock), manners))
