"""The rules in a kernel: who is led where, who is left alone, and what applying them again does."""

import subprocess
import sys

import pytest

pytestmark = [pytest.mark.live, pytest.mark.root]

POD, PEER = "192.0.2.1", "192.0.2.9"
INJECTED = ["-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT"]
INJECTED += ["-i", "*", "-x", "", "-b", "*", "-d", "15090,15021,15020"]
CALL = (
    "import socket,sys;"
    "s=socket.create_connection((sys.argv[1],int(sys.argv[2])),3,(sys.argv[3],0));"
    "sys.stdout.write(s.recv(99).decode())"
)


@pytest.fixture
def peer(pod, tmp_path):
    """A second pod, joined to the first by a cable; the rules stand in the first."""
    (tmp_path / "peer").mkdir()
    other = type(pod)(tmp_path / "peer")
    try:
        join = f"ip link add eth0 type veth peer name eth0 netns {other.holder.pid}"
        pod.run(*join.split())
        for one, address in ((pod, POD), (other, PEER)):
            one.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
            one.run("ip", "link", "set", "eth0", "up")
        pod.script("told_dst.py", "15001", "15006", "15020", "9080")
        other.script("told_dst.py", "80", "25")
        yield other
    finally:
        other.close()


def apply(pod, *words: str) -> str:
    done = subprocess.run(
        pod.words(sys.executable, "-m", "telltale.agent", "istio-iptables", *words),
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stderr


def call(pod, host: str, port: int, user: str = "1000", source: str = "0.0.0.0") -> str:
    done = subprocess.run(
        pod.words("/usr/bin/python3", "-c", CALL, host, str(port), source, user=user),
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_who_is_led_where(pod, peer):
    assert call(pod, PEER, 80) == "80 none", "without rules nothing is redirected"
    assert "applied" in apply(pod, *INJECTED, "-o", "25", "-x", "198.51.100.0/24")
    # outbound: to 15001, the destination remembered; Envoy's own goes straight out
    assert call(pod, PEER, 80) == f"15001 {PEER}:80"
    assert call(pod, PEER, 80, user="1337").startswith("80 ")
    assert call(pod, PEER, 25).startswith("25 "), "an excluded port"
    # inbound: to 15006, but for the agent's port
    assert call(peer, POD, 9080) == f"15006 {POD}:9080"
    assert call(peer, POD, 15020).startswith("15020 ")
    # within the pod
    assert call(pod, "127.0.0.1", 9080).startswith("9080 "), "localhost"
    assert call(pod, POD, 9080).startswith("9080 "), "the app calls itself"
    assert call(pod, POD, 9080, user="1337") == f"15006 {POD}:9080", "its own Service, by Envoy"
    assert call(pod, POD, 9080, user="1337", source="127.0.0.6").startswith("9080 "), (
        "Envoy's inbound"
    )


def test_applied_again_nothing_changes_and_drift_is_replaced(pod):
    assert "applied" in apply(pod, *INJECTED)
    assert "is as wanted already" in apply(pod, *INJECTED)
    pod.run("nft", "flush", "chain", "ip", "istio-proxy-nat", "ISTIO_OUTPUT")
    assert "had drifted, replacing it" in apply(pod, *INJECTED)
    assert "is as wanted already" in apply(pod, *INJECTED)
    assert "had drifted, replacing it" in apply(pod, *INJECTED, "-o", "25")
    assert "are gone" in apply(pod, "--cleanup-only")
    assert "istio-proxy-nat" not in pod.run("nft", "list", "ruleset").stdout


def test_every_option_is_in_the_kernels_own_words(pod):
    """What nft lists is what we wrote, so that comparing texts is enough."""
    words = (
        "-b 80,90 -i 10.0.0.0/8,127.0.0.1,2001:db8::/32 -x 10.1.0.0/16 -q 99 -o 25 -c eth1 -k eth0"
    )
    more = ["-g", "1337,5", "--drop-invalid", "--dual-stack"]
    assert apply(pod, *words.split(), *more).count("applied") == 2
    assert apply(pod, *words.split(), *more).count("is as wanted already") == 2


def test_a_bad_value_changes_nothing(pod):
    apply(pod, *INJECTED)
    before = pod.run("nft", "list", "ruleset").stdout
    assert '-i: "10.0.0.0/33" is not a CIDR' in apply(pod, "-i", "10.0.0.0/33")
    assert pod.run("nft", "list", "ruleset").stdout == before


def test_without_the_capability_the_way_out_is_named(pod):
    agent = [sys.executable, "-m", "telltale.agent", "istio-iptables"]
    without = pod.words("setpriv", "--bounding-set=-net_admin", *agent)
    done = subprocess.run(without, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "needs capability NET_ADMIN" in done.stderr


ASK = (
    "import socket,sys;"
    "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.settimeout(3);"
    "s.bind((sys.argv[3],int(sys.argv[4])));s.connect((sys.argv[1],int(sys.argv[2])));"
    "s.send(b'x');sys.stdout.write(s.recv(99).decode())"
)


def ask(pod, host: str, user: str, port: int = 53, own: int = 0, source: str = "0.0.0.0") -> str:
    """Who answers a datagram: its port. A connected socket hears nobody but whom it asked."""
    done = subprocess.run(
        pod.words("/usr/bin/python3", "-c", ASK, host, str(port), source, str(own), user=user),
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_dns_goes_to_the_agent_by_udp_and_tcp_and_its_own_goes_out(pod, peer):
    (pod.folder / "resolv.conf").write_text(f"nameserver {PEER}\n")
    pod.script("told_udp.py", "127.0.0.1", "15053")
    pod.script("told_dst.py", "15053")
    peer.script("told_udp.py", PEER, "53", "54")
    peer.script("told_dst.py", "53")
    assert ask(pod, PEER, "1000") == "53", "without rules nothing is redirected"
    assert "applied" in apply(pod, *INJECTED, "--redirect-dns")
    assert "is as wanted already" in apply(pod, *INJECTED, "--redirect-dns")
    # the workload's next question, from a port that the agent then comes to use for the same server
    for own in (40_001, 40_002):
        assert ask(pod, PEER, "1000", own=own) == "15053"
        assert ask(pod, PEER, "1337", own=own) == "53", "the agent's own, zones keep them apart"
        assert ask(pod, PEER, "1000", own=own) == "15053"
    assert call(pod, PEER, 53).split() == ["15053", f"{PEER}:53"]
    assert call(pod, PEER, 53, user="1337").startswith("53 ")
    assert ask(pod, PEER, "1000", port=54) == "54", "UDP but for DNS is left alone"
    assert call(pod, PEER, 80) == f"15001 {PEER}:80"
    # another nameserver than resolv.conf's is not the agent's to answer, but when all are
    assert ask(pod, POD, "1000", own=40_003) != "15053"
    assert "applied" in apply(pod, *INJECTED, "--redirect-dns", "--capture-all-dns")
    assert "is as wanted already" in apply(pod, *INJECTED, "--redirect-dns", "--capture-all-dns")
    assert ask(pod, "192.0.2.77", "1000", own=40_004) == "15053"
    assert ask(pod, PEER, "1337", own=40_004) == "53"
    assert "applied" in apply(pod, *INJECTED, "--redirect-dns", "--dual-stack")
    assert apply(pod, *INJECTED, "--redirect-dns", "--dual-stack").count("is as wanted") == 2
