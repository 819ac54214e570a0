"""What a container's process may do: the runtime's set, and what a pod adds and drops. Pure."""

from telltale.kube.core import SecurityContext

DEFAULT = frozenset({
    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP",
    "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
})  # fmt: skip
EVERY = DEFAULT | {
    "AUDIT_CONTROL", "AUDIT_READ", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "DAC_READ_SEARCH",
    "IPC_LOCK", "IPC_OWNER", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "NET_ADMIN",
    "NET_BROADCAST", "PERFMON", "SYSLOG", "SYS_ADMIN", "SYS_BOOT", "SYS_MODULE", "SYS_NICE",
    "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG",
    "WAKE_ALARM",
}  # fmt: skip


def granted(context: SecurityContext, held: frozenset[str]) -> frozenset[str]:
    """The names without `CAP_`; never one that the node itself does not hold (`held`)."""
    wanted = set(EVERY if context.privileged else DEFAULT)
    if context.capabilities:
        added = {_plain(name) for name in context.capabilities.add}
        dropped = {_plain(name) for name in context.capabilities.drop}
        if "ALL" in dropped:
            wanted.clear()
        wanted |= EVERY if "ALL" in added else added
        wanted -= dropped - added
    return frozenset(wanted) & held


def _plain(name: str) -> str:
    return name.upper().removeprefix("CAP_")
