"""One sandbox: pid 1 of its namespace, one epoll loop. Its parts are put together here, and get their turns.

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
from typing import NoReturn

from server import events as ev
from server.deciders.conductor import Conductor
from server.deciders.patience import Patience
from server.deciders.sleepers import Sleepers
from server.deciders.switch import Switch
from server.deciders.tracees import Tracees
from server.events import Pace
from server.linux.ptrace import ChildSignals
from server.sandbox.channel import Channel, ServerLostError
from server.sandbox.confinement import Limits
from server.sandbox.doer import Doer
from server.sandbox.door import Door, told
from server.sandbox.hosts import Host, forget_orphans
from server.sandbox.journal import Journal
from server.sandbox.messages import READY, Done, Ready
from server.sandbox.owners import Owners
from server.sandbox.programs import Programs
from server.sandbox.table import Table
from server.sandbox.tracer import Tracer
from server.sandbox.watch import Watch
from server.sandbox.wire import Wire

_LINGER_NS = 1_000_000
_MANY = 200  # lines that are sent at once, however young
_TIMERS_NS = 500_000  # while the loop is busy, timers are looked at so often
_EVERY_NS = 1_000_000_000


class Loop:
    """One sandbox."""

    def __init__(
        self, channel: socket.socket, hosts: list[Host], pace: Pace, limits: Limits, next_host_index: int
    ) -> None:
        self._watch = Watch()
        self._journal = Journal(limits.log_events)
        self._channel = Channel(channel, self._journal, self._watch)
        self._conductor = Conductor(pace)
        sleepers, switch, patience = Sleepers(), Switch(self._conductor), Patience()
        tracees = Tracees(self._conductor, sleepers)
        owners = Owners()
        table = Table(self._journal, self._conductor, owners)
        tracer = Tracer(self._journal, table, owners)
        self._programs = Programs(self._journal, self._watch, limits, tracer, tracees)
        self._doer = Doer(
            self._journal,
            self._watch,
            self._conductor,
            switch,
            tracees,
            sleepers,
            patience,
            Wire(),
            tracer,
            table,
            self._programs,
        )
        self._door = Door(
            self._channel,
            self._journal,
            self._conductor,
            switch,
            patience,
            self._programs,
            self._doer,
            limits,
            next_host_index,
        )
        self._begin_with = hosts
        self._children = ChildSignals()
        self._next_round = _EVERY_NS
        self._sleep = 0.0
        self._timed_at = 0

    def run(self) -> None:
        """Work until the server says close, the channel breaks, or the log is full."""
        self._watch.add(self._channel.fileno(), select.EPOLLIN, self._commands)
        self._watch.add(self._children.fileno(), select.EPOLLIN, self._stops)
        for host in self._begin_with:
            self._doer.attach(host)
        self._journal.emit(ev.PaceChanged(pace=self._conductor.pace, pause_ms=self._conductor.pause_ms))
        self._channel.reply(Done(ref=READY, result=Ready(hosts=[told(host) for host in self._begin_with])))
        while not self._door.closing:
            self._turn()
            if self._journal.full:
                self.end(f"its log is full: {self._journal.seq} events")
                return
        self.end(self._door.closing)

    def end(self, why: str) -> None:
        """Say in the log that the sandbox ends, and wait until the server has it."""
        self._journal.emit(ev.SandboxClosed(why=why))
        self._channel.finish()

    def leave(self) -> None:
        """See that nothing stays in the kernel once this process has ended."""
        for host in self._doer.hosts.values():
            forget_orphans(host)

    # -- one turn

    def _turn(self) -> None:
        ready = self._watch.wait(self._sleep)
        packets = self._doer.packets
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
        self._doer.due(t, idle=not ready)
        if t >= self._next_round:
            self._next_round = t + _EVERY_NS
            self._programs.check_memory()
            self._doer.count_losses()
        if self._journal.lines and (
            not ready or len(self._journal.lines) > _MANY or t - self._journal.first_unsent_t >= _LINGER_NS
        ):
            self._channel.send_lines()
        self._sleep = self._patience()

    def _patience(self) -> float:
        """How long the loop may sleep (s)."""
        t = self._journal.now()
        times = [self._next_round]
        due = self._doer.next_due()
        if due is not None:
            times.append(due)
        if self._journal.lines:
            times.append(self._journal.first_unsent_t + _LINGER_NS)
        return max(0.0, (min(times) - t) / 1e9)

    def _stops(self) -> None:
        self._children.clear()
        while self._doer.stops():
            for host in self._doer.hosts:
                self._doer.drain(host)

    def _commands(self) -> None:
        for message in self._channel.receive():
            self._door.order(message)


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
            loop.end(f"an error of Socketlab itself: {type(error).__name__}: {error}")
        except ServerLostError:
            status = 2
    try:
        loop.leave()
    finally:
        sys.stderr.flush()
        os._exit(status)
