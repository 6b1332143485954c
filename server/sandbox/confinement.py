"""What a program in a sandbox may do: one table of refused calls, one of limits.

The isolation has several layers, and each of them alone stops most attempts:

* Namespaces and the read-only root (``plan``): there is nothing else to see or to connect to.
* No capability, none to gain, no_new_privs (``spawn``): the kernel refuses what needs a privilege.
* This table: calls that need no privilege, or that would hide something from the tracer.
* rlimits: what one process may use; ``resident_bytes`` lets the loop watch what they use together.

A known limit: kernel memory behind sockets and pipes is bounded only by the number of descriptors and the size of
each buffer, since without a cgroup of its own a sandbox has no account of it. Hosts are network namespaces: the
programs of one sandbox share its files, as processes of one user do.
"""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterable
from functools import cache
from typing import Literal

import msgspec

from server.inet.syscalls import NUMBERS, TRACED
from server.linux import seccomp
from server.linux.calls import named
from server.linux.namespaces import (
    CLONE_NEWCGROUP,
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_NEWUTS,
    CLONE_PARENT,
    CLONE_UNTRACED,
)
from server.linux.seccomp import SECCOMP_RET_TRACE, Rule, Test, errno_action

MEGABYTE = 1 << 20

Credentials = Literal["user", "admin"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one sandbox may use; the server's table (``sessions/limits.py``) gives the values."""

    hosts: int = 8
    processes: int = 256
    open_files: int = 1024
    memory_bytes: int = 512 * MEGABYTE
    sandbox_memory_bytes: int = 512 * MEGABYTE
    cpu_seconds: int = 600
    output_bytes: int = 4 * MEGABYTE
    file_bytes: int = 16 * MEGABYTE
    log_events: int = 2_000_000


# --- system calls -----------------------------------------------------------------------------

REFUSED: dict[str, tuple[str, ...]] = {
    "would bypass the tracer": (
        "io_uring_setup", "io_uring_enter", "io_uring_register", "io_setup", "io_submit",
    ),
    "reaches into other processes": (
        "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise",
        "process_mrelease", "move_pages", "migrate_pages", "perf_event_open", "userfaultfd",
    ),
    "changes what is mounted": (
        "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "open_tree_attr", "fsopen",
        "fsconfig", "fsmount", "fspick", "mount_setattr", "open_by_handle_at", "fanotify_init", "fanotify_mark",
        "quotactl", "quotactl_fd", "swapon", "swapoff",
    ),
    "makes or enters namespaces": ("unshare", "setns"),
    "loads code or keys into the kernel": (
        "bpf", "init_module", "finit_module", "delete_module", "create_module", "query_module", "kexec_load",
        "kexec_file_load", "add_key", "request_key", "keyctl", "lookup_dcookie",
    ),
    "concerns the whole machine": (
        "reboot", "acct", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "syslog", "iopl",
        "ioperm", "vhangup", "nfsservctl", "_sysctl", "sysfs", "uselib", "ustat", "modify_ldt",
    ),
    "holds memory that no limit counts": (
        "memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgctl", "semget",
        "semctl", "mbind", "set_mempolicy", "set_mempolicy_home_node",
    ),
}  # fmt: skip
"""Why → calls that fail with EPERM. Names that an architecture does not have are skipped there."""

_NEW_NAMESPACES = (
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
)
_EPERM = errno_action(errno.EPERM)
_NOT_SELF = Rule(_EPERM, (Test(0, "not in", (0,)),))
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_NETLINK_ROUTE, _NETLINK_SOCK_DIAG = 0, 4
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_SECCOMP_FILTER_FLAG_NEW_LISTENER = 8

RULES: dict[str, tuple[Rule, ...]] = {
    # glibc and musl then use clone, whose flags lie where a filter can see them.
    "clone3": (Rule(errno_action(errno.ENOSYS), ()),),
    # A child that no tracer follows would have its calls fail one by one, and one that is handed to its maker's
    # parent looks like nobody's: refuse both clearly.
    "clone": (Rule(_EPERM, (Test(0, "any of", (_NEW_NAMESPACES, CLONE_UNTRACED, CLONE_PARENT)),)),),
    # AF_VSOCK and others do not belong to a network namespace: they would reach the machine.
    "socket": (
        Rule(errno_action(errno.EAFNOSUPPORT), (Test(0, "not in", (_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK)),)),
        Rule(
            errno_action(errno.EPROTONOSUPPORT),
            (Test(0, "in", (_AF_NETLINK,)), Test(2, "not in", (_NETLINK_ROUTE, _NETLINK_SOCK_DIAG))),
        ),
    ),
    # The sandbox's own process has the same uid, so the kernel would let a program slow or starve it.
    "prlimit64": (_NOT_SELF,),
    "sched_setaffinity": (_NOT_SELF,),
    "sched_setattr": (_NOT_SELF,),
    "sched_setparam": (_NOT_SELF,),
    "sched_setscheduler": (_NOT_SELF,),
    "setpriority": (_NOT_SELF, Rule(_EPERM, (Test(1, "not in", (0,)),))),
    "ioprio_set": (Rule(_EPERM, (Test(0, "not in", (1,)),)), Rule(_EPERM, (Test(1, "not in", (0,)),))),
    # A listener's answer counts more than ours and would hide calls from the tracer.
    "seccomp": (Rule(_EPERM, (Test(1, "any of", (_SECCOMP_FILTER_FLAG_NEW_LISTENER,)),)),),
    "personality": (Rule(_EPERM, (Test(0, "not in", (0, 0xFFFFFFFF)),)),),
    "ioctl": (Rule(_EPERM, (Test(1, "in", (_TIOCSTI, _TIOCLINUX)),)),),
}
"""Calls that depend on their arguments; the rules come before what else is said about a call."""


def refused() -> frozenset[str]:
    """Every call that always fails with EPERM."""
    return frozenset(name for names in REFUSED.values() for name in names)


@cache
def seccomp_filter(machine: str) -> bytes:
    """The filter of every program: refused calls, rules, then the calls that the tracer follows."""
    numbers = {name: number for number, name in NUMBERS[machine].items()}
    actions = {numbers[name]: SECCOMP_RET_TRACE for name in TRACED if name in numbers}
    actions |= {numbers[name]: _EPERM for name in refused() if name in numbers}
    rules = {numbers[name]: rules for name, rules in RULES.items() if name in numbers}
    return seccomp.encode(seccomp.assemble(machine, actions, rules, max(NUMBERS[machine])))


# --- resources --------------------------------------------------------------------------------

OOM_SCORE_ADJ = 500
"""Where memory runs out after all, the kernel ends a program of a sandbox before anything of the machine."""
NICE = 5
"""Programs are so much nicer than the sandbox's own process, or a busy program would delay its own observation."""
NICEST = 19
_STACK = 2 * MEGABYTE
"""Each thread reserves a stack of this size and RLIMIT_DATA counts it whole: with 8 MiB, 60 threads would be all."""


def rlimits(limits: Limits) -> dict[int, tuple[int, int]]:
    """What one program may use, soft and hard (setrlimit(2)).

    RLIMIT_DATA is the promise to keep: it counts writable private memory. RLIMIT_AS counts what is merely
    reserved too, of which allocators and threads take several times what they use, so it is wider; it is
    there for shared memory, which RLIMIT_DATA does not count.
    """
    memory = limits.memory_bytes
    return {
        resource.RLIMIT_NPROC: (limits.processes + 1,) * 2,  # one is the sandbox's own process
        resource.RLIMIT_NOFILE: (limits.open_files,) * 2,
        resource.RLIMIT_DATA: (memory,) * 2,
        resource.RLIMIT_AS: (4 * memory,) * 2,
        resource.RLIMIT_STACK: (min(_STACK, memory), max(_STACK, memory)),
        resource.RLIMIT_CPU: (limits.cpu_seconds, limits.cpu_seconds + 5),
        resource.RLIMIT_FSIZE: (limits.file_bytes,) * 2,
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_MEMLOCK: (MEGABYTE,) * 2,
        resource.RLIMIT_MSGQUEUE: (256 << 10,) * 2,
        resource.RLIMIT_SIGPENDING: (4096,) * 2,
        resource.RLIMIT_NICE: (0, 0),
        resource.RLIMIT_RTPRIO: (0, 0),
    }


_RLIMIT_NAMES = {getattr(resource, name): name for name in dir(resource) if name.startswith("RLIMIT_")}


def apply_rlimits(limits: Limits) -> None:
    """Set the limits of the calling process; where a hard limit is lower already, that one stays.

    Raises:
        CallError: The kernel refuses one; it says which.
    """
    for kind, (soft, hard) in rlimits(limits).items():
        _, highest = named(f"getrlimit {_RLIMIT_NAMES[kind]}", resource.getrlimit, kind)
        if highest != resource.RLIM_INFINITY:
            soft, hard = min(soft, highest), min(hard, highest)
        # Not resource.setrlimit, which hides EPERM in a ValueError.
        named(f"setrlimit {_RLIMIT_NAMES[kind]}", resource.prlimit, 0, kind, (soft, hard))


def yield_to_the_observer() -> None:
    """Make the calling process nicer by ``NICE``, whatever priority Socketlab itself was started with.

    A process may always lower its own priority; to raise it, even to a fixed lower nice value, needs a privilege.

    Raises:
        CallError: The kernel refuses it.
    """
    nice = named("getpriority", os.getpriority, os.PRIO_PROCESS, 0)
    named("setpriority", os.setpriority, os.PRIO_PROCESS, 0, min(nice + NICE, NICEST))


def resident_bytes(pids: Iterable[int]) -> int:
    """How much memory processes use together, at most: anonymous and shared memory, not mapped programs.

    It is quick (a few microseconds each) and says too much where processes share pages, as after a fork;
    ``exceeds`` then asks again exactly.
    """
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/status", "rb") as status:
                total += sum(int(line.split()[1]) for line in status if line.startswith((b"RssAnon:", b"RssShmem:")))
        except OSError:
            continue  # it has ended
    return total << 10


def proportional_bytes(pids: Iterable[int]) -> int:
    """How much memory processes use together, exactly (Pss of smaps_rollup); milliseconds for large ones."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", "rb") as rollup:
                total += next(int(line.split()[1]) for line in rollup if line.startswith(b"Pss:")) << 10
        except (OSError, StopIteration):
            continue
    return total


def exceeds(pids: Iterable[int], limits: Limits) -> bool:
    """Whether processes use more memory together than a sandbox may. For the loop, a few times a second."""
    pids = list(pids)
    if resident_bytes(pids) <= limits.sandbox_memory_bytes:
        return False
    return proportional_bytes(pids) > limits.sandbox_memory_bytes
