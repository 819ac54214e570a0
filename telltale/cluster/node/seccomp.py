"""The system calls that no container needs and that reach past it: refused with EPERM. Pure.

A list of what is refused, not of what is allowed: a new call of the C library keeps working. It is
shorter than Docker's, which also weighs arguments. Never: for one with more capabilities.
"""

from telltale.kube.codec import Json, Object

_EPERM = 1
REFUSED = (
    # another kernel, its modules, its end
    "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module",
    "create_module", "reboot", "syslog",
    # the machine's clocks, disks, ports, accounting
    "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "adjtimex", "stime",
    "swapon", "swapoff", "quotactl", "quotactl_fd", "acct", "iopl", "ioperm", "nfsservctl",
    # ways around the mount namespace, and into the kernel's own memory
    "open_by_handle_at", "mount", "umount", "umount2", "pivot_root", "move_mount", "open_tree",
    "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "setns", "unshare",
    "bpf", "perf_event_open", "userfaultfd", "lookup_dcookie", "add_key", "request_key", "keyctl",
)  # fmt: skip


def profile() -> Object:
    """The runtime's `linux.seccomp`."""
    names: list[Json] = list(REFUSED)
    return {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": _EPERM}],
    }
