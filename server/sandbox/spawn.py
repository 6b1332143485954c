"""From fork(2) to the program's execve(2): the steps that isolate the program, in their order.

The child waits until its parent traces it, because a filter that answers RET_TRACE without a tracer lets
calls fail. Then it gives things up in the only order that works: first what needs capabilities (namespaces,
hostname), then the limits, then the capabilities, at last its freedom to call the kernel. The parent must
serve the child's ptrace stops from then on, so ``spawn`` does not wait for the program to start.

Who may be traced. Our memory belongs to the user namespace where the zygote was started, not to the sandbox's,
so a capability of the sandbox does not count there: to be seized the child must be dumpable. It is so only
while it has all capabilities, which makes it untouchable for programs, that have none; not in between.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from server.errors import BadRequestError, LimitError, SocketlabError
from server.linux import capabilities, process, seccomp
from server.linux.calls import MACHINE, CallError, errno_name, named
from server.linux.namespaces import CLONE_NEWNET, CLONE_NEWUTS, setns, unshare
from server.sandbox.confinement import (
    Credentials,
    Limits,
    apply_rlimits,
    seccomp_filter,
    yield_to_the_observer,
)
from server.sandbox.hosts import Host
from server.sandbox.plan import HOME, search_path

ENVIRONMENT: Final[dict[str, str]] = {
    "PATH": search_path(),
    "HOME": HOME,
    "USER": "learner",
    "LOGNAME": "learner",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    "PYTHONDONTWRITEBYTECODE": "1",
}
"""All that a program inherits."""

_GRANTED: dict[Credentials, tuple[int, ...]] = {"user": (), "admin": (capabilities.CAP_NET_BIND_SERVICE,)}


def find_program(name: str, folder: str) -> str:
    """Where execve(2) will find a program that is started in ``folder``, as a shell would look.

    Raises:
        BadRequestError: There is none, or it cannot be executed.
    """
    if "/" in name:
        places = [os.path.join(folder, name)]
    else:
        places = [os.path.join(place, name) for place in ENVIRONMENT["PATH"].split(":")]
    found = [place for place in places if os.path.isfile(place)]
    for place in found:
        if os.access(place, os.X_OK):
            return place
    if found:
        raise BadRequestError(f"{name} is no executable program.", f"For a Python program: python3 {name}")
    raise BadRequestError(
        f"There is no program named {name!r} here.",
        "Programs installed below /usr on this machine can be used; so can those of the catalogue.",
    )


def spawn(
    host: Host,
    argv: Sequence[str],
    *,
    folder: str,
    credentials: Credentials,
    stdio: tuple[int, int, int],
    limits: Limits,
    seize: Callable[[int], None],
) -> tuple[int, int]:
    """Start a program on a host, isolated and traced.

    Args:
        host: Where.
        argv: The program and its arguments.
        folder: Where it starts.
        credentials: ``admin`` keeps CAP_NET_BIND_SERVICE; ``user`` nothing.
        stdio: The child's standard input, output and error; the caller keeps them and closes its copies.
        limits: The rlimits.
        seize: Called once with the child's pid: PTRACE_SEIZE with all options. The child waits for it.

    Returns:
        The pid, and a non-blocking fd: at its end without a byte once the program runs; otherwise what
        ``failure`` understands.

    Raises:
        BadRequestError: There is no such program or folder.
        LimitError: The kernel gives no further process.
    """
    if not os.path.isdir(folder):
        raise BadRequestError(f"There is no folder {folder} here.", "The labs and their programs are below /labs.")
    program = find_program(argv[0], folder)
    go_read, go_write = os.pipe()
    error_read, error_write = os.pipe()
    process.set_dumpable(True)
    try:
        pid = os.fork()
    except OSError as error:
        process.set_dumpable(False)
        for fd in (go_read, go_write, error_read, error_write):
            os.close(fd)
        raise LimitError(f"There can be no further process: {error.strerror}.", "End one first.") from None
    if pid == 0:
        _become(program, argv, folder, host, credentials, stdio, limits, go_read, error_write)
    os.close(go_read)
    os.close(error_write)
    try:
        seize(pid)
        os.write(go_write, b"!")
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        os.close(error_read)
        raise
    finally:
        process.set_dumpable(False)
        os.close(go_write)
    os.set_blocking(error_read, False)
    return pid, error_read


def failure(told: bytes, argv: Sequence[str]) -> SocketlabError:
    """What the bytes of the fd that ``spawn`` returned mean; none if the process ended before it could say more."""
    # A call may have been told with what it was asked for: "prctl PR_SET_NO_NEW_PRIVS 1".
    call, _, number = told.decode(errors="replace").rpartition(" ")
    if not call or not number.isdecimal():
        return BadRequestError(f"{argv[0]} could not start: its process ended before it could run the program.")
    name = errno_name(int(number))
    if name == "ENOEXEC":
        return BadRequestError(
            f"{argv[0]} is neither a program nor a script with '#!' in its first line.",
            f"For a Python program: python3 {argv[0]}",
        )
    if name in ("EAGAIN", "ENOMEM", "EMFILE", "ENFILE"):
        return LimitError(f"{argv[0]} could not start: {call} failed with {name}.", "End another program first.")
    return BadRequestError(f"{argv[0]} could not start: {call} failed with {name}.")


# --- in the child -----------------------------------------------------------------------------


def _become(
    program: str,
    argv: Sequence[str],
    folder: str,
    host: Host,
    credentials: Credentials,
    stdio: tuple[int, int, int],
    limits: Limits,
    go: int,
    error: int,
) -> NoReturn:
    try:
        if not os.read(go, 1):
            os._exit(127)  # nobody traces us
        process.set_dumpable(False)
        _reset_signals()
        error = _arrange(stdio, error)
        setns(host.netns, CLONE_NEWNET)
        unshare(CLONE_NEWUTS)
        named("sethostname", socket.sethostname, host.name)
        named("chdir", os.chdir, folder)
        os.umask(0o022)
        yield_to_the_observer()
        apply_rlimits(limits)
        process.forbid_new_privileges()
        capabilities.keep_only(_GRANTED[credentials])
        code = seccomp_filter(MACHINE)
        seccomp.install(code)
        named("execve", os.execve, program, list(argv), ENVIRONMENT)
    except CallError as problem:
        os.write(error, f"{problem.call} {problem.errno}".encode())
    finally:
        os._exit(127)


def _reset_signals() -> None:
    """Undo what Python and the loop have set: an ignored SIGPIPE would be inherited over execve(2)."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        named("sigaction", signal.signal, number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _arrange(stdio: tuple[int, int, int], error: int) -> int:
    """Give the program its three descriptors and no other, and a session of its own; returns the moved ``error``."""
    named("setsid", os.setsid)
    # First out of the way of 0 to 2, or one would overwrite another.
    *sources, error = [named("fcntl", fcntl.fcntl, fd, fcntl.F_DUPFD_CLOEXEC, 3) for fd in (*stdio, error)]
    for target, source in enumerate(sources):
        named("dup2", os.dup2, source, target)
    process.close_on_exec_from(3)
    return error
