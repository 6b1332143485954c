"""The one place where all of a sandbox meets: pid 1 of its namespace, one epoll loop, all I/O, ``seq``.

Each turn handles what is ready in an order that keeps the log causal: packets first (what was sent before
a call returned comes before that return), then the tracees' stops, then output, commands and timers.
The lines that arise are handed to the server at most ``_LINGER_NS`` after the first of them.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import traceback
from typing import Any, NoReturn, assert_never

import msgspec

from server import commands as cmd
from server import events as ev
from server.commands import Command, Result
from server.conductor import Conductor, Moment
from server.errors import ConflictError, LimitError, NotFoundError, SocketlabError
from server.events import Pace
from server.json_value import JsonObject
from server.linux.ptrace import ChildSignals
from server.sandbox.confinement import Limits
from server.sandbox.descriptors import Owners
from server.sandbox.hosts import Host, add_host, check_new, forget_orphans, set_sysctl
from server.sandbox.journal import Journal
from server.sandbox.messages import READY, Close, Done, Order, Ready, Refused, Reply
from server.sandbox.programs import Programs
from server.sandbox.sources import Sources
from server.sandbox.table import Table
from server.sandbox.tracer import Tracer
from server.sandbox.watch import Watch
from server.sandbox.wire import Wire

_LINGER_NS = 1_000_000
_MANY = 200  # lines that are sent at once, however young
_TIMERS_NS = 500_000  # while the loop is busy, timers are looked at so often
_BACKLOG = 8 << 20  # bytes that the server has not read; beyond it the sandbox waits for the server
_EVERY_NS = 1_000_000_000
_LONGEST_COMMAND = 1 << 20

_decode_order = msgspec.json.Decoder(Order).decode
_encode = msgspec.json.Encoder().encode


class ServerLostError(Exception):
    """The channel is closed: nobody is there to tell, so the sandbox ends."""


class Channel:
    """The two-way line to the server: newline-delimited JSON (see ``server/sessions``)."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._received = b""
        self._unsent = bytearray()

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._connection.fileno()

    def receive(self) -> list[bytes]:
        """The complete messages that have arrived.

        Raises:
            ServerLostError: The server has closed its end, or sends a message without end.
        """
        try:
            chunk = self._connection.recv(65536)
        except BlockingIOError:
            return []
        except OSError as error:
            raise ServerLostError from error
        if not chunk:
            raise ServerLostError
        *messages, self._received = (self._received + chunk).split(b"\n")
        if len(self._received) > _LONGEST_COMMAND:
            raise ServerLostError
        return messages

    def send(self, data: bytes) -> bool:
        """Hand over as much as the server takes; returns whether that was all. The rest waits for ``flush``.

        Raises:
            ServerLostError: The server has closed its end.
        """
        self._unsent += data
        done = self.flush()
        while len(self._unsent) > _BACKLOG:
            select.select([], [self._connection], [])
            done = self.flush()
        return done

    def flush(self) -> bool:
        """Send what waits; returns whether all of it is gone."""
        try:
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent)]
        except BlockingIOError:
            return False
        except OSError as error:
            raise ServerLostError from error
        return True

    def finish(self) -> None:
        """Wait until the server has everything."""
        while not self.flush():
            select.select([], [self._connection], [])


class Loop:
    """One sandbox."""

    def __init__(
        self, channel: socket.socket, hosts: list[Host], pace: Pace, limits: Limits, next_host_index: int
    ) -> None:
        self._channel = Channel(channel)
        self._limits = limits
        self._next_host_index = next_host_index
        self._hosts = {host.name: host for host in hosts}
        self._watch = Watch()
        self._journal = Journal(limits.log_events)
        self._conductor = Conductor(pace)
        owners = Owners()
        self._table = Table(self._journal, self._conductor, owners, lambda pid: self._tracer.pidfd_of(pid))
        self._wire = Wire(self._journal, self._conductor, self._table)
        self._programs = Programs(self._journal, self._watch, limits)
        self._tracer = Tracer(
            self._journal,
            self._conductor,
            self._table,
            self._wire,
            Sources(),
            owners,
            self._programs.executed,
            self._programs.exited,
        )
        self._programs.tracer = self._tracer
        self._children = ChildSignals()
        self._packets: set[int] = set()
        self._next_round = _EVERY_NS
        self._closed = ""
        self._sleep = 0.0
        self._timed_at = 0

    def run(self) -> None:
        """Work until the server says close, the channel breaks, or the log is full."""
        self._watch.add(self._channel.fileno(), select.EPOLLIN, self._commands)
        self._watch.add(self._children.fileno(), select.EPOLLIN, self._stops)
        for host in self._hosts.values():
            self._attach(host)
        self._journal.emit(ev.PaceChanged(pace=self._conductor.pace, pause_ms=self._conductor.pause_ms))
        self._flush()
        self._reply(READY, Ready(hosts=[_told(host) for host in self._hosts.values()]))
        while not self._closed:
            self._turn()
        self._journal.emit(ev.SandboxClosed(why=self._closed))
        self._flush()
        self._channel.finish()

    def fail(self, why: str) -> None:
        """Say in the log that the sandbox cannot go on."""
        self._journal.emit(ev.SandboxClosed(why=why))
        self._flush()
        self._channel.finish()

    def leave(self) -> None:
        """See that nothing stays in the kernel once this process has ended."""
        for host in self._hosts.values():
            forget_orphans(host)

    # -- one turn

    def _turn(self) -> None:
        ready = self._watch.wait(self._sleep)
        packets = self._packets
        for fd, _ in ready:
            if fd in packets:
                self._watch.act(fd)
        for fd, _ in ready:
            if fd not in packets:
                self._watch.act(fd)
        t = self._journal.now()
        if ready and t - self._timed_at < _TIMERS_NS:
            self._sleep = _TIMERS_NS / 1e9
            return
        self._timed_at = t
        self._timers(t, idle=not ready)
        if self._journal.full:
            self._closed = f"its log is full: {self._journal.seq} events"
        if self._journal.lines and (
            not ready or len(self._journal.lines) > _MANY or t - self._journal.first_unsent_t >= _LINGER_NS
        ):
            self._flush()
        self._sleep = self._patience()

    def _timers(self, t: int, *, idle: bool) -> None:
        for moment in self._conductor.due(t):
            self._release(moment, "its pause is over")
        self._wire.due(t)
        self._table.read_due(t, idle=idle)
        if t >= self._next_round:
            self._next_round = t + _EVERY_NS
            self._programs.check_memory()
            self._wire.count_losses()

    def _patience(self) -> float:
        """How long the loop may sleep (s)."""
        t = self._journal.now()
        times = [self._next_round]
        dues = (self._conductor.next_due(), self._wire.next_due(), self._table.next_due())
        times.extend(due for due in dues if due is not None)
        if self._journal.lines:
            times.append(self._journal.first_unsent_t + _LINGER_NS)
        return max(0.0, (min(times) - t) / 1e9)

    def _stops(self) -> None:
        self._children.clear()
        while self._tracer.stops():
            for host in self._hosts.values():
                self._wire.drain(host.name)

    def _flush(self) -> None:
        lines = self._journal.take()
        if lines:
            self._send(b"\n".join(lines) + b"\n")

    def _send(self, data: bytes) -> None:
        if not self._channel.send(data):
            self._watch.add(self._channel.fileno(), select.EPOLLIN | select.EPOLLOUT, self._catch_up)

    def _catch_up(self) -> None:
        """The server was slow and reads again."""
        if self._channel.flush():
            self._watch.add(self._channel.fileno(), select.EPOLLIN, self._commands)
        self._commands()

    def _attach(self, host: Host) -> None:
        self._hosts[host.name] = host
        self._wire.attach(host)
        self._table.attach(host)
        for fd, read in ((host.wire.fileno(), self._wire.read), (host.loopback.fileno(), self._wire.read_loopback)):
            self._packets.add(fd)
            self._watch.add(fd, select.EPOLLIN, lambda read=read: read(host))  # type: ignore[misc]
        self._journal.emit(ev.HostAdded(host=host.name, addresses=list(host.addresses)))

    # -- moments

    def _release(self, moment: Moment, why: str) -> None:
        call, packet = (moment.subject, None) if moment.kind == "syscall" else (None, moment.subject)
        self._journal.emit(ev.MomentReleased(moment=moment.id, kind=moment.kind, why=why, call=call, packet=packet))
        if call is not None:
            self._tracer.go(call)
        elif packet is not None:
            self._wire.go(packet, why)

    # -- the door

    def _commands(self) -> None:
        for message in self._channel.receive():
            self._order(message)

    def _order(self, message: bytes) -> None:
        order = _decode_order(message)
        if isinstance(order.order, Close):
            self._closed = order.order.why
            self._reply(order.ref, None)
        else:
            self._command(order.ref, order.order)

    def _command(self, ref: int, command: Command) -> None:
        name, fields = cmd.name_and_fields(command)

        def answer(result: Result | SocketlabError) -> None:
            if isinstance(result, SocketlabError):
                self._refuse(ref, name, fields, result)
            else:
                self._reply(ref, result)

        accepted = ev.CommandAccepted(command=name, fields=fields)
        try:
            if isinstance(command, cmd.ProcessStart):
                self._programs.start(command, self._host(command.host), accepted, answer)
                return
            self._journal.cause = accepted
            result = self._carry_out(command)
        except SocketlabError as error:
            self._journal.cause = None
            self._refuse(ref, name, fields, error)
        else:
            self._journal.announce_cause()
            self._reply(ref, result)

    def _carry_out(
        self,
        command: cmd.ProcessInput
        | cmd.ProcessSignal
        | cmd.PaceSet
        | cmd.MomentRelease
        | cmd.PacketHold
        | cmd.PacketDeliver
        | cmd.PacketDrop
        | cmd.PacketDuplicate
        | cmd.WireSet
        | cmd.SysctlSet
        | cmd.HostAdd,
    ) -> Result | dict[str, Any]:
        match command:
            case cmd.ProcessInput():
                return self._programs.input(command)
            case cmd.ProcessSignal():
                return self._programs.signal(command)
            case cmd.PaceSet():
                return self._set_pace(command)
            case cmd.MomentRelease():
                return self._release_one(command.moment)
            case cmd.PacketHold():
                return self._wire.hold(command)
            case cmd.PacketDeliver():
                return self._wire.deliver(command.packet)
            case cmd.PacketDrop():
                return self._wire.drop(command)
            case cmd.PacketDuplicate():
                return self._wire.duplicate(command.packet)
            case cmd.WireSet():
                return self._wire.set(command)
            case cmd.SysctlSet():
                return self._set_sysctl(command)
            case cmd.HostAdd():
                return self._add_host(command)
            case _:
                assert_never(command)

    def _host(self, name: str) -> Host:
        host = self._hosts.get(name)
        if host is None:
            raise NotFoundError(f"There is no host {name!r}.", f"The hosts are: {', '.join(self._hosts)}.")
        return host

    def _set_pace(self, command: cmd.PaceSet) -> cmd.PaceResult:
        conductor = self._conductor
        freed = conductor.set_pace(command.pace, command.pause_ms, self._journal.now())
        self._journal.emit(ev.PaceChanged(pace=conductor.pace, pause_ms=conductor.pause_ms))
        for moment in freed:
            self._release(moment, "the pace is live")
        return {"pace": conductor.pace, "pause_ms": conductor.pause_ms, "released": len(freed)}

    def _release_one(self, wanted: int | None) -> cmd.MomentResult:
        moment = self._conductor.release(wanted)
        if moment is None and wanted is None:
            raise ConflictError("Nothing waits.", "In step pace the next call or packet will.")
        if moment is None:
            raise NotFoundError(f"No moment {wanted} waits.", "The state lists the moments that wait.")
        self._release(moment, "by hand")
        return {"moment": moment.id}

    def _set_sysctl(self, command: cmd.SysctlSet) -> cmd.SysctlResult:
        host = self._host(command.host)
        value = set_sysctl(host, command.name, str(command.value))
        self._journal.emit(ev.SysctlChanged(host=host.name, name=command.name, value=value))
        return {"value": value}

    def _add_host(self, command: cmd.HostAdd) -> cmd.HostResult:
        if len(self._hosts) >= self._limits.hosts:
            raise LimitError(f"A sandbox has at most {self._limits.hosts} hosts.", "Use one of those that are there.")
        present = [(host.name, host.addresses) for host in self._hosts.values()]
        addresses = check_new(command.name, command.addresses, present)
        host = add_host(command.name, self._next_host_index, addresses)
        self._next_host_index += 1
        self._attach(host)
        return _told(host)

    def _reply(self, ref: int, result: Result | dict[str, Any] | Ready | None) -> None:
        self._answer(Done(ref=ref, result=result))

    def _refuse(self, ref: int, name: str, fields: JsonObject, error: SocketlabError) -> None:
        event = ev.CommandRefused(command=name, fields=fields, title=error.title, detail=error.detail)
        self._journal.emit(event)
        self._answer(Refused(ref=ref, problem=error.problem()))

    def _answer(self, reply: Reply) -> None:
        """Reply, after the events that belong before it."""
        self._flush()
        self._send(_encode(reply) + b"\n")


def _told(host: Host) -> cmd.HostResult:
    return {"name": host.name, "addresses": list(host.addresses)}


def run(channel: socket.socket, hosts: list[Host], pace: Pace, limits: Limits, next_host_index: int) -> NoReturn:
    """Be a sandbox until it ends; then end this process, and with it everything in its namespaces.

    Args:
        channel: The stream socket to the server.
        hosts: What the sandbox begins with.
        pace: The pace it begins with.
        limits: What it may use.
        next_host_index: The index for the next host that is added (see ``hosts.add_host``).
    """
    status = 0
    loop = Loop(channel, hosts, pace, limits, next_host_index)
    try:
        loop.run()
    except ServerLostError:
        status = 1
    except Exception as error:  # the last resort: whatever it is, the log must say so and the sandbox must end
        traceback.print_exc(file=sys.stderr)
        status = 1
        try:
            loop.fail(f"an error of Socketlab itself: {type(error).__name__}: {error}")
        except ServerLostError:
            status = 2
    try:
        loop.leave()
    finally:
        sys.stderr.flush()
        os._exit(status)
