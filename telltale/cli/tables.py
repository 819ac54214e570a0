"""Rows of text from objects, for verbs that show pods. Never: printing, or asking."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from telltale.kube.core import ContainerStatus, Pod
from telltale.lib.moment import parse_rfc3339


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell, three blanks apart, as kubectl does."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def pods(listed: Iterable[Pod], now: datetime) -> list[str]:
    """NAME READY STATUS RESTARTS AGE."""
    rows = [("NAME", "READY", "STATUS", "RESTARTS", "AGE")]
    for pod in sorted(listed, key=lambda one: (one.metadata.namespace, one.metadata.name)):
        restarts = sum(status.restart_count for status in pod.status.container_statuses)
        age = _age(pod.metadata.creation_timestamp, now)
        rows.append((pod.metadata.name, pod.readiness, state(pod), str(restarts), age))
    return aligned(rows)


def state(pod: Pod) -> str:
    """The STATUS column: what a container waits for, or the phase."""
    if pod.metadata.deletion_timestamp:
        return "Terminating"
    waiting = [reason for status in pod.status.container_statuses if (reason := _reason(status))]
    return waiting[0] if waiting else pod.status.phase or "Pending"


def _reason(status: ContainerStatus) -> str:
    if status.state.waiting:
        return status.state.waiting.reason
    return status.state.terminated.reason if status.state.terminated else ""


def _age(created: str | None, now: datetime) -> str:
    seconds = int((now - parse_rfc3339(created)).total_seconds()) if created else 0
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
