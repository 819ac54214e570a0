"""What an agent says of itself, read from its page or, when that cannot be had, from its log. Pure.

Never: fetched here, or judged here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from telltale.kube import codec
from telltale.kube.codec import Json, dig


class Source(StrEnum):
    AGENT = "agent"
    LOG = "log"
    PRESUMED = "presumed"  # not asked itself; what every agent that was asked agrees on


# The way of an agent to its configuration, in order (design: "Readiness").
STAGES = ("resolve", "dial", "tls", "auth", "subscribe", "ack", "warm", "serve")


# How an agent ends a sentence about what it will know in a second.
UNSETTLED = (" yet", " being looked into", " being walked")


@dataclass(frozen=True, slots=True)
class Counts:
    ok: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class AgentReport:
    ready: bool
    stage: str
    target: str = ""
    nameserver: str = ""
    address: str = ""
    error: str = ""
    attempts: int = 0
    cds: Counts = Counts()
    lds: Counts = Counts()
    last_nack: str = ""
    connected: bool = False
    envoy: str = ""
    source: Source = Source.AGENT
    since: str = ""  # when it came to this stage

    @property
    def unsettled(self) -> bool:
        """Whether the agent has not looked into it yet; the error is then no more than that."""
        return not self.error or self.error.endswith(UNSETTLED)

    def presumed(self) -> "AgentReport":
        return replace(self, source=Source.PRESUMED)


def from_json(data: bytes) -> AgentReport:
    """The answer of `GET :15020/debug/why`. Raises `codec.Malformed`."""
    page = codec.parse_object(data)
    if "stage" not in page:
        raise codec.Malformed("no stage in the agent's report")
    return AgentReport(
        ready=dig(page, "ready") is True,
        stage=_text(page, "stage"),
        target=_text(page, "target"),
        nameserver=_text(page, "nameserver"),
        address=_text(page, "address"),
        error=_text(page, "error"),
        attempts=_number(dig(page, "attempts")),
        cds=_counts(dig(page, "cds")),
        lds=_counts(dig(page, "lds")),
        last_nack=_text(page, "last_nack"),
        connected=dig(page, "connected") is True,
        since=_text(page, "since"),
        envoy=str(dig(page, "envoy", "state", default="")),
    )


_LOOKUP = re.compile(
    r"lookup (?P<target>\S+) on (?P<server>[0-9a-fA-F.:]+?)(?::53)?: (?P<error>.+)$"
)
_STAGE = re.compile(rf"stage: (?P<stage>{'|'.join(STAGES)})\b:? ?(?P<error>.*)$")
_READY = re.compile(r"\bis ready\b", re.IGNORECASE)
_NOT_READY = re.compile(r"\bis NOT ready\b")


def from_log(lines: Sequence[str]) -> AgentReport | None:
    """The last that a proxy's log says of its way to the pilot; None when it says nothing."""
    for line in reversed(lines):
        if _READY.search(line) and not _NOT_READY.search(line):
            return None
        if found := _LOOKUP.search(line):
            return AgentReport(
                ready=False, stage="resolve", target=found["target"], nameserver=found["server"],
                error=found[0].strip(), source=Source.LOG,
            )  # fmt: skip
        if found := _STAGE.search(line):
            return AgentReport(
                ready=False, stage=found["stage"], error=found["error"].strip(), source=Source.LOG
            )
    return None


def _text(page: Json, key: str) -> str:
    return str(dig(page, key, default=""))


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _counts(value: Json) -> Counts:
    return Counts(_number(dig(value, "ok")), _number(dig(value, "rejected")))
