"""What this machine allows: each thing that a sandbox needs is tried for real, in a process of its own.

A sysctl may say yes while an AppArmor profile or a container's seccomp filter says no, so settings are read only
to explain a failure. ``checks`` starts this module as a program: to try things means to fork and to change
namespaces, which is no business of a server with threads.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from server.errors import SocketlabError
from server.inet.sockdiag import tcp_request, unix_request
from server.inet.syscalls import NUMBERS
from server.linux import mounts, netlink, process, ptrace, seccomp
from server.linux.calls import MACHINE, CallError, named
from server.linux.namespaces import CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, unshare
from server.sandbox import hosts, plan, trial, zygote
from server.sandbox.spawn import ENVIRONMENT

OLDEST_KERNEL = (5, 12)
ENOUGH_FILES = 4096
LAB_TOOLS = ("ss", "nstat")
"""What labs run on hosts besides their own programs."""
_TRY_SECONDS = 60
_OTHER_PROC = 255  # beyond every errno
_SO_COOKIE = 57


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was tried.

    Attributes:
        name: What it is.
        ok: Whether it works here.
        essential: Whether there can be no sandbox without it.
        detail: What was found.
        without: What does not work while it is missing.
        hint: What to do about it; empty if it works.
    """

    name: str
    ok: bool
    essential: bool
    detail: str
    without: str
    hint: str = ""


class _Try(msgspec.Struct, frozen=True):
    """An entry of the table: what is tried, and what is said if it fails."""

    name: str
    attempt: Callable[[], str]
    without: str
    hint: Callable[[str], str]
    essential: bool = True


def checks() -> list[Check]:
    """Try everything and say what was found.

    Raises:
        SocketlabError: The process that tries it broke down.
    """
    command = [sys.executable, "-P", "-m", "server.sandbox.machine"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TRY_SECONDS, check=True)
    except subprocess.TimeoutExpired:
        raise SocketlabError(f"The checks did not end within {_TRY_SECONDS} seconds.") from None
    except subprocess.CalledProcessError as error:
        raise SocketlabError(f"The checks broke down: {error.stderr.decode(errors='replace')[-500:]}") from None
    return msgspec.json.decode(done.stdout, type=list[Check])


# --- what explains a failure ------------------------------------------------------------------


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""


def _user_namespace_hint(detail: str) -> str:
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor keeps ordinary programs from user namespaces (Ubuntu 23.10 and later). Allow them with "
            "'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0', or give Socketlab's Python a profile "
            "with 'userns,'; the README shows one."
        )
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return "Allow them with 'sudo sysctl kernel.unprivileged_userns_clone=1'."
    if _setting("user/max_user_namespaces") == "0":
        return "Allow them with 'sudo sysctl user.max_user_namespaces=15000'."
    if _in_container():
        return (
            "A container's own filter forbids it. Start the container with "
            "'--security-opt seccomp=unconfined --security-opt systempaths=unconfined --cap-add SYS_ADMIN'."
        )
    return "Ask whoever administers this machine to allow user namespaces."


def _in_container() -> bool:
    return any(os.path.exists(path) for path in ("/.dockerenv", "/run/.containerenv"))


def _proc_hint(detail: str) -> str:
    if detail.startswith("unshare"):
        return _user_namespace_hint(detail)
    if _in_container():
        return "Parts of the container's /proc are covered. Start it with '--security-opt systempaths=unconfined'."
    return "Something is mounted over a part of /proc; see 'grep proc /proc/mounts'."


def _ptrace_hint(detail: str) -> str:
    scope = _setting("kernel/yama/ptrace_scope")
    if scope == "3":
        return "Yama forbids tracing altogether; set kernel.yama.ptrace_scope to 1 and restart the machine."
    if _in_container():
        return "Start the container with '--cap-add SYS_PTRACE --security-opt seccomp=unconfined'."
    return "Set kernel.yama.ptrace_scope to 0 or 1, and see that no security module forbids tracing."


def _module_hint(module: str) -> Callable[[str], str]:
    return lambda _: f"Load the kernel module: 'sudo modprobe {module}'."


# --- what is tried ----------------------------------------------------------------------------


class _MissingError(Exception):
    """A try found that something is not as it must be."""


def _architecture() -> str:
    if MACHINE not in NUMBERS:
        raise _MissingError(f"{MACHINE}; known are {', '.join(NUMBERS)}")
    return MACHINE


def _kernel() -> str:
    release = os.uname().release
    numbers = [int(part) if part.isdecimal() else 0 for part in release.replace("-", ".").split(".")[:2]]
    if tuple(numbers) < OLDEST_KERNEL:
        raise _MissingError(f"Linux {release}, older than {'.'.join(map(str, OLDEST_KERNEL))}")
    return f"Linux {release}"


def _enter(*, net: bool = False) -> None:
    """Go where a sandbox begins: for ordinary users that is a user namespace of their own."""
    if not zygote.is_privileged():
        uid, gid = os.geteuid(), os.getegid()
        unshare(CLONE_NEWUSER)
        zygote.write_file("/proc/self/setgroups", "deny")
        zygote.write_file("/proc/self/uid_map", f"0 {uid} 1")
        zygote.write_file("/proc/self/gid_map", f"0 {gid} 1")
    if net:
        unshare(CLONE_NEWNET)


def _user_namespace() -> str:
    unshare(CLONE_NEWUSER)
    # AppArmor lets the namespace be made and takes its capabilities away: only using one shows it.
    unshare(CLONE_NEWNS | CLONE_NEWNET)
    most = _setting("user/max_user_namespaces")
    return f"made one and used its capabilities; at most {most}" if most else "made one and used its capabilities"


def _proc_mount() -> str:
    _enter_for_proc()
    child = os.fork()
    if child == 0:
        try:
            mounts.mount("proc", "/proc", "proc", mounts.MS_NOSUID | mounts.MS_NODEV | mounts.MS_NOEXEC)
            os._exit(0 if os.path.exists("/proc/1") and os.getpid() == 1 else _OTHER_PROC)
        except OSError as error:
            os._exit(error.errno or 1)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == _OTHER_PROC:
        raise _MissingError("the /proc that was mounted is another namespace's")
    if code:
        raise CallError("mount proc", code)
    return "mounted one in a pid namespace"


def _enter_for_proc() -> None:
    """Enter the namespaces in which a sandbox mounts its /proc: owned by a user namespace, also for root."""
    if zygote.is_privileged():
        unshare(CLONE_NEWUSER)
    else:
        _enter()
    unshare(CLONE_NEWNS | CLONE_NEWPID)
    mounts.make_private()


def _skeleton() -> str:
    zygote.enter_own_namespaces()
    root = plan.build_skeleton(plan.labs_folder())
    return f"built one of {len(os.listdir(root))} entries"


def _veth() -> str:
    _enter()
    unshare(CLONE_NEWNET)
    host = hosts.add_host("probe", 1, ["10.0.0.4/24", "fd00::4/64"])
    return f"made a host with {' and '.join(host.addresses)}"


def _packet_socket() -> str:
    _enter(net=True)
    named("socket AF_PACKET", socket.socket, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)).close()
    return "opened one"


def _sock_diag(request: Callable[[], bytes]) -> Callable[[], str]:
    def attempt() -> str:
        _enter(net=True)
        with netlink.diag_socket() as sock:
            parts = sum(1 for _ in netlink.dump(sock, request(), bytearray(65536)))
        return f"answered, with {parts} parts"

    return attempt


def _cookie() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        number = int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, _SO_COOKIE, 8), sys.byteorder)
    return f"the kernel numbers each socket; the latest is {number}"


def _filter_for(name: str, action: int) -> bytes:
    number = next(number for number, its in NUMBERS[MACHINE].items() if its == name)
    return seccomp.encode(seccomp.assemble(MACHINE, {number: action}, {}, max(NUMBERS[MACHINE])))


def _seccomp() -> str:
    process.forbid_new_privileges()
    seccomp.install(_filter_for("getpgid", seccomp.errno_action(errno.EXFULL)))
    try:
        os.getpgid(0)
    except OSError as error:
        if error.errno == errno.EXFULL:
            return "a filter was installed and obeyed"
    raise _MissingError("a filter was installed, but the kernel did not obey it")


def _ptrace() -> str:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(read, 1)
        process.forbid_new_privileges()
        seccomp.install(_filter_for("getppid", seccomp.SECCOMP_RET_TRACE))
        os.getppid()
        os._exit(0)
    try:
        ptrace.seize(child)
        os.write(write, b"!")
        _, status = os.waitpid(child, ptrace.WALL)
        if status >> 8 != signal.SIGTRAP | ptrace.EVENT_SECCOMP << 8:
            raise _MissingError(f"the traced process did not stop at its call (status {status:#x})")
        number, _ = ptrace.entered_call(child)
        return f"a process stopped at its call, number {number}"
    finally:
        os.kill(child, signal.SIGKILL)


def _spare_ids() -> str:
    if not zygote.is_privileged():
        return "not needed: sandboxes run as this user"
    if zygote.ids_for_sandboxes() is None:
        raise _MissingError("this user namespace has no ids to spare")
    return "each sandbox gets an id that nobody else has"


def _open_files() -> str:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < ENOUGH_FILES:
        raise _MissingError(f"at most {hard} for one process")
    return f"up to {hard} for one process" if hard != resource.RLIM_INFINITY else "no limit"


def _tools() -> str:
    if missing := [name for name in LAB_TOOLS if shutil.which(name, path=ENVIRONMENT["PATH"]) is None]:
        raise _MissingError(f"{' and '.join(missing)} not found")
    return f"{' and '.join(LAB_TOOLS)} can be run on a host"


_TRIES: tuple[_Try, ...] = (
    _Try(
        "architecture", _architecture, "System calls cannot be named.",
        lambda _: "Use a machine with an x86-64 or arm64 processor.",
    ),
    _Try(
        "kernel version", _kernel, "Sandboxes cannot be closed off from the machine.",
        lambda _: f"Use Linux {'.'.join(map(str, OLDEST_KERNEL))} or later.",
    ),
    _Try("user namespaces", _user_namespace, "There can be no sandbox.", _user_namespace_hint),
    _Try("own /proc", _proc_mount, "There can be no sandbox.", _proc_hint),
    _Try("read-only root", _skeleton, "There can be no sandbox.", _user_namespace_hint),
    _Try("hosts (veth)", _veth, "There can be no hosts and no wire between them.", _module_hint("veth")),
    _Try("packet sockets", _packet_socket, "Packets cannot be seen or held.", _module_hint("af_packet")),
    _Try("ptrace", _ptrace, "System calls cannot be seen or held.", _ptrace_hint),
    _Try(
        "seccomp filters", _seccomp, "Programs cannot be confined.",
        lambda _: "Use a kernel with CONFIG_SECCOMP_FILTER, outside of containers that forbid it.",
    ),
    _Try(
        "a program in a sandbox", trial.run, "No program can be started.",
        lambda _: "First fix what is missing above. If nothing is, this machine refuses what the start of a program "
        "needs: report this line.",
    ),
    _Try(
        "socket table (inet_diag)", _sock_diag(lambda: tcp_request("inet")), "TCP and UDP sockets cannot be shown.",
        _module_hint("-a inet_diag tcp_diag udp_diag"),
    ),
    _Try(
        "socket table (unix_diag)", _sock_diag(unix_request), "Unix sockets cannot be shown.",
        _module_hint("unix_diag"), essential=False,
    ),
    _Try(
        "socket cookies", _cookie, "Sockets cannot be told apart.", lambda _: "Use a newer kernel.",
    ),
    _Try(
        "open files", _open_files, "Labs with thousands of connections fail with EMFILE.",
        lambda _: f"Raise the hard limit: 'ulimit -Hn {ENOUGH_FILES * 5}', or LimitNOFILE= of the service.",
        essential=False,
    ),
    _Try(
        "ids for sandboxes", _spare_ids,
        "Sandboxes share the user of the server; if that is root, nothing limits how many processes they make.",
        lambda _: "Give the container a larger range of ids, or run Socketlab as an ordinary user.", essential=False,
    ),
    _Try(
        "tools in labs", _tools, "The steps of labs that run these tools on a host fail.",
        lambda _: "Install the package iproute2.", essential=False,
    ),
)  # fmt: skip


# --- as a program -----------------------------------------------------------------------------


def _try(entry: _Try) -> Check:
    """Make one attempt in a forked process, so that nothing of it stays."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = b"+" + entry.attempt().encode()
        except (OSError, SocketlabError, _MissingError) as error:
            answer = b"-" + str(error).encode()
        os.write(write, answer)
        os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        told = pipe.read().decode(errors="replace")
    os.waitpid(child, 0)
    ok, detail = told[:1] == "+", told[1:] or "the attempt ended without an answer"
    hint = "" if ok else entry.hint(detail)
    return Check(name=entry.name, ok=ok, essential=entry.essential, detail=detail, without=entry.without, hint=hint)


def main() -> int:
    """Try everything and write the checks as JSON."""
    sys.stdout.buffer.write(msgspec.json.encode([_try(entry) for entry in _TRIES]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
