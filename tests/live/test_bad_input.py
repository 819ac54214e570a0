"""A user's mistakes: one clear line each, and nothing changed."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.cluster import DNS, RANGES, LiveCluster, run

pytestmark = [pytest.mark.live, pytest.mark.root]

SERVICE = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "odd", "namespace": "default"},
    "spec": {"ports": [{"port": 80}]},
}  # fmt: skip


def service(**changes: object) -> str:
    changed = json.loads(json.dumps(SERVICE))
    changed["metadata"]["name"] = changes.pop("name", "odd")
    changed["spec"] |= changes
    return json.dumps(changed)


BAD = {
    "malformed YAML": ("a: b: c\n  - d", "error"),
    "unknown kind": (
        '{"apiVersion": "v1", "kind": "Foo", "metadata": {"name": "x"}}', "no matches for kind",
    ),
    "bad port": (service(ports=[{"port": 70000}]), "must be between 1 and 65535"),
    "taken ClusterIP": (service(clusterIP=DNS), "provided IP is already allocated"),
    "ClusterIP outside the range": (service(clusterIP="10.0.0.1"), "not in the valid range"),
    "name that is no DNS label": (service(name="Odd_Name"), "DNS"),
    "unknown field": (service(portz=[]), "unknown field"),
    "3 MB object": (
        json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "odd"},
                    "data": {"a": "x" * (3 << 20)}}),
        "too large",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", BAD)
def test_the_api_refuses_clearly_and_changes_nothing(
    cluster: LiveCluster, mistake: str, tmp_path: Path
) -> None:
    document, expected = BAD[mistake]
    file = tmp_path / "bad.yaml"
    file.write_text(document)
    before = cluster.kubectl("get", "services,configmaps", "-A", "-o", "name")
    said = cluster.kubectl("create", "-f", str(file), check=False)
    assert expected.lower() in said.lower(), said
    assert "Traceback" not in said
    assert cluster.kubectl("get", "services,configmaps", "-A", "-o", "name") == before


def test_a_wrong_kubeconfig_is_named(tmp_path: Path) -> None:
    wrong = ((None, "no such kubeconfig"), ("a: [", "cannot be read"), ("{}", "context"))
    for content, expected in wrong:
        file = tmp_path / "kubeconfig"
        if content is not None:
            file.write_text(content)
        done = telltale("why", "--kubeconfig", str(file))
        assert done.returncode == 1
        assert str(file) in done.stderr
        assert expected in done.stderr
        assert one_line(done.stderr)


def test_a_busy_port_is_named(cluster: LiveCluster, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = telltale("--home", str(tmp_path / "other"), "up", *SECOND, "--api-port", port)
    assert done.returncode == 1
    assert port in done.stderr
    assert "--api-port" in done.stderr
    assert not (tmp_path / "other").exists()


def test_overlapping_ranges_are_refused_with_the_flag(
    cluster: LiveCluster, tmp_path: Path
) -> None:
    done = telltale("--home", str(tmp_path / "other"), "up", *RANGES[:-1], "17443")
    assert done.returncode == 1
    assert "--pod-cidr" in done.stderr or "--service-cidr" in done.stderr
    assert one_line(done.stderr)


def test_without_root_it_says_so(tmp_path: Path) -> None:
    done = telltale("--home", str(tmp_path / "other"), "up", user=65534)
    assert done.returncode == 1
    assert "root" in done.stderr
    assert one_line(done.stderr)


def test_without_runc_it_says_what_to_install(tmp_path: Path) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    home = str(tmp_path / "other")
    done = telltale("--home", home, "up", *SECOND, environment={"PATH": str(empty)})
    assert done.returncode == 1
    assert "runc" in done.stderr
    assert "apt-get install" in done.stderr
    assert one_line(done.stderr)


SECOND = (
    "--pod-cidr", "172.27.0.0/16", "--node-cidr", "172.27.3.0/24",
    "--service-cidr", "172.30.0.0/16", "--dns-address", "172.30.0.10",
    "--ingress-port", "17080", "--ingress-tls-port", "17444",
)  # fmt: skip


def telltale(
    *arguments: str, user: int | None = None, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    if user is not None:
        # The interpreter may lie where that user cannot read: load all first, then step down.
        code = (
            "import os; from telltale.cli import main; "
            "import telltale.cli.verbs.up, telltale.app.bringup, telltale.app.supervisor; "
            f"os.setuid({user}); main.main()"
        )
        return run([sys.executable, "-c", code, *arguments], check=False, limit_s=30)
    command = [sys.executable, "-m", "telltale", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=False,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip


def one_line(text: str) -> bool:
    errors = [line for line in text.splitlines() if line.startswith("error:")]
    return len(errors) == 1 and "Traceback" not in text
