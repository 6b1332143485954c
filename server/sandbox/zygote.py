"""The pre-loaded parent of all sandboxes: ``python -m server.sandbox.zygote FD [LABS]``.

One fork costs a millisecond, a fresh interpreter fifty; so one process loads everything once and forks.
It has a single thread, since only such a process can be forked safely and can enter a user namespace.

    server ── control (SOCK_SEQPACKET) ── zygote                        own mount namespace with the skeleton
                                            └── A   new user namespace, then mnt, pid, net, ipc, uts; forks B and ends
                                                └── B   pid 1 of its pid namespace; becomes the zygote's child

The zygote writes the id maps of A: inside there is only uid and gid 1000. For root it is mapped to an id that
nobody has (another for each sandbox), so root's files, processes and rlimits are out of reach even for a
program that would break out of everything else. For an ordinary user it is that user.

Nothing survives: B is killed when the zygote ends, for whatever reason (PR_SET_PDEATHSIG); with pid 1 the kernel
kills the whole namespace; and the zygote is killed when the server ends. A death signal is forgotten at a change
of credentials and also fires when A ends, so B waits until A is reaped, and only then asks for it.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import struct
import sys
import traceback
from typing import NoReturn

import msgspec

from server.errors import BadRequestError, KernelRefusedError, SocketlabError
from server.linux import capabilities, mounts, process
from server.linux.calls import CallError, named
from server.linux.namespaces import (
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_NEWUTS,
    unshare,
)
from server.sandbox import confinement, hosts, loop, plan
from server.sandbox.confinement import OOM_SCORE_ADJ
from server.sandbox.messages import READY, Exited, Fork, Forked, News, NotForked, Refused

IDS_OF_ROOT = range(0x7000_0000, 0x7800_0000)
"""Ids that no distribution gives to anybody; systemd's own ranges lie below."""

_HINT = "Run 'socketlab doctor': it tries each thing that a sandbox needs."
_PID = struct.Struct("=i")


class _Named(msgspec.Struct, frozen=True):
    """As much of a request as there must be to answer it."""

    sandbox: str


_decode_named = msgspec.json.Decoder(_Named).decode
_decode_request = msgspec.json.Decoder(Fork).decode
_encode = msgspec.json.Encoder().encode


# --- whose ids --------------------------------------------------------------------------------


def spare_ids(map_lines: str) -> range | None:
    """Ids of an id map (user_namespaces(7)) that can be given to sandboxes, or None if it has no room.

    Of the whole machine's map a range that nobody uses; of a smaller one (a container's) its upper end.
    """
    for line in map_lines.splitlines():
        inside, _, count = map(int, line.split())
        if inside <= IDS_OF_ROOT.start and IDS_OF_ROOT.stop <= inside + count:
            return IDS_OF_ROOT
        if count >= 1 << 15:
            return range(inside + count - (1 << 13), inside + count - (1 << 12))
    return None


def ids_for_sandboxes() -> range | None:
    """The ids that this process can give to sandboxes, the same for users and groups; None if it has none."""
    with open("/proc/self/uid_map") as uids, open("/proc/self/gid_map") as gids:
        of_users, of_groups = spare_ids(uids.read()), spare_ids(gids.read())
    return of_users if of_users == of_groups else None


def is_privileged() -> bool:
    """Whether this process may change namespaces and ids without a user namespace of its own."""
    wanted = 1 << capabilities.CAP_SYS_ADMIN | 1 << capabilities.CAP_SETUID | 1 << capabilities.CAP_SETGID
    return capabilities.effective() & wanted == wanted


def write_file(path: str, text: str) -> None:
    """Write ``text`` in one write(2), as the files in /proc want it.

    Raises:
        CallError: The kernel refuses it; it says for which file.
    """
    fd = named(f"open {path}", os.open, path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        named(f"write {path}", os.write, fd, text.encode())
    finally:
        os.close(fd)


def enter_own_namespaces() -> range | None:
    """Get a mount namespace where the skeleton can be built; for ordinary users inside a user namespace.

    Returns:
        The ids that sandboxes can have, or None if they have this process's own.

    Raises:
        KernelRefusedError: This machine does not allow it.
    """
    uid, gid = os.geteuid(), os.getegid()
    try:
        if is_privileged():
            ids = ids_for_sandboxes()
            if ids is not None:
                named("setgroups", os.setgroups, [])  # the sandboxes inherit them
            unshare(CLONE_NEWNS)
        else:
            ids = None
            unshare(CLONE_NEWUSER | CLONE_NEWNS)
            write_file("/proc/self/setgroups", "deny")
            write_file("/proc/self/uid_map", f"0 {uid} 1")
            write_file("/proc/self/gid_map", f"0 {gid} 1")
        mounts.make_private()
    except OSError as error:
        raise KernelRefusedError(f"Sandboxes cannot be made on this machine: {error}.", _HINT) from error
    return ids


# --- one sandbox ------------------------------------------------------------------------------


class Zygote:
    """What the zygote keeps: the skeleton, its running sandboxes, and the two ends that it listens to."""

    def __init__(self, control: socket.socket, labs: str) -> None:
        self._control = control
        self._ids = enter_own_namespaces()
        self._skeleton = plan.build_skeleton(labs)
        self._processors = sorted(os.sched_getaffinity(0))
        self._count = 0
        self._running: dict[int, tuple[str, int]] = {}  # pidfd → (sandbox, pid)
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        # Nobody writes to this pipe. Its end tells a sandbox that the zygote ended before it set its
        # parent-death signal.
        self._life_read, self._life_write = os.pipe()

    def serve(self) -> None:
        """Fork sandboxes until the server closes its end, then end them all."""
        while True:
            for fd, _ in self._poll.poll():
                if fd in self._running:
                    self._bury(fd)
                elif not self._answer():
                    for pidfd, (_, pid) in list(self._running.items()):
                        os.kill(pid, signal.SIGKILL)
                        os.waitpid(pid, 0)
                        os.close(pidfd)
                    return

    def _answer(self) -> bool:
        try:
            document, fds, _, _ = socket.recv_fds(self._control, 1 << 18, 4)
        except ConnectionError:
            return False
        if not document:
            return False
        name = ""
        try:
            name = _decode_named(document).sandbox
            request = _decode_request(document)
            if len(fds) != 1:
                raise BadRequestError("A request for a sandbox comes with exactly one channel.")
            self._tell(Forked(sandbox=name, pid=self._create(request, fds[0])))
        except SocketlabError as error:
            self._tell(NotForked(sandbox=name, problem=error.problem()))
        except msgspec.MsgspecError as error:
            self._tell(NotForked(sandbox=name, problem=BadRequestError(f"{error}").problem()))
        finally:
            for fd in fds:
                os.close(fd)
        return True

    def _tell(self, message: News) -> None:
        try:
            self._control.send(_encode(message))
        except ConnectionError:
            return  # the server is gone; poll says so next

    def _bury(self, pidfd: int) -> None:
        """A sandbox has ended: its namespace is empty, for the kernel lets pid 1 go last."""
        name, pid = self._running.pop(pidfd)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self._tell(Exited(sandbox=name, code=code) if code >= 0 else Exited(sandbox=name, signal=-code))

    def _create(self, request: Fork, channel: int) -> int:
        existing: list[tuple[str, list[str]]] = []
        for host in request.hosts:
            hosts.check_new(host.name, host.addresses, existing)
            existing.append((host.name, host.addresses))
        self._count += 1
        told_read, told_write = os.pipe()
        go_read, go_write = os.pipe()
        first = os.fork()
        if first == 0:
            os.close(told_read)
            os.close(go_write)
            os.close(self._life_write)
            _unshare_and_fork(request, channel, self._skeleton, told_write, go_read, self._life_read)
        os.close(told_write)
        os.close(go_read)
        try:
            pid = self._usher(first, told_read, go_write)
        finally:
            os.waitpid(first, 0)
            os.close(told_read)
            if sys.exc_info()[0] is not None:
                os.close(go_write)
        pidfd = os.pidfd_open(pid)
        self._running[pidfd] = (request.sandbox, pid)
        self._poll.register(pidfd, select.POLLIN)
        os.write(go_write, b"!")
        os.close(go_write)
        return pid

    def _usher(self, first: int, told: int, go: int) -> int:
        """Take A through its steps; returns the pid of B as we see it."""
        _hear(told)
        inner, outer = plan.LEARNER, os.geteuid()
        outer_group = os.getegid()
        if self._ids is not None:
            outer = outer_group = self._ids[self._count % len(self._ids)]
        try:
            # One processor for a sandbox and its programs: a tracee and its tracer take turns, and to wake
            # a process on another, idle processor costs more than the call itself (measured: 2.4 times).
            processor = self._processors[self._count % len(self._processors)]
            named("sched_setaffinity", os.sched_setaffinity, first, {processor})
            write_file(f"/proc/{first}/oom_score_adj", str(OOM_SCORE_ADJ))
            write_file(f"/proc/{first}/uid_map", f"{inner} {outer} 1")
            write_file(f"/proc/{first}/gid_map", f"{inner} {outer_group} 1")
        except OSError as error:
            os.kill(first, signal.SIGKILL)
            raise KernelRefusedError(f"The sandbox's process could not be prepared: {error}.", _HINT) from error
        os.write(go, b"!")
        return int(_PID.unpack(_hear(told))[0])


def _hear(told: int) -> bytes:
    """What A says next: empty or a pid behind a ``+``, or why it could not go on."""
    words = os.read(told, 4096)
    if words[:1] == b"+":
        return words[1:]
    raise KernelRefusedError(f"The sandbox could not be made: {words.decode() or 'its process ended'}.", _HINT)


# --- in process A -----------------------------------------------------------------------------


def _unshare_and_fork(request: Fork, channel: int, skeleton: str, told: int, go: int, life: int) -> NoReturn:
    try:
        unshare(CLONE_NEWUSER)
        os.write(told, b"+")
        if not os.read(go, 1):
            os._exit(1)
        named("setresgid", os.setresgid, plan.LEARNER, plan.LEARNER, plan.LEARNER)
        named("setresuid", os.setresuid, plan.LEARNER, plan.LEARNER, plan.LEARNER)
        unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
        pid = named("fork", os.fork)
        if pid:
            os.write(told, b"+" + _PID.pack(pid))
            os._exit(0)
        _begin(request, channel, skeleton, go, life)
    except OSError as error:
        os.write(told, str(error).encode())
    finally:
        os._exit(1)


# --- in process B, pid 1 of the sandbox -------------------------------------------------------


def _begin(request: Fork, channel: int, skeleton: str, go: int, life: int) -> NoReturn:
    """Become the sandbox."""
    try:
        if not os.read(go, 1):
            os._exit(1)
        process.die_with_parent()
        if select.select([life], [], [], 0)[0]:
            os._exit(1)
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # pid 1 ignores a signal without a handler
        process.close_between(3, channel - 1)
        process.close_between(channel + 1, 0xFFFFFFFF)
        with socket.socket(fileno=channel) as sock:
            try:
                made = _make(request, skeleton)
            except SocketlabError as error:
                _refuse(sock, error)
            except OSError as error:
                _refuse(sock, KernelRefusedError(f"The sandbox could not be made: {error}.", _HINT))
            loop.run(sock, made, request.pace, request.limits, len(made) + 1)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(70)


def _make(request: Fork, skeleton: str) -> list[hosts.Host]:
    named("sethostname", socket.sethostname, "sandbox")
    hosts.publish_names_in(plan.enter_root(skeleton, request.limits))
    hosts.prepare_wire()
    made = [hosts.add_host(host.name, index, host.addresses) for index, host in enumerate(request.hosts, start=1)]
    process.set_dumpable(False)
    return made


def _refuse(sock: socket.socket, error: SocketlabError) -> NoReturn:
    sock.sendall(_encode(Refused(ref=READY, problem=error.problem())) + b"\n")
    os._exit(1)


# --- the process ------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Run as the zygote; ``arguments`` are the control socket's fd and, if not our own, the folder of labs."""
    process.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    labs = arguments[1] if len(arguments) > 1 else plan.labs_folder()
    with socket.socket(fileno=int(arguments[0])) as control:
        control.set_inheritable(False)
        try:
            zygote = Zygote(control, os.path.abspath(labs))
        except (SocketlabError, CallError) as error:
            return _refuse_all(control, error)
        # Entering a user namespace changes credentials, and that clears the parent-death signal.
        process.die_with_parent()
        process.become_subreaper()
        confinement.seccomp_filter(os.uname().machine)
        gc.collect()
        gc.freeze()
        zygote.serve()
    return 0


def _refuse_all(control: socket.socket, error: SocketlabError | CallError) -> int:
    """Answer each request with the reason why there can be no sandbox, until the server closes its end."""
    reason = error if isinstance(error, SocketlabError) else KernelRefusedError(f"{error}.", _HINT)
    while True:
        document, fds, _, _ = socket.recv_fds(control, 1 << 18, 4)
        if not document:
            return 1
        for fd in fds:
            os.close(fd)
        name = _decode_named(document).sandbox
        control.send(_encode(NotForked(sandbox=name, problem=reason.problem())))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
