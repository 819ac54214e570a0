"""Where an embedded cluster keeps its state, and what it was started with.

Never: the state itself. One directory is one cluster; its short id names everything that the
cluster puts into the machine (bridge, namespaces, rules, cgroups), so that several can run.
"""

import fcntl
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import msgspec

from telltale.app.errors import Refused

# All that a cluster keeps in its directory. What is not named here is somebody else's.
OWN = frozenset({
    "images", "kubeconfig", "node", "pki", "settings.json", "store.db", "store.db-shm",
    "store.db-wal", "supervisor.log", "supervisor.log.1", "supervisor.pid",
})  # fmt: skip


class ClusterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What `telltale up` may choose; the defaults are the article's addresses."""

    pod_cidr: str = "172.16.0.0/16"
    node_cidr: str = "172.16.3.0/24"
    service_cidr: str = "172.19.0.0/16"
    dns_address: str = "172.19.0.10"
    api_port: int = 6443
    search_domain: str = "localdomain"
    upstream_dns: tuple[str, ...] = ()
    egress_cidrs: tuple[str, ...] = ()
    ingress_port: int = 8080
    ingress_tls_port: int = 8443

    @property
    def ports(self) -> dict[str, int]:
        """What is listened on at 127.0.0.1, by the flag that chooses it."""
        return {
            "--api-port": self.api_port, "--ingress-port": self.ingress_port,
            "--ingress-tls-port": self.ingress_tls_port,
        }  # fmt: skip

    @property
    def node_address(self) -> str:
        """The first address of the node's pod range: the bridge, and where pods reach the API."""
        return str(IPv4Network(self.node_cidr)[1])

    @property
    def api_service_address(self) -> str:
        """The first address of the Service range: Service default/kubernetes."""
        return str(IPv4Network(self.service_cidr)[1])

    def check(self) -> None:
        """Raises `Refused` for a range or address that cannot be."""
        pods = _network("--pod-cidr", self.pod_cidr)
        node = _network("--node-cidr", self.node_cidr)
        services = _network("--service-cidr", self.service_cidr)
        if not node.subnet_of(pods):
            raise Refused(f"--node-cidr {node} is not inside --pod-cidr {pods}")
        if node.prefixlen > 28:
            raise Refused(f"--node-cidr {node} holds too few pods: at least a /28 is needed")
        if pods.overlaps(services):
            raise Refused(f"--pod-cidr {pods} and --service-cidr {services} overlap")
        dns = _address("--dns-address", self.dns_address)
        if dns not in services:
            raise Refused(f"--dns-address {dns} is not inside --service-cidr {services}")
        if dns in (services[0], services[1], services[-1]):
            raise Refused(f"--dns-address {dns} is taken: the first two and the last of {services}")
        for upstream in self.upstream_dns:
            _address("--upstream-dns", upstream.partition(":")[0])
        for cidr in self.egress_cidrs:
            _network("--egress-cidr", cidr)
        flags: dict[int, str] = {}
        for flag, port in self.ports.items():
            if not 0 < port < 65536:
                raise Refused(f"{flag} {port} is not a port (1-65535)")
            if port in flags:
                raise Refused(f"{flag} {port} is {flags[port]} too: choose another")
            flags[port] = flag


@dataclass(frozen=True, slots=True)
class Home:
    """The paths of one embedded cluster."""

    path: Path

    @property
    def id(self) -> str:
        """Six characters, the same for the same directory."""
        return hashlib.blake2b(str(self.path).encode(), digest_size=3).hexdigest()

    @property
    def bridge(self) -> str:
        return f"telltale-{self.id}"  # 15 characters: the most that an interface name may have

    @property
    def kubeconfig(self) -> Path:
        return self.path / "kubeconfig"

    @property
    def log(self) -> Path:
        return self.path / "supervisor.log"

    @property
    def pid_file(self) -> Path:
        return self.path / "supervisor.pid"

    @property
    def settings_file(self) -> Path:
        return self.path / "settings.json"

    def settings(self) -> ClusterSettings | None:
        """What the cluster was last started with; None before its first start."""
        try:
            return msgspec.json.decode(self.settings_file.read_bytes(), type=ClusterSettings)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (msgspec.MsgspecError, OSError) as error:
            words = error.strerror if isinstance(error, OSError) else error
            raise Refused(
                f"{self.settings_file}: cannot be read: {words}; mend it, "
                "or forget this cluster with: telltale down --delete"
            ) from error

    @property
    def store(self) -> Path:
        """The cluster's objects; there once a supervisor has begun."""
        return self.path / "store.db"

    def check_ours(self) -> None:
        """Raises `Refused` for a directory that holds something else than a cluster."""
        try:
            found = {entry.name for entry in self.path.iterdir()}
        except FileNotFoundError:
            return
        except OSError as error:
            raise Refused(f"--home {self.path}: cannot be read: {error.strerror}") from error
        strange = sorted(found - OWN)
        if strange and not {"settings.json", "supervisor.pid"} <= found:
            raise Refused(
                f"--home {self.path}: not the directory of a cluster: it holds {strange[0]!r}; "
                "choose an empty or a new one"
            )

    def save(self, settings: ClusterSettings) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.settings_file.write_bytes(msgspec.json.format(msgspec.json.encode(settings)))
        except OSError as error:
            raise Refused(f"--home {self.path}: cannot be written: {error.strerror}") from error

    def running(self) -> int | None:
        """The supervisor's pid while it runs; None also for a moment while it is being started."""
        return self.holder() or None

    def holder(self) -> int | None:
        """Whoever holds the lock on the pid file: its pid, 0 before it has written that, None."""
        try:
            with self.pid_file.open("r+") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(file.read().strip() or 0)
                return None
        except (FileNotFoundError, ValueError, NotADirectoryError):
            return None
        except PermissionError:
            raise Refused(f"--home {self.path}: not readable as this user: use sudo") from None

    def lock(self) -> int:
        """Take the supervisor's lock: held while the descriptor is open. Raises `Refused`."""
        handle = os.open(self.pid_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(handle, 32, 0).decode().strip() or "just starting"
            os.close(handle)
            raise Refused(
                f"--home {self.path}: a supervisor already runs (pid {pid}); "
                "stop it with: telltale down"
            ) from None
        os.ftruncate(handle, 0)
        return handle


def default_home(environ: Mapping[str, str]) -> Path:
    """`TELLTALE_HOME`, or /var/lib/telltale for root, or ~/.telltale."""
    if chosen := environ.get("TELLTALE_HOME"):
        return Path(chosen).absolute()
    return Path("/var/lib/telltale") if os.geteuid() == 0 else Path.home() / ".telltale"


def _address(flag: str, text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise Refused(f"{flag} {text} is not an IPv4 address") from None


def _network(flag: str, text: str) -> IPv4Network:
    try:
        return IPv4Network(text)
    except ValueError as error:
        raise Refused(f"{flag} {text}: {error}") from None
