"""How a container's end is written down: reason, signal, message. Pure but for two small files."""

from pathlib import Path

from telltale.cluster.node.logs import last_text
from telltale.cluster.node.record import Run
from telltale.cluster.node.runtime import Cell, Exit
from telltale.cluster.node.status import stamp
from telltale.kube.core import Container, ContainerState, Terminated

_MOST_MESSAGE = 4096
_LOG_LINES, _LOG_BYTES = 80, 2048
UNKNOWN = 137  # the container was lost from sight: the kubelet's code for it


def terminated(container: Container, run: Run, cell: Cell, end: Exit | None) -> ContainerState:
    """The state that says how a run ended; `end` is None when nobody saw it. Blocking."""
    running = run.state.running
    began = running.started_at if running else None
    if end is None:
        lost = Terminated(
            exit_code=UNKNOWN, reason="ContainerStatusUnknown", started_at=began,
            message="The container could not be located when the pod was terminated",
        )  # fmt: skip
        return ContainerState(terminated=lost)
    reason = "Completed" if end.code == 0 else "Error"
    return ContainerState(
        terminated=Terminated(
            exit_code=end.code,
            signal=None,
            reason="OOMKilled" if end.oom else reason,
            message=_message(container, cell, end.code),
            started_at=began,
            finished_at=stamp(end.at),
            container_id=f"runc://{run.id}",
        )
    )


def _message(container: Container, cell: Cell, code: int) -> str:
    """What the container left in its termination message file, or the end of its log."""
    text = _read(cell.folder / "termination-log")
    if not text and code != 0 and container.termination_message_policy == "FallbackToLogsOnError":
        text = last_text(cell.log, _LOG_LINES)[-_LOG_BYTES:]
    return text


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_MOST_MESSAGE).decode(errors="replace")
    except OSError:
        return ""
