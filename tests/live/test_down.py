"""`down` leaves nothing, whatever happened before it; `up` brings the same cluster back."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from telltale.app.home import Home
from tests.live.cluster import LiveCluster, run, until

pytestmark = [pytest.mark.live, pytest.mark.root]

SECOND = (
    "--pod-cidr", "10.217.0.0/16", "--node-cidr", "10.217.3.0/24",
    "--service-cidr", "10.218.0.0/16",
    "--dns-address", "10.218.0.10", "--api-port", "15444",
    "--ingress-port", "15080", "--ingress-tls-port", "15446",
)  # fmt: skip
OTHERS = re.compile(r"(?:telltale-|\bv)([0-9a-f]{6})")


class Second(LiveCluster):
    """Another cluster beside the one of the session, which must not be touched."""

    def up(self, *more: str) -> str:
        return self.telltale("up", *SECOND, *more, limit_s=180).stdout

    @property
    def id(self) -> str:
        return Home(self.home).id


@pytest.fixture
def second(cluster: LiveCluster, tmp_path: Path) -> Iterator[Second]:
    """`down` after each story gives back the machine as it was; the first cluster goes on."""
    pods = cluster.pods()
    one = Second(tmp_path / "home")
    before = machine(one)
    yield one
    one.telltale("down")
    assert machine(one) == before
    assert {path.name for path in tmp_path.iterdir()} <= {"home"}
    assert cluster.pods() == pods
    cluster.wait_ready()


def test_it_leaves_nothing_and_up_brings_everything_back(second: Second) -> None:
    second.up("--no-mesh")
    second.kubectl(
        "create", "deployment", "web", "--image=nginx", "--replicas=2", "--", "sleep", "1000"
    )
    second.wait_ready()
    pods = second.pods()
    address = second.service_address("kube-dns", "kube-system")
    assert "stopped" in second.telltale("down").stderr
    assert "nothing to stop" in second.telltale("down").stderr
    assert not mine(second)
    second.telltale("up", "--no-mesh")  # without a word about ranges: it is the same cluster
    assert second.pods() == pods
    assert second.service_address("kube-dns", "kube-system") == address
    assert restarts(second) == {1}  # as after a reboot of a node
    said = second.telltale("up", "--no-mesh")  # once more changes nothing
    assert second.pods() == pods and restarts(second) == {1}
    assert "Traceback" not in said.stderr


def test_after_a_reboot_the_cluster_comes_back(second: Second) -> None:
    second.up("--no-mesh")
    second.kubectl("create", "deployment", "web", "--image=nginx", "--", "sleep", "1000")
    second.wait_ready()
    reboot(second)
    assert not mine(second)
    second.telltale("up", "--no-mesh")
    second.wait_ready()
    assert restarts(second) == {1}
    described = second.kubectl("describe", "pod", "-l", "app=web")
    assert "SandboxChanged" in described and "Exit Code:    255" in described


def test_it_clears_up_after_a_killed_supervisor(second: Second) -> None:
    second.up("--no-mesh")
    second.kill_supervisor()
    assert "stopped" in second.telltale("down").stderr


def test_it_clears_up_after_a_killed_up(second: Second) -> None:
    """`up` and the supervisor are both killed at the worst moments."""
    for what in ("supervisor.pid", "kubeconfig", "node/pods/*", "node/pods/*/run/*/*/pid"):
        with begin(second) as starting:
            until(lambda: "" if list(second.home.glob(what)) else what, 30, what)  # noqa: B023
            starting.kill()
        if pid := Home(second.home).holder():
            os.kill(pid, signal.SIGKILL)
        second.telltale("down")
        assert not mine(second), what
        shutil.rmtree(second.home)


def test_it_waits_for_a_supervisor_that_has_only_just_begun(second: Second) -> None:
    with begin(second) as starting:
        until(lambda: "" if (second.home / "supervisor.pid").exists() else "it", 30, "the lock")
        starting.kill()
    second.telltale("down")
    assert Home(second.home).holder() is None
    assert not mine(second)


def test_an_interrupted_up_takes_back_what_it_began(second: Second) -> None:
    with begin(second) as starting:
        until(lambda: "" if (second.home / "pki").exists() else "it", 30, "the supervisor to begin")
        starting.send_signal(signal.SIGINT)
        _, said = starting.communicate(timeout=30)
    assert starting.returncode == 130
    assert "interrupted" in said and "Traceback" not in said
    if "nothing was left" in said:
        assert not mine(second) and Home(second.home).holder() is None


def test_in_the_foreground_it_ends_with_whoever_started_it(second: Second) -> None:
    with begin(second, "--foreground") as staying:
        assert staying.stderr
        shown = iter(staying.stderr.readline, "")
        assert any("staying here" in line for line in shown), "it did not come up"
        assert all(state == "1/1 Running" for state in second.pods("kube-system").values())
        staying.send_signal(signal.SIGINT)
        staying.communicate(timeout=30)
    assert staying.returncode == 130
    assert not mine(second)


def test_a_damaged_home_can_still_be_stopped(second: Second) -> None:
    second.up("--no-mesh")
    good = (second.home / "settings.json").read_text()
    (second.home / "settings.json").write_text("{ damaged")
    refused = second.telltale("up", check=False)
    assert refused.returncode == 1 and "settings.json: cannot be read" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert "stopped" in second.telltale("down").stderr
    assert not mine(second)
    (second.home / "settings.json").write_text(good)


@pytest.mark.parametrize(
    ("file", "expected"), [("store.db", "store"), ("pki/ca.crt", "pki"), ("pki/ca.key", "pki")]
)
def test_a_start_that_fails_says_why_and_leaves_nothing(
    second: Second, file: str, expected: str
) -> None:
    second.up("--no-mesh")
    second.telltale("down")
    (second.home / file).write_bytes(b"damaged" * 1000)
    failed = second.telltale("up", "--no-mesh", check=False)
    assert failed.returncode == 1
    [line] = [line for line in failed.stderr.splitlines() if line.startswith("error:")]
    assert expected in line and "Traceback" not in failed.stderr
    assert not mine(second)
    assert "nothing to stop" in second.telltale("down").stderr


def test_other_ranges_than_before_are_refused_with_both(second: Second) -> None:
    second.up("--no-mesh")
    refused = second.telltale("up", "--pod-cidr", "10.219.0.0/16", check=False)
    assert refused.returncode == 1
    assert "10.219.0.0/16" in refused.stderr and "10.217.0.0/16" in refused.stderr
    second.telltale("down")
    second.telltale(
        "up", "--no-mesh", "--api-port", "15445"
    )  # a port may change between two starts
    assert ":15445" in (second.home / "kubeconfig").read_text()
    second.kubectl("get", "nodes")


@pytest.mark.parametrize("place", ["/", "/etc", "/usr", "/tmp"])  # noqa: S108
def test_a_directory_that_is_not_a_cluster_is_never_touched(place: str) -> None:
    for words in (["down"], ["down", "--delete"], ["up", *SECOND]):
        before = {entry.name for entry in Path(place).iterdir()}
        command = [sys.executable, "-m", "telltale", "--home", place, *words]
        done = run(command, check=False, limit_s=30)
        assert done.returncode == 1, done.stderr
        assert "not the directory of a cluster" in done.stderr
        now = {entry.name for entry in Path(place).iterdir()}
        assert before <= now or place == "/tmp"  # noqa: S108 - others work there


def test_delete_takes_only_what_is_its_own(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("settings.json", "supervisor.pid", "store.db"):
        (home / name).write_text("{}" if name == "settings.json" else "")
    (home / "thesis.tex").write_text("years of work")
    done = run(
        [sys.executable, "-m", "telltale", "--home", str(home), "down", "--delete"],
        check=True,
        limit_s=30,
    )
    assert "thesis.tex" in done.stderr
    assert [path.name for path in home.iterdir()] == ["thesis.tex"]


def begin(second: Second, *more: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "telltale",
        "--home",
        str(second.home),
        "up",
        "--no-mesh",
        *SECOND,
        *more,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def restarts(cluster: LiveCluster) -> set[int]:
    return {
        status["restartCount"]
        for pod in cluster.read("get", "pods", "-A")["items"]
        for status in pod["status"]["containerStatuses"]
    }


def mine(second: Second) -> list[str]:
    """What of this cluster is in the machine now."""
    marks = (second.id, str(second.home))
    return [
        line
        for lines in machine(second).values()
        for line in lines
        if any(mark in line for mark in marks)
    ]


def machine(second: Second) -> dict[str, set[str]]:
    """The state of the machine, without what other clusters (they come and go) have in it."""
    return {
        name: {line for line in lines if ours(second, line)}
        for name, lines in {
            "links": {path.name for path in Path("/sys/class/net").iterdir()},
            "namespaces": {path.name for path in Path("/run/netns").glob("*")},
            "rules": said("ip", "rule") | said("ip", "-6", "rule"),
            "routes": said("ip", "route", "show", "table", "all")
            | said("ip", "-6", "route", "show", "table", "all"),
            "tables": said("nft", "list", "tables"),
            "mounts": {
                line.split()[4]
                for line in Path("/proc/self/mountinfo").read_text().splitlines()
            },
            "cgroups": {str(path) for path in Path("/sys/fs/cgroup").glob("**/telltale*")},
            "processes": {line for line in said("ps", "-ewwo", "args") if str(second.home) in line},
            "settings": settings(),
        }.items()
    }  # fmt: skip


def ours(second: Second, line: str) -> bool:
    """False for what belongs to another cluster, or to a pod of one."""
    ids = set(OTHERS.findall(line))
    other_home = "/node/pods/" in line and str(second.home) not in line
    return not other_home and ids <= {second.id}


def said(*command: str) -> set[str]:
    return set(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    )


def settings() -> set[str]:
    """The kernel's network settings of the whole machine, and of its own interfaces."""
    files = [*Path("/proc/sys/net/ipv4").glob("ip_forward*"),
             *Path("/proc/sys/net/ipv4/conf").glob("*/*"),
             *Path("/proc/sys/net/bridge").glob("*")]  # fmt: skip
    found = set()
    for file in files:
        try:
            found.add(f"{file} {file.read_text().strip()}")
        except OSError:  # it may not be read, or its interface has just gone
            continue
    return found


def reboot(second: Second) -> None:
    """What a reboot leaves: the files of the home. All else of this one cluster is taken away."""
    second.kill_supervisor()
    groups = list(Path("/sys/fs/cgroup").glob(f"**/telltale-{second.id}"))
    while True:
        procs = {
            int(word)
            for group in groups
            for file in group.rglob("cgroup.procs")
            for word in file.read_text().split()
        }
        watchers = {int(line.split()[0]) for line in said("ps", "-ewwo", "pid,args")
                    if "conmon" in line and f"{second.home}/node/runc" in line}  # fmt: skip
        if not procs | watchers:
            break
        for pid in watchers or procs:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
    for path in Path("/run/netns").glob(f"telltale-{second.id}-*"):
        subprocess.run(["umount", str(path)], check=True)
        path.unlink()
    for link in Path("/sys/class/net").glob(f"v{second.id}-*"):
        subprocess.run(["ip", "link", "del", link.name], check=False, capture_output=True)
    subprocess.run(["ip", "link", "del", f"telltale-{second.id}"], check=True)
    subprocess.run(["nft", "delete", "table", "ip", f"telltale-{second.id}"], check=True)
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in reversed(list(filter(lambda one: one.startswith(f"{second.home}/"), points))):
        subprocess.run(["umount", point], check=True)
    for group in groups:
        for inner in sorted(group.rglob("*/"), reverse=True):
            inner.rmdir()
        group.rmdir()
