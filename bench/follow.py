"""The least that a tracer of ours does: ``python -m bench.follow PROGRAM [ARGUMENT …]`` follows it to its end.

The sandbox's own ``linux/ptrace.py``, under the filter that every program of a sandbox has: number, arguments
and result of each traced call are read from the kernel. Nothing is decoded, no table is kept, no event made.
As a sandbox does, it keeps itself and what it follows on one processor.
"""

from __future__ import annotations

import os
import signal
import sys

from server.linux import ptrace, seccomp
from server.linux.calls import MACHINE
from server.linux.process import forbid_new_privileges
from server.sandbox.confinement import seccomp_filter

_SYSCALL_EXIT = signal.SIGTRAP | 0x80


def main(argv: list[str]) -> int:
    """Follow one command; returns its exit code."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    go, gone = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.read(go, 1)
            forbid_new_privileges()
            seccomp.install(seccomp_filter(MACHINE))
            os.execv(argv[0], argv)
        finally:
            os._exit(127)
    ptrace.seize(pid)
    os.write(gone, b"!")
    while True:
        tid, status = os.waitpid(-1, ptrace.WALL)
        if not os.WIFSTOPPED(status):
            if tid == pid:
                return os.waitstatus_to_exitcode(status)
            continue
        stopped_by, event = os.WSTOPSIG(status), status >> 16
        try:
            if event == ptrace.EVENT_SECCOMP:
                ptrace.entered_call(tid)
                ptrace.resume_to_exit(tid)
            elif stopped_by == _SYSCALL_EXIT:
                ptrace.returned_value(tid)
                ptrace.resume(tid)
            else:
                ptrace.resume(tid, 0 if event else stopped_by)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
