"""`telltale why` as it is used: at once, over and over, with few rights, and by copy and paste."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.cluster import DNS, LiveCluster, until

pytestmark = [pytest.mark.live, pytest.mark.root]

# fault: (kind, namespace, name) of the one object that is wrong, beside those of the look-alikes
GUILTY = {
    "config-missing": ("ConfigMap", "default", "no-such-settings"),
    "dns-service-missing": ("Service", "kube-system", "kube-dns"),
    "init-container-fails": ("Deployment", "default", "ratings-v1"),
    "out-of-memory": ("Deployment", "default", "ratings-v1"),
    "pilot-no-ready-pod": ("Deployment", "istio-system", "istio-pilot"),
    "pilot-service-missing": ("Service", "istio-system", "istio-pilot"),
    "pilot-service-port-wrong": ("Service", "istio-system", "istio-pilot"),
    "pod-unschedulable": ("Deployment", "default", "ratings-v1"),
}


def found(cluster: LiveCluster, *words: str) -> dict[str, Any]:
    """The first answer that names a cause."""
    answer: dict[str, Any] = {}

    def not_named() -> str:
        answer.clear()
        answer.update(cluster.why(*words)[1])
        return "" if answer["verdict"] == "cause-found" else f"verdict {answer['verdict']}"

    until(not_named, 60, "a cause to be found")
    return answer


@pytest.mark.parametrize("fault", GUILTY)
def test_the_fault_is_named_and_its_commands_heal(well: LiveCluster, fault: str) -> None:
    well.telltale("break", fault)
    answer = found(well)
    [finding] = answer["findings"]
    assert finding["cause"] == fault
    kind, namespace, name = GUILTY[fault]
    assert finding["object"] == {"kind": kind, "namespace": namespace, "name": name}
    assert answer["cost"]["api_calls"] <= 12
    for line in finding["evidence"]:
        shown = typed(well, line["how"])
        assert line["value"] in shown if line["value"] else not shown.strip(), line
    typed(well, finding["fix"]["commands"][0])
    well.wait_ready()
    said = well.telltale("mend").stdout
    # To show, this fault needs a change that is none by itself and that no fix undoes.
    assert ("taken back" if fault == "pilot-no-ready-pod" else "mended already") in said
    well.wait_ready()
    assert well.telltale("why").returncode == 0


def test_the_first_certain_answer_knows_where_the_way_ends(well: LiveCluster) -> None:
    """Before an agent is up, the kubelet's word makes the same answer a likely one."""
    well.telltale("break", "dns-service-moved")
    [finding] = found(well)["findings"]
    while not finding["certain"]:
        assert finding["cause"] == "dns-service-moved"
        [finding] = found(well)["findings"]
    says = [line["value"] for line in finding["evidence"] if "istio-proxy says" in line["claim"]]
    assert says == [f"lookup istio-pilot.istio-system on {DNS}:53: i/o timeout"]


def test_the_printed_command_heals_the_article(well: LiveCluster) -> None:
    well.telltale("break", "dns-service-moved")
    [finding] = found(well)["findings"]
    [command] = finding["fix"]["commands"]
    typed(well, command)
    well.wait_ready()
    assert well.service_address("kube-dns", "kube-system") == DNS
    assert "dns-service-moved: mended already" in well.telltale("mend").stdout


def test_what_a_user_changed_since_is_left_to_them(well: LiveCluster) -> None:
    well.telltale("break", "dns-no-ready-pod")
    well.kubectl("-n", "kube-system", "scale", "deployment/kube-dns", "--replicas=2")
    done = well.telltale("mend")
    assert "dns-no-ready-pod: changed since, left as it is" in done.stdout
    well.wait_ready()
    assert well.read("-n", "kube-system", "get", "deployment", "kube-dns")["spec"]["replicas"] == 2
    well.kubectl("-n", "kube-system", "scale", "deployment/kube-dns", "--replicas=1")


def test_what_has_not_hit_yet_is_said_calmly(well: LiveCluster) -> None:
    well.kubectl("-n", "istio-system", "scale", "deployment/istio-pilot", "--replicas=0")
    try:

        def silent() -> str:
            done = well.telltale("why", check=False)
            assert done.returncode == 0, done.stdout
            lines = done.stdout.splitlines()
            assert lines[0].split()[1:] == [
                "namespace",
                "default:",
                "healthy,",
                "8",
                "pods",
                "ready",
                "(8",
                "x",
                "2/2)",
            ]
            calm = " ".join(done.stdout.split())
            return "" if "cut off from the pilot" in calm else done.stdout

        until(silent, 30, "the warning that the pilot is lost")
        assert "warning[pilot-scaled-to-zero]" in well.telltale("why").stdout
    finally:
        well.kubectl("-n", "istio-system", "scale", "deployment/istio-pilot", "--replicas=1")
    until(lambda: well.telltale("why").stdout.partition("not hit yet")[2], 60, "silence again")


def test_no_false_alarm_while_everything_is_restarted(well: LiveCluster) -> None:
    for namespace in ("istio-system", "kube-system", "default"):
        well.kubectl("-n", namespace, "rollout", "restart", "deployment")

    def unready() -> str:
        done = well.telltale("why", "-A", check=False)
        assert done.returncode in (0, 1), done.stdout
        assert "not hit yet" not in done.stdout, done.stdout
        return "" if done.returncode == 0 else done.stdout

    until(unready, 120, "everything to be restarted")
    well.kubectl("scale", "deployment/details-v1", "--replicas=3")
    well.kubectl("delete", "pod", well.pod("ratings-v1"), "--wait=false")
    until(unready, 60, "the new pods to be ready")
    well.kubectl("scale", "deployment/details-v1", "--replicas=1")
    until(unready, 60, "the pods to be gone")


def test_a_request_between_two_that_are_well(well: LiveCluster) -> None:
    done = well.telltale("why", "productpage", "reviews:9080/reviews/0")
    assert done.stdout.splitlines()[0].endswith(
        "request productpage -> reviews:9080/reviews/0: nothing wrong found"
    )
    assert "not looked at: routing rules, policies" in done.stdout
    wrong = well.telltale("why", "productpage", "reviews:9081", check=False)
    assert wrong.returncode == 3
    assert "has no port 9081; it has 9080" in wrong.stdout


@pytest.mark.parametrize(
    ("barred", "named", "code"),
    [
        ("^/api/v1/pods$,^/api/v1/namespaces/[^/]+/pods$", "list pods", 4),
        ("^/api/v1/services$,^/api/v1/namespaces/[^/]+/services$", "list services", 4),
    ],
)
def test_who_may_not_read_is_told_what_is_missing(
    well: LiveCluster, tmp_path: Path, barred: str, named: str, code: int
) -> None:
    well.telltale("break", "dns-service-moved")
    found(well)

    def not_told() -> str:
        with few_rights(well, barred, tmp_path) as kubeconfig:
            done = well.telltale("why", "--kubeconfig", str(kubeconfig), check=False)
        assert "error[" not in done.stdout, "a cause named without having seen it"
        return "" if done.returncode == code and named in done.stdout else done.stdout + done.stderr

    until(not_told, 100, "the answer to say what may not be read")


def test_plain_text_for_plain_terminals(well: LiveCluster) -> None:
    well.telltale("break", "app-crash-loop")
    found(well)
    environment = {
        "LANG": "C",
        "LC_ALL": "C",
        "PYTHONIOENCODING": "ascii",
        "TERM": "dumb",
        "COLUMNS": "80",
    }
    command = [sys.executable, "-m", "telltale", "--home", str(well.home), "why"]
    done = subprocess.run(
        command,
        capture_output=True,
        env=environment | {"PATH": "/usr/bin:/bin"},
        timeout=20,
        check=False,
    )
    text = done.stdout.decode("ascii")
    assert done.returncode == 2, text + done.stderr.decode()
    assert "\x1b" not in text
    prose = [line for line in text.splitlines() if "kubectl" not in line]
    assert max(map(len, prose)) <= 80, max(prose, key=len)


@contextmanager
def few_rights(cluster: LiveCluster, barred: str, folder: Path) -> Iterator[Path]:
    """A kubeconfig through a proxy that answers 403 for these paths."""
    command = ["kubectl", "--kubeconfig", str(cluster.home / "kubeconfig"), "proxy", "--port=0"]
    command += [f"--reject-paths={barred}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout
        try:
            port = re.search(r":(\d+)$", proxy.stdout.readline().strip())
            assert port
            file = folder / "few-rights"
            file.write_text(
                "apiVersion: v1\nkind: Config\ncurrent-context: few\n"
                f"clusters: [{{name: few, cluster: {{server: 'http://127.0.0.1:{port[1]}'}}}}]\n"
                "users: [{name: few, user: {}}]\n"
                "contexts: [{name: few, context: {cluster: few, user: few}}]\n"
            )
            yield file
        finally:
            proxy.terminate()


def typed(cluster: LiveCluster, command: str) -> str:
    """What a printed command prints when it is pasted into a shell."""
    environment = {
        "KUBECONFIG": str(cluster.home / "kubeconfig"),
        "PATH": "/usr/bin:/bin:/usr/local/bin",
        "HOME": str(cluster.home.parent),  # without it kubectl caches in the working directory
    }
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout
