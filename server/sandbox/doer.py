"""The thin loop between deciders and doers: facts are read, a decider is asked, its steps are taken in their order.

Nothing is decided here. ``deciders`` say what becomes of a frame or of a stop; here stands, in one table, which part
of the sandbox does each kind of step. A step that is an event is logged. Parts do not know each other but from above
(``owners`` and the journal are at the bottom), and none knows the deciders. On its way up, from its socket to the log,
a frame passes each part once: wire, switch, journal. Its delivery, at once or later, is a way down of its own: a step
of the switch that the wire carries out.

Steps that ask for further facts (``Describe``) are answered at once, before the next step.
"""

from __future__ import annotations

import random
import select
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from server import events as ev
from server.deciders import switch as packet_steps
from server.deciders import tracee as tracee_steps
from server.deciders.conductor import Conductor, Moment
from server.deciders.patience import Patience, SetParameter
from server.deciders.sleepers import Sleepers
from server.deciders.switch import Chance, Switch
from server.deciders.tracees import Tracees
from server.inet.packets import decode_frame
from server.linux import ptrace
from server.sandbox.hosts import Host, write_parameter
from server.sandbox.journal import Journal
from server.sandbox.programs import Programs
from server.sandbox.table import Table
from server.sandbox.tracer import (
    SYSCALL_EXIT,
    Report,
    Tracer,
    command_line,
    end,
    group_and_parent,
    has_ended,
    is_asleep,
)
from server.sandbox.watch import Watch
from server.sandbox.wire import Wire

_FRAMES = 64  # read from one host before the others get their turn
_REPORTS = 256

Step = packet_steps.Step | tracee_steps.Step | SetParameter
Act = Callable[[Any], object]


class Doer:
    """Asks the deciders of one sandbox, and does what they answer.

    Attributes:
        hosts: The hosts that there are.
        packets: The descriptors that frames come from.
    """

    def __init__(
        self,
        journal: Journal,
        watch: Watch,
        conductor: Conductor,
        switch: Switch,
        tracees: Tracees,
        sleepers: Sleepers,
        patience: Patience,
        wire: Wire,
        tracer: Tracer,
        table: Table,
        programs: Programs,
    ) -> None:
        self.hosts: dict[str, Host] = {}
        self.packets: set[int] = set()
        self._journal = journal
        self._watch = watch
        self._conductor = conductor
        self._switch = switch
        self._tracees = tracees
        self._sleepers = sleepers
        self._patience = patience
        self._wire = wire
        self._tracer = tracer
        self._table = table
        self._programs = programs
        self._random = random.Random().random
        self._acts: dict[type, Act] = {
            packet_steps.Put: lambda step: wire.put(step.host, step.frame),
            packet_steps.Read: lambda step: self.read(step.host),
            packet_steps.Deliver: self._deliver,
            packet_steps.LookAfterSent: lambda step: table.after_sent(step.host),
            packet_steps.LookAfterPacket: lambda step: table.after_packet(step.host, step.packet),
            SetParameter: self._set_parameter,
            tracee_steps.Resume: lambda step: ptrace.resume(step.tid, step.signal),
            tracee_steps.ResumeToReturn: lambda step: ptrace.resume_to_exit(step.tid),
            tracee_steps.Listen: lambda step: ptrace.listen(step.tid),
            tracee_steps.Describe: self._describe,
            tracee_steps.AskWhetherFree: self._answer,
            tracee_steps.LookWhetherAsleep: self._look_whether_asleep,
            tracee_steps.Free: lambda step: tracer.fds(step.pid).closed(step.fd),
            tracee_steps.Copy: lambda step: tracer.fds(step.pid).duplicated(step.old, step.new),
            tracee_steps.Find: lambda step: tracer.fds(step.pid).discover(step.fd),
            tracee_steps.Compare: lambda step: tracer.fds(step.pid).sync(whole=step.whole),
            tracee_steps.Inherit: lambda step: tracer.fds(step.pid).inherit(tracer.fds(step.parent)),
            tracee_steps.Renew: lambda step: tracer.renew(step.pid),
            tracee_steps.Leave: lambda step: tracer.leave(step.pid),
            tracee_steps.LookAfterCall: self._look_after_call,
            tracee_steps.LookAfterClosing: lambda step: table.after_closing(step.host),
            tracee_steps.Begun: lambda step: programs.executed(step.process),
            tracee_steps.Ended: lambda step: programs.exited(step.process, step.code, step.signal),
        }

    def do(self, steps: Iterable[Step]) -> None:
        """Take steps, one after the other."""
        acts, emit = self._acts, self._journal.emit
        for step in steps:
            act = acts.get(type(step))
            if act is None:
                emit(step)  # type: ignore[arg-type]  # what is not in the table is an event
            else:
                act(step)

    # -- packets

    def attach(self, host: Host) -> None:
        """Let a host take part."""
        self.hosts[host.name] = host
        self._wire.attach(host)
        self._switch.attach(host.name, host.mac)
        self._table.attach(host)
        self._patience.attach(host.name, host.defaults)
        for fd, read in ((host.wire.fileno(), self.read), (host.loopback.fileno(), self.read_loopback)):
            self.packets.add(fd)
            self._watch.add(fd, select.EPOLLIN, partial(read, host.name))
        self._journal.emit(ev.HostAdded(host=host.name, addresses=list(host.addresses), differs=host.differs))

    def read(self, host: str) -> None:
        """Handle what waits at a host's end of the wire."""
        for _ in range(_FRAMES):
            try:
                frame = self._wire.receive(host)
            except OSError as error:
                self._lost(host, f"its wire could not be read: {error.strerror}", 1)
                return
            if frame is None:
                return
            self.do(self._switch.sent(host, frame, decode_frame(frame), self._journal.now(), self.chance()))

    def read_loopback(self, host: str) -> None:
        """Log what a host has sent to itself."""
        for _ in range(_FRAMES):
            try:
                frame = self._wire.receive_loopback(host)
            except OSError:
                return
            if frame is None:
                return
            self.do(self._switch.sent_to_itself(host, decode_frame(frame)))

    def drain(self, host: str) -> None:
        """Handle what one host has sent so far, on the wire and on its loopback."""
        self.read(host)
        self.read_loopback(host)

    def count_losses(self) -> None:
        """Say how many packets the kernel dropped because the wire was read too slowly."""
        for host, what, count in self._wire.losses():
            self._lost(host, f"its {what} was faster than the observer", count)

    def chance(self) -> Chance:
        """The luck of one packet."""
        return Chance(self._random(), self._random())

    def _lost(self, host: str, why: str, count: int) -> None:
        self._journal.emit(ev.ObservationLost(observer="wire", host=host, why=why, count=count))

    def _deliver(self, step: packet_steps.Deliver) -> None:
        put = self._wire.put
        taken = [host for host in step.targets if put(host, step.frame)]
        if not taken:
            self.do(self._switch.refused(step.delivered.packet))
            return
        self._journal.emit(step.delivered)
        for host in taken:
            self._table.after_packet(host, step.packet)

    # -- stops

    def stops(self) -> bool:
        """Handle what tracees have to report. Returns whether more may wait.

        The reports are collected first, then the wire is read, then the reports are logged: whatever a call that
        has returned sent, or was given over loopback, comes before its return. Who has reported stays stopped.
        """
        reports = self._tracer.reports(_REPORTS)
        for host in {host for report in reports if (host := self._came_back(report)) is not None}:
            self.drain(host)
        for tid, status in reports:
            try:
                self._report(tid, status)
            except ProcessLookupError:
                continue  # a SIGKILL overtook the stop; its own report follows
        return len(reports) == _REPORTS

    def _came_back(self, report: Report) -> str | None:
        """The host of a thread that comes back from a call on a socket, or ends: packets may go before that."""
        tid, status = report
        thread = self._tracees.threads.get(tid)
        if thread is None:
            return None
        returned = status >> 8 & 0xFF == SYSCALL_EXIT
        if has_ended(status) or (returned and self._tracees.may_have_sent(thread)):
            return thread.process.host
        return None

    def _report(self, tid: int, status: int) -> None:
        tracees = self._tracees
        thread = tracees.threads.get(tid)
        if has_ended(status):
            if thread is not None:
                self.do(tracees.ended(thread, *end(status)))
            return
        if thread is None:
            self._adopt(tid)
            thread = tracees.threads.get(tid)
            if thread is None:
                ptrace.resume(tid)
                return
        stopped_by, event = status >> 8 & 0xFF, status >> 16
        if event == ptrace.EVENT_SECCOMP:
            self.do(tracees.entering(thread, *self._tracer.entered(thread)))
        elif stopped_by == SYSCALL_EXIT:
            self.do(tracees.returned(thread, *self._tracer.returned(thread)))
        elif event == 0:
            self.do(tracees.signalled(thread, stopped_by))
        elif event == ptrace.EVENT_STOP:
            self.do(tracees.stopped(thread, stopped_by))
        elif event == ptrace.EVENT_EXEC:
            former = ptrace.event_message(tid)
            self.do(tracees.executed(thread, former, command_line(thread.process.pid)))
        else:
            child = ptrace.event_message(tid)
            if child not in tracees.threads:
                self._adopt(child)
            self.do(tracees.cloned(thread))

    def _adopt(self, tid: int) -> None:
        """Get to know a new thread, or the first thread of a new process; not one that is gone already."""
        try:
            group, parent_pid = group_and_parent(tid)
        except OSError:
            return
        process, parent = self._tracees.processes.get(group), self._tracees.processes.get(parent_pid)
        if process is not None:
            self._tracees.joined(tid, process)
        elif parent is not None:
            try:
                fds = self._tracer.watch(tid, parent.host)
            except OSError:
                return
            self.do(self._tracees.forked(tid, parent, fds))

    def _describe(self, step: tracee_steps.Describe) -> None:
        described = self._tracer.describe(step.thread)
        self.do(self._tracees.described(step.thread, *described, self._journal.now()))

    def _answer(self, step: tracee_steps.AskWhetherFree) -> None:
        is_free = self._tracer.fds(step.thread.process.pid).is_free(step.fd)
        self.do(self._tracees.answered(step.thread, is_free=is_free))

    def _look_whether_asleep(self, step: tracee_steps.LookWhetherAsleep) -> None:
        self.do(self._sleepers.looked(step.thread, step.call, asleep=is_asleep(step.thread.tid)))

    def _look_after_call(self, step: tracee_steps.LookAfterCall) -> None:
        process = step.process
        made = process.fds.get(step.made)
        socket = made.socket if made is not None else None
        self._table.after_call(process.host, step.row, socket or step.socket)

    # -- moments

    def due(self, t: int, *, idle: bool) -> None:
        """Do what has its time by now (ns); ``idle``: there was nothing else to do."""
        for moment in self._conductor.due(t):
            self.release(moment, "its pause is over")
        self.do(self._switch.due(t))
        self.do(self._sleepers.due(t))
        self._table.read_due(t, idle=idle)
        held = self._conductor.holds or self._switch.holds
        self.do(self._patience.look(held=held, repeating=self._table.repeating()))

    def _set_parameter(self, step: SetParameter) -> None:
        host = self.hosts[step.host]
        value, default = write_parameter(host, step.name, step.value)
        self._journal.emit(ev.SysctlChanged(host=host.name, name=step.name, value=value, default=default, why=step.why))

    def next_due(self) -> int | None:
        """When ``due`` has something to do (ns), or None."""
        times = (self._conductor.next_due(), self._switch.next_due(), self._sleepers.next_due(), self._table.next_due())
        return min((t for t in times if t is not None), default=None)

    def release(self, moment: Moment, why: str) -> None:
        """Let what waited go on."""
        call, packet = (moment.subject, None) if moment.kind == "syscall" else (None, moment.subject)
        self._journal.emit(ev.MomentReleased(moment=moment.id, kind=moment.kind, why=why, call=call, packet=packet))
        if packet is not None:
            self.do(self._switch.go(packet, why, self._journal.now(), self.chance()))
        elif call is not None:
            try:
                self.do(self._tracees.go(call, self._journal.now()))
            except ProcessLookupError:
                return  # killed meanwhile; its end is reported next
