"""The programs of a sandbox: their start, their input and output, signals, their end."""

from __future__ import annotations

import codecs
import os
import select
import signal
import termios
from collections.abc import Callable
from typing import Literal

from server import commands as cmd
from server import events as ev
from server.catalogue import argv_for
from server.deciders.tracee import Process
from server.deciders.tracees import Tracees
from server.errors import BadRequestError, ConflictError, LimitError, NotFoundError, SocketlabError
from server.sandbox.confinement import Credentials, Limits, exceeds, resident_bytes
from server.sandbox.hosts import Host
from server.sandbox.journal import Journal
from server.sandbox.plan import WORKING_DIRECTORY
from server.sandbox.spawn import failure, spawn
from server.sandbox.tracer import Tracer
from server.sandbox.watch import Watch

_READ = 65536
_WAITING_INPUT = 1 << 20  # bytes of input that a program has not read yet

Answer = Callable[[cmd.ProcessResult | SocketlabError], None]


class _Started:
    """What one command started: its standard streams, and the answer that is due once it runs."""

    __slots__ = (
        "answer", "argv", "cause", "credentials", "decoders", "ending", "error", "input", "name", "outputs", "pid",
        "read", "unwritten",
    )  # fmt: skip

    def __init__(
        self,
        pid: int,
        name: str,
        argv: list[str],
        credentials: Credentials,
        error: int,
        stdin: int,
        cause: ev.Event,
        answer: Answer,
    ) -> None:
        self.pid = pid
        self.name = name
        self.argv = argv
        self.credentials = credentials
        self.error = error
        self.input = stdin
        self.unwritten = bytearray()
        self.ending = False
        self.cause = cause
        self.answer: Answer | None = answer
        self.outputs: dict[int, Literal["stdout", "stderr"]] = {}
        self.decoders: dict[int, codecs.IncrementalDecoder] = {}
        self.read = 0


class Programs:
    """Everything that a ``process.*`` command can do.

    Args:
        journal: Where the events go.
        watch: Tells when a pipe can be read or written.
        limits: What the programs may use.
        tracer: Traces each program from its first moment on.
        tracees: What is known of the processes; told of each new one.
    """

    def __init__(self, journal: Journal, watch: Watch, limits: Limits, tracer: Tracer, tracees: Tracees) -> None:
        self._journal = journal
        self._watch = watch
        self._limits = limits
        self._tracer = tracer
        self._tracees = tracees
        self._started: dict[int, _Started] = {}

    # -- commands

    def start(self, command: cmd.ProcessStart, host: Host, cause: ev.Event, answer: Answer) -> None:
        """Start a program.

        ``cause`` is logged and ``answer`` called once it runs, or only ``answer`` if it could not be run.

        Raises:
            BadRequestError: Neither or both of ``program`` and ``argv``, or an unknown program.
            LimitError: Too many processes.
        """
        name, argv = _what_to_run(command)
        if len(self._tracees.processes) >= self._limits.processes:
            raise LimitError(
                f"This sandbox runs {len(self._tracees.processes)} processes already.", "End some of them first."
            )
        stdin, ours = os.pipe2(os.O_CLOEXEC)
        terminals = [_terminal() for _ in range(2)]
        stdio = (stdin, terminals[0][1], terminals[1][1])
        try:
            pid, error = spawn(
                host,
                argv,
                folder=command.folder or WORKING_DIRECTORY,
                credentials=command.credentials,
                stdio=stdio,
                limits=self._limits,
                seize=lambda child: self._tracees.seized(child, host.name, name, self._tracer.seize(child, host.name)),
            )
        except BaseException:
            for fd in (ours, terminals[0][0], terminals[1][0]):
                os.close(fd)
            raise
        finally:
            for fd in stdio:
                os.close(fd)
        started = _Started(pid, name, argv, command.credentials, error, ours, cause, answer)
        self._started[pid] = started
        os.set_blocking(started.input, False)
        started.outputs = {terminals[0][0]: "stdout", terminals[1][0]: "stderr"}
        for fd in started.outputs:
            os.set_blocking(fd, False)
            started.decoders[fd] = codecs.getincrementaldecoder("utf-8")("replace")
            self._watch.add(fd, select.EPOLLIN, lambda fd=fd: self._output(started, fd))  # type: ignore[misc]

    def input(self, command: cmd.ProcessInput) -> cmd.ProcessResult:
        """Give a program text to read from its standard input.

        Raises:
            NotFoundError: There is no such process.
            ConflictError: Another program has its standard input, it is closed, or nobody reads what was given.
        """
        started = self._started.get(command.pid)
        if started is None or started.answer is not None:
            self._process(command.pid)
            raise ConflictError(
                f"Process {command.pid} was started by another program, which has its standard input.",
                "Write to that program instead.",
            )
        if started.input < 0 or started.ending:
            raise ConflictError(f"The standard input of process {command.pid} is closed already.")
        if len(started.unwritten) > _WAITING_INPUT:
            raise ConflictError(f"Process {command.pid} does not read its standard input.", "Wait until it does.")
        started.unwritten += command.text.encode(errors="surrogatepass")
        started.ending = command.end
        self._write(started)
        return {"pid": command.pid}

    def signal(self, command: cmd.ProcessSignal) -> cmd.ProcessResult:
        """Send a signal: kill(2).

        Raises:
            NotFoundError: There is no such process.
            ConflictError: It has ended.
        """
        process = self._process(command.pid)
        try:
            os.kill(process.pid, signal.Signals[f"SIG{command.signal}"])
        except ProcessLookupError:
            raise ConflictError(f"Process {command.pid} has ended.") from None
        return {"pid": command.pid}

    def _process(self, pid: int) -> Process:
        process = self._tracees.processes.get(pid)
        if process is None or not process.executed:
            raise NotFoundError(f"There is no process {pid}.", "It may have ended already.")
        return process

    # -- what became of them

    def executed(self, process: Process) -> None:
        """The program of a command runs now."""
        started = self._started[process.pid]
        self._close_error(started)
        self._journal.cause = started.cause
        self._journal.emit(
            ev.ProcessStarted(
                host=process.host,
                pid=process.pid,
                program=process.program,
                argv=process.argv,
                credentials=started.credentials,
            )
        )
        if started.answer is not None:
            started.answer({"pid": process.pid})
            started.answer = None

    def exited(self, process: Process, code: int | None, by_signal: str | None) -> None:
        """A process has ended."""
        started = self._started.pop(process.pid, None)
        if started is not None:
            for fd in list(started.outputs):
                self._output(started, fd, all_of_it=True)  # children may have it open still, and go on writing
            self._end_input(started)
            if started.answer is not None:
                started.answer(self._failure(started))
                started.answer = None
            self._close_error(started)
        if process.executed:
            self._journal.emit(ev.ProcessExited(pid=process.pid, code=code, signal=by_signal))

    def check_memory(self) -> None:
        """End the largest process if all together hold more memory than the sandbox may."""
        pids = list(self._tracees.processes)
        if exceeds(pids, self._limits):
            largest = max(pids, key=lambda pid: resident_bytes((pid,)))
            self._kill(largest, f"the programs use more than {self._limits.sandbox_memory_bytes >> 20} MiB of memory")

    # -- streams

    def _output(self, started: _Started, fd: int, *, all_of_it: bool = False) -> None:
        ending = False
        while fd in started.outputs:
            try:
                chunk = os.read(fd, _READ)
            except BlockingIOError:
                if not ending:
                    return
                chunk = b""
            except OSError:
                chunk = b""  # EIO: no process has the terminal open any more
            text = started.decoders[fd].decode(chunk, final=not chunk)
            started.read += len(chunk)
            stream = started.outputs[fd]
            if text:
                self._journal.emit(ev.ProcessOutput(pid=started.pid, stream=stream, text=text))
            if not chunk:
                self._watch.remove(fd)
                os.close(fd)
                del started.outputs[fd]
            elif started.read > self._limits.output_bytes:
                self._kill(started.pid, f"it wrote more than {self._limits.output_bytes >> 10} KiB")
                ending = True
            elif not (all_of_it or ending):
                return

    def _kill(self, pid: int, why: str) -> None:
        process = self._tracees.processes.get(pid)
        if process is None:
            return
        self._journal.emit(
            ev.ObservationLost(observer="output", host=process.host, why=f"process {pid} was ended: {why}")
        )
        os.kill(pid, signal.SIGKILL)

    def _write(self, started: _Started) -> None:
        try:
            while started.unwritten:
                del started.unwritten[: os.write(started.input, started.unwritten)]
        except BlockingIOError:
            self._watch.add(started.input, select.EPOLLOUT, lambda: self._write(started))
            return
        except BrokenPipeError:
            started.unwritten.clear()
        self._watch.remove(started.input)
        if started.ending:
            self._end_input(started)

    def _end_input(self, started: _Started) -> None:
        if started.input < 0:
            return
        self._watch.remove(started.input)
        os.close(started.input)
        started.input = -1

    # -- a program that could not be run

    def _failure(self, started: _Started) -> SocketlabError:
        try:
            told = os.read(started.error, 4096)
        except BlockingIOError:
            told = b""
        return failure(told, started.argv)

    def _close_error(self, started: _Started) -> None:
        if started.error >= 0:
            os.close(started.error)
            started.error = -1


def _terminal() -> tuple[int, int]:
    """A pseudo-terminal for output: our end and the program's.

    Programs write line by line to a terminal but block by block to a pipe, and a person wants the line now. It
    passes bytes on unchanged (no CR before LF).
    """
    ours, theirs = os.openpty()
    attributes = termios.tcgetattr(theirs)
    attributes[1] &= ~termios.OPOST
    attributes[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    return ours, theirs


def _what_to_run(command: cmd.ProcessStart) -> tuple[str, list[str]]:
    if (command.program is None) == (command.argv is None):
        raise BadRequestError(
            "Either a program of the catalogue or a command line is needed.", "Give one of them, and not both."
        )
    if command.argv is not None:
        if command.args:
            raise BadRequestError(
                "Only a program of the catalogue is given its arguments separately.",
                "Write them into the command line.",
            )
        if not command.argv[0]:
            raise BadRequestError("The first word of the command line is empty.", "It names the program.")
        return os.path.basename(command.argv[0]), command.argv
    assert command.program is not None
    return command.program, argv_for(command.program, command.args)
