"""Every fault that can be made on purpose is named for what it is, once, with a fix that heals."""

import os
import subprocess

import pytest

from tests.live.cluster import DNS, LiveCluster, until

pytestmark = [pytest.mark.live, pytest.mark.root]

# fault: (kind, namespace, start of the name) of the one object that is wrong
GUILTY = {
    "dns-no-ready-pod": ("Deployment", "kube-system", "kube-dns"),
    "dns-service-selects-nothing": ("Service", "kube-system", "kube-dns"),
    "dns-service-port-wrong": ("Service", "kube-system", "kube-dns"),
    "dns-address-taken": ("Service", "", ""),
    "pilot-scaled-to-zero": ("Deployment", "istio-system", "istio-pilot"),
    "pilot-service-selects-nothing": ("Service", "istio-system", "istio-pilot"),
    "pilot-crash-loop": ("", "istio-system", "istio"),
    "envoy-crashed": ("Pod", "default", ""),
    "app-readiness-fails": ("Deployment", "default", "reviews-v1"),
    "app-crash-loop": ("Deployment", "default", "ratings-v1"),
    "image-missing": ("Deployment", "default", ""),
}


@pytest.mark.parametrize("fault", GUILTY)
def test_the_fault_is_named_and_taken_back(well: LiveCluster, fault: str) -> None:
    well.telltale("break", fault)
    answer: dict[str, object] = {}

    def not_named() -> str:
        code, found = well.why()
        answer.clear()
        answer.update(found, exit_code=code)
        return "" if code == 2 else f"verdict {found['verdict']}"

    until(not_named, 60, f"{fault} to be found")
    [finding] = answer["findings"]  # type: ignore[misc]
    assert finding["cause"] == fault
    kind, namespace, name = GUILTY[fault]
    guilty = finding["object"]
    assert not kind or guilty["kind"] == kind
    assert not namespace or guilty["namespace"] == namespace
    assert guilty["name"].startswith(name)
    assert answer["cost"]["api_calls"] <= 12  # type: ignore[index]
    well.telltale("mend")
    well.wait_ready()
    assert well.telltale("why").returncode == 0


@pytest.mark.parametrize(
    "fault",
    ["dns-no-ready-pod", "dns-service-selects-nothing", "dns-service-port-wrong",
     "pilot-scaled-to-zero", "pilot-service-selects-nothing"],
)  # fmt: skip
def test_safe_faults_are_mended_without_asking(well: LiveCluster, fault: str) -> None:
    well.telltale("break", fault)

    def uncertain() -> str:
        """What is only likely is not touched: before an agent can be asked, all is only likely."""
        code, answer = well.why()
        return "" if code == 2 and answer["findings"][0]["certain"] else answer["verdict"]

    until(uncertain, 60, f"{fault} to be found for certain")
    done = well.telltale("why", "--fix", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    well.wait_ready()


def test_a_starting_pod_gets_silence(well: LiveCluster) -> None:
    well.telltale("break", "slow-start")
    code, answer = well.why()
    assert (code, answer["verdict"], answer["findings"]) == (1, "starting", [])


def test_evidence_can_be_run_again_and_is_false_in_health(well: LiveCluster) -> None:
    well.telltale("break", "dns-service-moved")
    lines: list[dict[str, str]] = []

    def not_walked() -> str:
        """Until istio-proxy has walked the way, and its words are part of the evidence."""
        code, answer = well.why()
        lines[:] = answer["findings"][0]["evidence"] if code == 2 else []
        return "" if any("i/o timeout" in line["value"] for line in lines) else "a walked way"

    until(not_walked, 60, "the cause to be found with all of its evidence")
    for line in lines:
        assert agrees(line, shown(well, line["how"])), f"not so while sick: {line}"
    well.telltale("mend")
    well.wait_ready()
    for line in lines:
        assert not agrees(line, shown(well, line["how"])), f"so in health too: {line}"
    assert well.service_address("kube-dns", "kube-system") == DNS


def agrees(line: dict[str, str], output: str) -> bool:
    """Whether an output bears a line out; an empty value claims that nothing is there."""
    return line["value"] in output if line["value"] else not output.strip()


def shown(cluster: LiveCluster, command: str) -> str:
    """What an evidence line's command prints now; it must run as it stands."""
    environment = {
        "KUBECONFIG": str(cluster.home / "kubeconfig"),
        "HOME": str(cluster.home),  # where kubectl keeps its cache
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True, text=True, env=environment, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout
