"""The agent with the real Envoy in a pod of its own: the article's accident, its mend, and what
else can go wrong.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.live, pytest.mark.root]

ARTICLE = (
    "Envoy proxy is NOT ready: config not received from Pilot (is Pilot running?): "
    "cds updates: 0 successful, 0 rejected; lds updates: 0 successful, 0 rejected"
)
LOOKUP = "lookup istio-pilot.istio-system on 127.0.0.1:53"


def test_the_articles_accident_and_its_mend(pod, wait_until, record_property):
    dns = pod.script("dns_server.py", "127.0.0.1", "--silent")
    pod.script("ads_server.py", "127.0.0.1:15010", "good", "15006", "18000")
    agent = pod.agent()
    took = wait_until(lambda: pod.get("/healthz/ready")[0] == 503, 5, "the first answer")
    record_property("first_answer_s", took)
    said = f"{ARTICLE}\nstage: resolve: {LOOKUP}: i/o timeout\n"
    wait_until(lambda: pod.get("/healthz/ready") == (503, said), 10, f"503 with {said}")
    why = pod.why()
    assert why["ready"] is False and why["connected"] is False
    assert (why["stage"], why["error"]) == ("resolve", f"{LOOKUP}: i/o timeout")
    assert (why["nameserver"], why["address"]) == ("127.0.0.1", None)
    assert why["proxy"] == "details-v1-68868454f5-94hzd.default"
    assert why["attempts"] >= 1 and why["cds"] == why["lds"] == {"ok": 0, "rejected": 0}
    wait_until(
        lambda: ":15090 " in pod.run("netstat", "-lnpt").stdout, 10, "15090 as in the article"
    )
    sockets = pod.run("netstat", "-lnpt").stdout
    lines = [
        line.split() for line in sockets.splitlines() if "/envoy" in line or "pilot-agent" in line
    ]
    seen = {(line[0], line[3], line[6].partition("/")[2]) for line in lines}
    assert seen == {
        ("tcp", "0.0.0.0:15090", "envoy"),
        ("tcp", "127.0.0.1:15000", "envoy"),
        ("tcp6", ":::15020", "pilot-agent"),
    }
    assert ARTICLE in pod.log(agent)

    dns.send_signal(signal.SIGUSR1)
    took = wait_until(
        lambda: pod.get("/healthz/ready")[0] == 200, 10, "ready after the DNS answers"
    )
    record_property("recovered_s", took)
    why = pod.why()
    assert why["ready"] and why["connected"] and why["stage"] == "serve" and why["error"] is None
    assert "Envoy proxy is ready" in pod.log(agent)


def test_a_ready_proxy_that_loses_its_pilot_stays_ready_and_says_so(pod, wait_until):
    pod.script("dns_server.py", "127.0.0.1")
    pilot = pod.script("ads_server.py", "127.0.0.1:15010", "good", "15006", "18000")
    pod.agent()
    wait_until(lambda: pod.get("/healthz/ready")[0] == 200, 15, "ready")
    wait_until(lambda: pod.why().get("address") == "127.0.0.1:15010", 10, "the pilot's address")
    agent = (sys.executable, "-m", "telltale.agent")
    assert "Envoy is ready" in pod.run(*agent, "wait", "--timeoutSeconds", "2").stderr
    assert pod.run(*agent, "request", "GET", "ready").stdout == "LIVE\n"
    assert "virtualInbound" in pod.run(*agent, "request", "GET", "config_dump").stdout
    pilot.kill()
    refused = "dial tcp 127.0.0.1:15010: connect: connection refused"
    wait_until(lambda: pod.why().get("error") == refused, 10, refused)
    why = pod.why()
    assert (why["ready"], why["connected"], why["stage"]) == (True, False, "dial")
    assert pod.get("/healthz/ready")[0] == 200
    pod.script("ads_server.py", "127.0.0.1:15010", "good", "15006", "18000")
    wait_until(lambda: pod.why()["connected"], 10, "the connection to come back")


@pytest.mark.parametrize(
    "mode, text",
    [
        ("bad-listener", "malformed IP address: not-an-address"),
        ("bad-cluster", "unknown cluster 'inbound'"),
    ],
)
def test_a_rejected_configuration_is_called_rejected_with_envoys_words(pod, wait_until, mode, text):
    pod.script("dns_server.py", "127.0.0.1")
    pod.script("ads_server.py", "127.0.0.1:15010", mode, "15006", "18000")
    pod.agent()
    wait_until(lambda: pod.why().get("stage") == "ack", 15, "stage ack")
    status, body = pod.get("/healthz/ready")
    assert status == 503
    assert body.startswith(
        "Envoy proxy is NOT ready: config received from Pilot, but was rejected: "
    )
    assert text in str(pod.why()["last_nack"]), pod.why()


def test_a_pilot_that_accepts_and_never_answers_is_at_subscribe(pod, wait_until):
    pod.script("dns_server.py", "127.0.0.1")
    pod.script("ads_server.py", "127.0.0.1:15010", "silent", "15006", "18000")
    pod.agent()
    said = "connected, istio-pilot.istio-system:15010 has not sent CDS and LDS"
    wait_until(lambda: pod.why().get("error") == said, 10, said)
    assert pod.why()["stage"] == "subscribe"


@pytest.mark.parametrize(
    "number, said",
    [(signal.SIGKILL, "signal: killed"), (signal.SIGSEGV, "signal: segmentation fault")],
)
def test_when_envoy_ends_the_agent_ends_and_says_how(pod, wait_until, number, said):
    agent = pod.agent("--discoveryAddress", "127.0.0.1:15010")
    wait_until(lambda: pod.why().get("envoy", {}).get("state") == "LIVE", 15, "Envoy to be LIVE")
    os.kill(pod.why()["envoy"]["pid"], number)
    assert agent.wait(5) == 128 + number
    assert f"Envoy exited with error: {said}" in pod.log(agent)
    assert said in Path(pod.folder / "termination-log").read_text()


def test_a_pilot_that_is_no_pilot_is_named(pod, wait_until):
    pod.start(sys.executable, "-m", "http.server", "-b", "127.0.0.1", "15010")
    pod.agent("--discoveryAddress", "127.0.0.1:15010")
    said = "connected to 127.0.0.1:15010, which does not speak HTTP/2"
    wait_until(lambda: said in str(pod.why().get("error")), 10, said)
    assert pod.why()["stage"] == "subscribe"


def test_a_busy_port_is_one_line(pod, wait_until):
    first = pod.agent("--discoveryAddress", "127.0.0.1:15010")
    wait_until(lambda: pod.get("/healthz/ready")[0] == 503, 5, "the first agent")
    second = pod.agent("--discoveryAddress", "127.0.0.1:15010", admin=15001)
    assert second.wait(10) == 1
    assert (
        pod.log(second)
        == "pilot-agent proxy: cannot listen on port 15020: Address already in use\n"
    )
    assert first.poll() is None


def test_quitquitquit_ends_both_at_once(pod, wait_until):
    agent = pod.agent("--discoveryAddress", "127.0.0.1:15010")
    wait_until(lambda: pod.why().get("envoy", {}).get("state") == "LIVE", 15, "Envoy to be LIVE")
    assert pod.get("/quitquitquit")[0] == 405
    assert pod.get("/quitquitquit", 15020, "-X", "POST")[0] == 200
    assert agent.wait(3) == 0


def test_as_process_1_it_reaps_orphans_and_goes_on_sigterm(pod, wait_until):
    """In a process namespace of its own, as in its container."""
    own = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    outer = pod.agent("--discoveryAddress", "127.0.0.1:15010", before=own)
    wait_until(lambda: pod.why().get("envoy", {}).get("state") == "LIVE", 15, "Envoy to be LIVE")
    first = int(Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text())
    inside = ["nsenter", "-t", str(first), "-n", "-p", "-m", "--"]
    subprocess.run([*inside, "sh", "-c", "(sleep 0.1; exit 3) &"], check=True)
    subprocess.run([*inside, "sh", "-c", "true & true & exit 0"], check=True)

    def listed() -> str:
        words = [*inside, "ps", "-eo", "pid,stat,comm", "--no-headers"]
        return subprocess.run(words, capture_output=True, text=True).stdout

    def settled() -> bool:
        names = [line.split() for line in listed().splitlines()]
        return {name[2] for name in names} == {"pilot-agent", "envoy", "ps"}

    wait_until(settled, 5, "no orphan and no zombie to be left")
    assert listed().split()[0] == "1", listed()
    os.kill(first, signal.SIGTERM)
    assert outer.wait(8) == 0


def test_a_workload_whose_dns_is_led_here_waits_for_the_names_too(pod, wait_until):
    pod.script("dns_server.py", "127.0.0.1")
    pod.script("ads_server.py", "127.0.0.1:15010", "good", "15006", "18000")  # tells no names
    pod.agent(before=("env", "ISTIO_META_DNS_CAPTURE=true"))
    pilot = "istio-pilot.istio-system:15010"
    want = (
        "Envoy proxy is NOT ready: istio DNS capture is turned ON and DNS lookup table is not "
        f"ready yet\nstage: subscribe: {pilot} has not told the DNS name table: "
        f"{pilot} ended the stream of names\n"
    )
    wait_until(lambda: pod.get("/healthz/ready") == (503, want), 15, f"503 with {want}")
    why = pod.why()
    assert (why["ready"], why["connected"], why["stage"]) == (False, True, "subscribe")
    assert why["dns"]["names"] is None and "ended the stream" in why["dns"]["error"]
    assert pod.get("/debug/ndsz") == (200, "{}\n")
    assert "istio_agent_dns_requests_total 0" in pod.get("/metrics")[1]
