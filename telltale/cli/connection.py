"""What a verb needs besides the API to make or mend a fault: commands in pods, through kubectl.

Never: a shell.
"""

import shutil
import sys
from pathlib import Path

from telltale.cli.options import Target
from telltale.kube.client import Client
from telltale.why.apply import Hands
from telltale.why.kubectl import Kubectl


def hands(where: Target, client: Client) -> Hands:
    """Without kubectl on this machine the faults that need it are refused before any change."""
    beside = Path(sys.executable).with_name("kubectl")
    program = shutil.which("kubectl") or (str(beside) if beside.exists() else "")
    if not program:
        return Hands(client, None)
    return Hands(client, Kubectl(str(where.kubeconfig_path() or ""), where.context, program))
