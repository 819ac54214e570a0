"""Every fault that can be made on purpose is named for what it is, once, with a fix that heals."""

import re
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
    until(lambda: "" if well.why()[0] == 2 else fault, 60, f"{fault} to be found")
    done = well.telltale("why", "--fix", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    well.wait_ready()


def test_a_starting_pod_gets_silence(well: LiveCluster) -> None:
    well.telltale("break", "slow-start")
    code, answer = well.why()
    assert (code, answer["verdict"], answer["findings"]) == (1, "starting", [])


def test_evidence_can_be_run_again_and_is_false_in_health(well: LiveCluster) -> None:
    well.telltale("break", "dns-service-moved")
    until(lambda: "" if well.why()[0] == 2 else "a finding", 60, "the cause to be found")
    [finding] = well.why()[1]["findings"]
    assert finding["evidence"]
    sick = [shown(well, line["how"]) for line in finding["evidence"]]
    well.telltale("mend")
    well.wait_ready()
    healthy = [shown(well, line["how"]) for line in finding["evidence"]]
    assert any(one != other for one, other in zip(sick, healthy, strict=True))
    assert well.service_address("kube-dns", "kube-system") == DNS


def shown(cluster: LiveCluster, command: str) -> str:
    """What an evidence line's command prints now; it must run as it stands."""
    path = "/usr/bin:/bin:/usr/local/bin"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=20, check=False,
        env={
            "KUBECONFIG": str(cluster.home / "kubeconfig"), "PATH": path,
            "HOME": str(cluster.home.parent),  # without it kubectl caches in the working directory
        },
    )  # fmt: skip
    return re.sub(r"\d+(\.\d+)?", "#", done.stdout + done.stderr)
