"""The demo cluster that rows measure on, by TELLTALE_HOME and real kubectl. Never: started here."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from telltale.app.home import Home, default_home


def home() -> Home:
    found = Home(default_home(os.environ))
    if not found.running():
        sys.exit(f"no cluster runs under {found.path}: start one: make demo (or set TELLTALE_HOME)")
    return found


def kubectl(*arguments: str) -> str:
    program = shutil.which("kubectl") or str(Path(sys.executable).with_name("kubectl"))
    done = subprocess.run(
        [program, "--kubeconfig", str(home().kubeconfig), *arguments],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout


def read(*arguments: str) -> Any:
    return json.loads(kubectl(*arguments, "-o", "json"))


def telltale(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "telltale", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def container_pids(pod: dict[str, Any], container: str) -> list[int]:
    """All pids of this machine that belong to one container."""
    wanted = next(
        one["containerID"].removeprefix("runc://")
        for one in pod["status"]["containerStatuses"] if one["name"] == container
    )  # fmt: skip
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and wanted in (entry / "cgroup").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def pss_mb(pid: int) -> float:
    """Proportional memory of a process, in MB: shared pages are divided among their users."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"pid {pid} has no Pss")
