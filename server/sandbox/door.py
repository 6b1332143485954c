"""The sandbox's side of the door: a command comes in, is carried out, and its answer goes back.

What came through is in the log too: ``command.accepted`` stands before the first effect of the command,
``command.refused`` says why not.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from server import commands as cmd
from server import events as ev
from server.commands import Command, Result
from server.deciders.conductor import Conductor
from server.deciders.patience import Patience
from server.deciders.switch import Steps, Switch
from server.errors import ConflictError, LimitError, NotFoundError, SocketlabError
from server.json_value import JsonObject
from server.sandbox.channel import Channel
from server.sandbox.confinement import Limits
from server.sandbox.doer import Doer
from server.sandbox.hosts import Host, add_host, check_new, set_sysctl
from server.sandbox.journal import Journal
from server.sandbox.messages import Close, Done, Order, Refused
from server.sandbox.programs import Programs

_decode_order = msgspec.json.Decoder(Order).decode


class Door:
    """Carries out the commands of one sandbox.

    Attributes:
        closing: Why the server wants the sandbox to end; empty until it says so.
    """

    def __init__(
        self,
        channel: Channel,
        journal: Journal,
        conductor: Conductor,
        switch: Switch,
        patience: Patience,
        programs: Programs,
        doer: Doer,
        limits: Limits,
        next_host_index: int,
    ) -> None:
        self.closing = ""
        self._channel = channel
        self._journal = journal
        self._conductor = conductor
        self._switch = switch
        self._patience = patience
        self._programs = programs
        self._doer = doer
        self._limits = limits
        self._next_host_index = next_host_index

    def order(self, message: bytes) -> None:
        """Carry out one order and reply; the start of a program is replied to once it runs."""
        order = _decode_order(message)
        if isinstance(order.order, Close):
            self.closing = order.order.why or "closed"
            self._channel.reply(Done(ref=order.ref, result=None))
        else:
            self._command(order.ref, order.order)

    def _command(self, ref: int, command: Command) -> None:
        name, fields = cmd.name_and_fields(command)

        def answer(result: Result | SocketlabError) -> None:
            if isinstance(result, SocketlabError):
                self._refuse(ref, name, fields, result)
            else:
                self._channel.reply(Done(ref=ref, result=result))

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
            self._channel.reply(Done(ref=ref, result=result))

    def _refuse(self, ref: int, name: str, fields: JsonObject, error: SocketlabError) -> None:
        event = ev.CommandRefused(command=name, fields=fields, title=error.title, detail=error.detail)
        self._journal.emit(event)
        self._channel.reply(Refused(ref=ref, problem=error.problem()))

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
    ) -> Result:
        match command:
            case cmd.ProcessInput():
                return self._programs.input(command)
            case cmd.ProcessSignal():
                return self._programs.signal(command)
            case cmd.PaceSet():
                return self._set_pace(command)
            case cmd.MomentRelease():
                return self._release(command.moment)
            case cmd.PacketHold():
                return self._do(self._switch.hold(command, self._journal.now()))
            case cmd.PacketDeliver():
                return self._do(self._switch.deliver(command.packet))
            case cmd.PacketDrop():
                return self._do(self._switch.drop(command))
            case cmd.PacketDuplicate():
                return self._do(self._switch.duplicate(command.packet))
            case cmd.WireSet():
                return self._do(self._switch.set(command))
            case cmd.SysctlSet():
                return self._set_sysctl(command)
            case cmd.HostAdd():
                return self._add_host(command)
            case _:
                assert_never(command)

    def _do(self, outcome: tuple[Result, Steps]) -> Result:
        result, steps = outcome
        self._doer.do(steps)
        return result

    def _set_pace(self, command: cmd.PaceSet) -> cmd.PaceResult:
        conductor = self._conductor
        freed = conductor.set_pace(command.pace, command.pause_ms, self._journal.now())
        self._journal.emit(ev.PaceChanged(pace=conductor.pace, pause_ms=conductor.pause_ms))
        for moment in freed:
            self._doer.release(moment, "the pace is live")
        return {"pace": conductor.pace, "pause_ms": conductor.pause_ms, "released": len(freed)}

    def _release(self, wanted: int | None) -> cmd.MomentResult:
        moment = self._conductor.release(wanted)
        if moment is None and wanted is None:
            raise ConflictError("Nothing waits.", "Hold first; then the next call or packet waits.")
        if moment is None:
            raise NotFoundError(f"No moment {wanted} waits.", "It may have gone on already.")
        self._doer.release(moment, "by hand")
        return {"moment": moment.id}

    # -- hosts

    def _host(self, name: str) -> Host:
        host = self._doer.hosts.get(name)
        if host is None:
            raise NotFoundError(f"There is no host {name!r}.", f"The hosts are: {', '.join(self._doer.hosts)}.")
        return host

    def _set_sysctl(self, command: cmd.SysctlSet) -> cmd.SysctlResult:
        host = self._host(command.host)
        value, default = set_sysctl(host, command.name, str(command.value))
        self._patience.chosen(host.name, command.name)
        self._journal.emit(ev.SysctlChanged(host=host.name, name=command.name, value=value, default=default))
        return {"value": value}

    def _add_host(self, command: cmd.HostAdd) -> cmd.HostResult:
        if len(self._doer.hosts) >= self._limits.hosts:
            raise LimitError(f"A sandbox has at most {self._limits.hosts} hosts.", "Use one of those that are there.")
        present = [(host.name, host.addresses) for host in self._doer.hosts.values()]
        addresses = check_new(command.name, command.addresses, present)
        host = add_host(command.name, self._next_host_index, addresses)
        self._next_host_index += 1
        self._doer.attach(host)
        return told(host)


def told(host: Host) -> cmd.HostResult:
    """A host as replies tell of it."""
    return {"name": host.name, "addresses": list(host.addresses)}
