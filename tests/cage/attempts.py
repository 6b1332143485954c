"""The attempts to get out: tiny ordinary programs, and the errno with which the kernel refuses each.

The code of an attempt raises OSError if it is refused. If it does not, it is through, and the test fails.
``%(name)s`` in a code is filled in by the test: a number of a system call, or a fact about the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

PROGRAM = """\
import array, ctypes, errno, fcntl, mmap, os, resource, signal, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result = libc.syscall(ctypes.c_long(number), *words, *[ctypes.c_long(0)] * (6 - len(words)))
    if result == -1:
        raise OSError(ctypes.get_errno(), "call")
    return result
def attempt():
{code}
try:
    print("THROUGH", attempt())
except OSError as error:
    print("REFUSED", errno.errorcode[error.errno])
"""


@dataclass(frozen=True)
class Attempt:
    """One way to get out.

    Attributes:
        name: What it tries.
        code: Statements of Python.
        refused: The errnos that mean it was refused.
        only: The architecture that has such a call; empty for all.
    """

    name: str
    code: str
    refused: tuple[str, ...] = ("EPERM",)
    only: str = ""


def program(code: str) -> str:
    """The whole program of an attempt."""
    return PROGRAM.format(code="\n".join(f"    {line}" for line in code.strip().splitlines()))


def calls(*names: str, refused: tuple[str, ...] = ("EPERM",)) -> list[Attempt]:
    """Attempts that are one system call without sensible arguments; the filter refuses before the kernel looks."""
    return [Attempt(f"the call {name}", f"call(%({name})d)", refused) for name in names]


FILES = [
    Attempt("read the machine's passwords", "open('/etc/shadow')", ("ENOENT",)),
    Attempt("read the server's own code", "open('%(server_file)s')", ("ENOENT",)),
    Attempt("list the machine's home of root", "os.listdir('/root/.ssh')", ("ENOENT",)),
    Attempt("list the machine's devices", "os.listdir('/sys/class')", ("ENOENT",)),
    Attempt("open the machine's memory", "open('/dev/mem')", ("ENOENT",)),
    Attempt("make a device of the machine's disk", "os.mknod('/tmp/disk', 0o60600, os.makedev(8, 0))"),
    Attempt("write to the root", "open('/file', 'w')", ("EROFS",)),
    Attempt("write to a system folder", "open('/usr/bin/tool', 'w')", ("EROFS",)),
    Attempt("change a program of the labs", "open('/labs/programs/echo_server.py', 'a')", ("EROFS", "EACCES")),
    Attempt("change the names of the hosts", "open('/etc/hosts', 'a')", ("EROFS",)),
    Attempt("climb out with dots", "open('/../../../../etc/shadow')", ("ENOENT",)),
    Attempt("climb out through pid 1's root", "os.listdir('/proc/1/root')", ("EACCES",)),
    Attempt("climb out through pid 1's working directory", "os.listdir('/proc/1/cwd')", ("EACCES",)),
]

PROC = [
    Attempt("read pid 1's environment", "open('/proc/1/environ').read()", ("EACCES",)),
    Attempt("read pid 1's memory", "open('/proc/1/mem', 'rb')", ("EACCES",)),
    Attempt("write pid 1's memory", "open('/proc/1/mem', 'wb')", ("EACCES",)),
    Attempt("list pid 1's descriptors", "os.listdir('/proc/1/fd')", ("EACCES",)),
    Attempt("open pid 1's network namespace", "os.open('/proc/1/ns/net', os.O_RDONLY)", ("EACCES", "EPERM")),
    Attempt("reboot by a key", "open('/proc/sysrq-trigger', 'w')", ("EACCES", "ENOENT")),
    Attempt("run a program of ours at the next crash", "open('/proc/sys/kernel/core_pattern', 'w')", ("EACCES",)),
    Attempt("read the kernel's memory", "open('/proc/kcore', 'rb')", ("EACCES", "EPERM", "ENOENT")),
    Attempt(
        "become the last to be killed",
        "os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-1000')",
        ("EACCES", "EPERM"),
    ),
    Attempt("route packets", "open('/proc/sys/net/ipv4/ip_forward', 'w')", ("EACCES",)),
]

NETWORK = [
    Attempt("reach the server's own port", "socket.create_connection(('127.0.0.1', %(port)d), 2)", ("ECONNREFUSED",)),
    Attempt("reach the machine's address", "socket.create_connection(('%(address)s', %(port)d), 2)", ("ENETUNREACH",)),
    Attempt("reach the internet", "socket.create_connection(('9.9.9.9', 53), 2)", ("ENETUNREACH",)),
    Attempt("reach the internet by IPv6", "socket.create_connection(('2620:fe::9', 53), 2)", ("ENETUNREACH",)),
    Attempt(
        "reach a unix socket of the machine",
        "socket.socket(socket.AF_UNIX).connect('\\0%(abstract)s')",
        ("ECONNREFUSED",),
    ),
    Attempt("reach another sandbox's server", "socket.create_connection(('10.0.0.4', 7007), 2)", ("ECONNREFUSED",)),
    Attempt("talk to the hypervisor", "socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)", ("EAFNOSUPPORT",)),
    Attempt("use the kernel's ciphers", "socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)", ("EAFNOSUPPORT",)),
    Attempt("see all packets", "socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)", ("EAFNOSUPPORT",)),
    Attempt("send packets of its own making", "socket.socket(socket.AF_INET, socket.SOCK_RAW, 255)"),
    Attempt("talk to the packet filter", "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)", ("EPROTONOSUPPORT",)),
    Attempt(
        "take the network down",
        """
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
netlink.send(struct.pack("=IHHII", 32, 16, 5, 1, 0) + struct.pack("=BxHiII", 0, 0, 2, 0, 1))
number = struct.unpack_from("=i", netlink.recv(4096), 16)[0]
if number:
    raise OSError(-number, "netlink")
""",
    ),
    Attempt("take a port below 1024", "socket.socket().bind(('10.0.0.4', 80))", ("EACCES",)),
]

PRIVILEGES = [
    Attempt("become root", "os.setuid(0)", ("EINVAL", "EPERM")),
    Attempt("join another group", "os.setgroups([0])"),
    Attempt("rename the host", "socket.sethostname('mine')"),
    Attempt(
        "give itself capabilities",
        "call(%(capset)d, struct.pack('=Ii', 0x20080522, 0), struct.pack('=6I', *[0xFFFFFFFF] * 3, 0, 0, 0))",
    ),
    Attempt("raise its limit of files", "call(%(prlimit64)d, 0, 7, struct.pack('=QQ', 1 << 20, 1 << 20), None)"),
    Attempt("make a user namespace", "call(%(unshare)d, 0x10000000)"),
    Attempt("make a user namespace with clone", "call(%(clone)d, 0x10000000 | 17)"),
    Attempt("make a child that no tracer follows", "call(%(clone)d, 0x00800000 | 17)"),
    Attempt("make a child that is pid 1's", "call(%(clone)d, 0x00008000 | 17)"),
    Attempt("make a child with clone3", "call(%(clone3)d, bytes(88), 88)", ("ENOSYS",)),
    Attempt("run faster than others", "os.setpriority(os.PRIO_PROCESS, 0, -5)", ("EACCES", "EPERM")),
    Attempt("be scheduled before all others", "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"),
    Attempt("switch off the randomness of addresses", "call(%(personality)d, 0x0040000)"),
]

OTHERS = [
    Attempt("trace a neighbour", "call(%(ptrace)d, 16, 1)"),
    Attempt("let itself be traced", "call(%(ptrace)d, 0)"),
    Attempt("limit pid 1's files", "resource.prlimit(1, resource.RLIMIT_NOFILE, (0, 0))"),
    Attempt("limit pid 1's time", "call(%(prlimit64)d, 1, 0, struct.pack('=QQ', 1, 1), None)"),
    Attempt("slow pid 1 down", "os.setpriority(os.PRIO_PROCESS, 1, 19)"),
    Attempt("slow all of its user's processes down", "os.setpriority(os.PRIO_USER, 0, 19)"),
    Attempt("move pid 1 to another processor", "os.sched_setaffinity(1, {0})"),
    Attempt("signal a process of the machine", "os.kill(%(server_pid)d, signal.SIGKILL)", ("ESRCH",)),
    Attempt("answer its own calls, unseen", "call(%(seccomp)d, 1, 8, bytes(16))"),
    Attempt("type into a terminal", "fcntl.ioctl(1, 0x5412, b'x')"),
    *calls("process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "userfaultfd", "perf_event_open"),
]

KERNEL = [
    *calls("io_uring_setup", "io_uring_enter", "io_uring_register", "io_setup"),
    *calls("mount", "umount2", "pivot_root", "chroot", "fsopen", "open_tree", "move_mount", "mount_setattr", "setns"),
    *calls("bpf", "keyctl", "add_key", "request_key", "init_module", "finit_module", "delete_module"),
    *calls("kexec_load", "reboot", "swapon", "acct", "settimeofday", "clock_settime", "syslog", "quotactl"),
    *calls("open_by_handle_at", "fanotify_init", "memfd_create", "shmget", "msgget"),
    Attempt("raise its I/O privilege", "call(%(iopl)d, 3)", only="x86_64"),
    Attempt("make the call getpid of the x32 ABI", "call(0x40000000 + 39)", ("ENOSYS",), only="x86_64"),
    Attempt("make a call that we do not know", "call(100_000)", ("ENOSYS",)),
]

ATTEMPTS = [*FILES, *PROC, *NETWORK, *PRIVILEGES, *OTHERS, *KERNEL]
