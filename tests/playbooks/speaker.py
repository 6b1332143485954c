"""The words of the playbooks: what arrives, from text to facts; what comes out, from steps to text.

Three hosts are there from the start, each with one address; time stands still but for ``20 ms pass``. A sandbox's
conductor, switch and tracees are here without the sandbox: whoever speaks is the kernel and the doer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from server import commands as cmd
from server import events as ev
from server.deciders import switch as packet_steps
from server.deciders import tracee as tracee_steps
from server.deciders.conductor import Conductor, Moment
from server.deciders.patience import WHILE_HELD, Patience, SetParameter
from server.deciders.sleepers import Sleepers
from server.deciders.switch import Chance, Switch
from server.deciders.tracee import Fd, Process, Thread
from server.deciders.tracees import Tracees
from server.errors import SocketlabError
from server.inet.packets import Packet
from server.inet.syscalls import CALLS

MS = 1_000_000
ADDRESSES = {"server": "10.0.0.4:7", "client-a": "10.0.0.5:40000", "client-b": "10.0.0.6:40000"}
MACS = {host: bytes((2, 0, 0, 0, 0, number)) for number, host in enumerate(ADDRESSES, start=1)}
SAFE = Chance(1.0, 0.5)

Handler = Callable[..., list[str]]
_HANDLERS: list[tuple[re.Pattern[str], str]] = []


def hears(pattern: str) -> Callable[[Handler], Handler]:
    """A method that answers the lines that look like this."""

    def mark(method: Handler) -> Handler:
        _HANDLERS.append((re.compile(pattern), method.__name__))
        return method

    return mark


def packet(what: str, source: str, destination: str) -> Packet:
    """A packet: ``SYN 100``, ``PSH,ACK 101 with 5 bytes``, ``a datagram`` or ``a neighbour's question``."""
    port, other_port = (int(address.rpartition(":")[2]) for address in (source, destination))
    common = (source, destination, source.partition(":")[0], destination.partition(":")[0], port, other_port)
    if what == "a neighbour's question":
        return Packet("arp", *common[:4], None, None, [], None, None, None, 0, b"", None, b"", True, None)
    if what == "a datagram":
        return Packet("udp", *common, [], None, None, None, 4, b"data", None, b"", False, None)
    match = re.fullmatch(r"([A-Z,]+) (\d+)(?: with (\d+) bytes?)?", what)
    assert match is not None, what
    flags, sequence, length = match[1].split(","), int(match[2]), int(match[3] or 0)
    return Packet("tcp", *common, flags, sequence, 0, 1000, length, b"x" * length, None, b"", False, None)


class Speaker:
    """One sandbox's deciders."""

    def __init__(self) -> None:
        self.t = 0
        self.conductor = Conductor()
        self.switch = Switch(self.conductor)
        self.sleepers = Sleepers()
        self.tracees = Tracees(self.conductor, self.sleepers)
        self.patience = Patience()
        self.asked: Thread | None = None
        for host, mac in MACS.items():
            self.switch.attach(host, mac)

    def __call__(self, line: str) -> list[str]:
        """What comes out when this arrives."""
        for pattern, method in _HANDLERS:
            match = pattern.fullmatch(line)
            if match is not None:
                try:
                    answer: list[str] = getattr(self, method)(*match.groups())
                    return answer
                except SocketlabError as error:
                    return [f"refused: {error.detail}"]
        raise ValueError(f"nobody understands: {line}")

    def tell(self, steps: Iterable[Any]) -> list[str]:
        """Steps in words."""
        for step in steps:
            if isinstance(step, tracee_steps.Describe | tracee_steps.AskWhetherFree):
                self.asked = step.thread
        return [in_words(step) for step in steps]

    # -- time and moments

    @hears(r"(\d+) ms pass")
    def pass_time(self, ms: str) -> list[str]:
        """Time passes, and what is due happens."""
        self.t += int(ms) * MS
        said = [line for moment in self.conductor.due(self.t) for line in self.go(moment, "its pause is over")]
        return said + self.tell([*self.switch.due(self.t), *self.sleepers.due(self.t)])

    @hears(r"the pace is (live|slow|step)(?: with a pause of (\d+) ms)?")
    def set_pace(self, pace: ev.Pace, pause: str | None) -> list[str]:
        """A person sets the pace."""
        freed = self.conductor.set_pace(pace, int(pause) if pause else None, self.t)
        return [line for moment in freed for line in self.go(moment, "the pace is live")]

    @hears(r"let(?: moment (\d+))? go")
    def release(self, number: str | None) -> list[str]:
        """A person lets one moment go on: the one that has waited longest, or this one."""
        moment = self.conductor.release(int(number) if number else None)
        return ["nothing waits"] if moment is None else self.go(moment, "by hand")

    @hears(r"when is something due\?")
    def next_due(self) -> list[str]:
        """The loop asks how long it may sleep."""
        parts = (self.conductor, self.switch, self.sleepers)
        times = [t for part in parts if (t := part.next_due()) is not None]
        return [f"at {min(times) / MS:g} ms" if times else "never"]

    def go(self, moment: Moment, why: str) -> list[str]:
        """Let a moment's packet or call go on."""
        said = [f"moment {moment.id} released: {why}"]
        if moment.kind == "packet":
            return said + self.tell(self.switch.go(moment.subject, why, self.t, SAFE))
        return said + self.tell(self.tracees.go(moment.subject, self.t))

    # -- the conductor by itself

    @hears(r"(call|packet) (\d+) arrives(, to be held)?")
    def arrive(self, kind: str, subject: str, hold: str | None) -> list[str]:
        """Something is about to happen."""
        moment = self.conductor.arrive(_kind(kind), int(subject), self.t, hold=hold is not None)
        if moment is None:
            return [f"{kind} {subject} may go on"]
        until = "somebody says so" if moment.due_t is None else f"{moment.due_t / MS:g} ms"
        return [f"moment {moment.id}: {kind} {subject} waits until {until}"]

    @hears(r"(call|packet) (\d+) is kept")
    def keep(self, kind: str, subject: str) -> list[str]:
        """Somebody holds what waits already."""
        moment = self.conductor.find(_kind(kind), int(subject))
        assert moment is not None
        self.conductor.hold(moment)
        return []

    # -- packets

    @hears(r"(\S+) sends (.+?) to (\S+)(?: with chance (\S+) (\S+))?")
    def send(self, source: str, what: str, target: str, loss: str | None, delay: str | None) -> list[str]:
        """A host has sent a packet."""
        if target == "itself":
            return self.tell(self.switch.sent_to_itself(source, packet(what, ADDRESSES[source], ADDRESSES[source])))
        mac = b"\xff" * 6 if target == "all" else MACS.get(target, bytes(6))
        chance = SAFE if loss is None or delay is None else Chance(float(loss), float(delay))
        fields = packet(what, ADDRESSES[source], ADDRESSES.get(target, "10.0.0.99:7"))
        return self.tell(self.switch.sent(source, mac, fields, self.t, chance))

    @hears(r"nobody takes packet (\d+)")
    def refuse(self, number: str) -> list[str]:
        """The interfaces of all targets refused a frame."""
        return self.tell(self.switch.refused(int(number)))

    @hears(r"(hold|deliver|drop|duplicate) packet (\d+)")
    def by_hand(self, what: str, number: str) -> list[str]:
        """A person does something to one packet."""
        match what:
            case "hold":
                return self.answer(self.switch.hold(cmd.PacketHold(packet=int(number)), self.t))
            case "drop":
                return self.answer(self.switch.drop(cmd.PacketDrop(packet=int(number))))
            case "deliver":
                return self.answer(self.switch.deliver(int(number)))
            case _:
                return self.answer(self.switch.duplicate(int(number)))

    @hears(r"(hold|drop) (?:(\d+) of )?(?:everything|packets with (.+))")
    def rule(self, what: str, count: str | None, match: str | None) -> list[str]:
        """A person sets a rule."""
        return self.set_rule(what, match, count=int(count) if count else None)

    @hears(r"(hold|drop) nothing any more|(hold|drop) no more packets with (.+)")
    def no_rule(self, all_of: str | None, one_of: str | None, match: str | None) -> list[str]:
        """A person takes a rule away, or all of them."""
        return self.set_rule(all_of or one_of or "", match, off=True)

    def set_rule(self, what: str, match: str | None, **fields: Any) -> list[str]:
        """Set a rule or take it away."""
        wanted = msgspec.convert(values(match), cmd.Match) if match is not None else None
        if what == "hold":
            return self.answer(self.switch.hold(cmd.PacketHold(match=wanted, **fields), self.t))
        return self.answer(self.switch.drop(cmd.PacketDrop(match=wanted, **fields)))

    @hears(r"the wire has (.+)")
    def set_wire(self, text: str) -> list[str]:
        """A person changes the wire."""
        return self.answer(self.switch.set(msgspec.convert(values(text), cmd.WireSet)))

    def answer(self, outcome: tuple[Any, Iterable[Any]]) -> list[str]:
        """What a command causes, then what it is answered with."""
        result, steps = outcome
        told = ", ".join(f"{name} {value}" for name, value in result.items())
        return [*self.tell(steps), f"answered: {told}"]

    # -- kernel parameters

    @hears(r"(\S+) has come, with retries ([\d ]+)")
    def come(self, host: str, defaults: str) -> list[str]:
        """A host is there, and its kernel has so many of the parameters."""
        self.patience.attach(host, dict(zip(WHILE_HELD, defaults.split(), strict=False)))
        return []

    @hears(r"somebody has set (\S+) of (\S+)")
    def choose(self, name: str, host: str) -> list[str]:
        """A person sets a kernel parameter."""
        self.patience.chosen(host, f"net.ipv4.{name}")
        return []

    @hears(r"what of the retries(?:, while (\S+) repeats)?\?")
    def look(self, repeating: str | None) -> list[str]:
        """The doer asks whether parameters are to be set."""
        held = self.conductor.holds or self.switch.holds
        return self.tell(self.patience.look(held=held, repeating={repeating} if repeating else set()))

    # -- processes

    @hears(r"(\d+) is seized for (\S+) on (\S+)")
    def seize(self, pid: str, program: str, host: str) -> list[str]:
        """A process was forked for a program."""
        self.tracees.seized(int(pid), host, program, {})
        return []

    @hears(r"(\d+) runs (\S+) on (\S+)")
    def run(self, pid: str, program: str, host: str) -> list[str]:
        """A program was forked and executed: how most conversations begin."""
        self.seize(pid, program, host)
        self.execute(pid, None, program)
        return []

    @hears(r"(\d+)(?:, which was (\d+),)? executes (.+)")
    def execute(self, pid: str, former: str | None, argv: str) -> list[str]:
        """A process executes a program."""
        return self.tell(self.tracees.executed(self.thread(pid), int(former or pid), argv.split()))

    @hears(r"(\d+) makes thread (\d+)")
    def make_thread(self, tid: str, new: str) -> list[str]:
        """A thread makes another one; it is known before the call returns."""
        self.tracees.joined(int(new), self.thread(tid).process)
        return self.tell(self.tracees.cloned(self.thread(tid)))

    @hears(r"(\d+) makes process (\d+)")
    def make_process(self, tid: str, new: str) -> list[str]:
        """A thread makes a process."""
        thread = self.thread(tid)
        return self.tell([*self.tracees.forked(int(new), thread.process, {}), *self.tracees.cloned(thread)])

    @hears(r"(\d+) ends (?:with code (\d+)|by (\S+))")
    def end(self, tid: str, code: str | None, by: str | None) -> list[str]:
        """A thread ends."""
        return self.tell(self.tracees.ended(self.thread(tid), int(code) if code is not None else None, by))

    @hears(r"(\d+) of (\d+) is (?:(socket) (\d+)|a (file|pipe))")
    def have(self, fd: str, pid: str, socket: str | None, cookie: str | None, kind: Any) -> list[str]:
        """What the doer has found a descriptor to be."""
        self.tracees.processes[int(pid)].fds[int(fd)] = Fd("socket", cookie) if socket else Fd(kind)
        return []

    def thread(self, tid: str) -> Thread:
        """A thread that is known."""
        return self.tracees.threads[int(tid)]

    # -- stops

    @hears(r"(\d+) enters (\S+?)(?: on (\d+)(?: and (\d+))?)?")
    def enter(self, tid: str, name: str, first: str | None, second: str | None) -> list[str]:
        """A thread stops before a call; one that no row is for is no call that is shown."""
        args = (int(first or 0), int(second or 0), 0, 0, 0, 0)
        return self.tell(self.tracees.entering(self.thread(tid), CALLS.get(name), args))

    @hears(r"it is (free|something)")
    def answer_whether_free(self, what: str) -> list[str]:
        """The doer has looked at the kernel's table."""
        assert self.asked is not None
        return self.tell(self.tracees.answered(self.asked, is_free=what == "free"))

    @hears(r"they are read")
    def described(self) -> list[str]:
        """The doer has read the arguments of a call."""
        assert self.asked is not None
        return self.tell(self.tracees.described(self.asked, {}, None, None, self.t))

    @hears(r"(\d+) (sleeps|runs) in call (\d+)")
    def looked(self, tid: str, what: str, call: str) -> list[str]:
        """The doer has looked."""
        return self.tell(self.sleepers.looked(self.thread(tid), int(call), asleep=what == "sleeps"))

    @hears(r"(\d+) comes back with (-?\d+)(?:, a new descriptor)?(?:, (\d+) and (\d+) are new)?")
    def come_back(self, tid: str, value: str, one: str | None, two: str | None) -> list[str]:
        """A call returns."""
        thread = self.thread(tid)
        decoded: dict[str, Any] = {}
        assert thread.row is not None
        if int(value) >= 0 and thread.row.makes in ("socket", "descriptor", "copy"):
            decoded = {"new_fds": [int(one), int(two or 0)]} if one else {"new_fd": int(value)}
        return self.tell(self.tracees.returned(thread, int(value), decoded))

    @hears(r"has (\d+) perhaps sent something\?")
    def may_have_sent(self, tid: str) -> list[str]:
        """The doer asks whether the wire is to be read before a return is logged."""
        return ["yes" if self.tracees.may_have_sent(self.thread(tid)) else "no"]

    @hears(r"(\d+) is about to get signal (\d+)")
    def signal(self, tid: str, number: str) -> list[str]:
        """A thread stops for a signal."""
        return self.tell(self.tracees.signalled(self.thread(tid), int(number)))

    @hears(r"(\d+) stops with its group, by signal (\d+)")
    def stop(self, tid: str, number: str) -> list[str]:
        """A thread stops with its group."""
        return self.tell(self.tracees.stopped(self.thread(tid), int(number)))


def _kind(word: str) -> ev.MomentKind:
    return "packet" if word == "packet" else "syscall"


def values(text: str) -> dict[str, Any]:
    """``flags SYN, source_host client-a`` as a mapping; numbers and true are such."""
    pairs = (part.split(" ", 1) for part in text.split(", "))
    return {name: _value(value) for name, value in pairs}


def _value(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text.replace("+", ",")


# --- what comes out ---------------------------------------------------------------------------


def in_words(step: Any) -> str:
    """One step as a line."""
    match step:
        case ev.PacketSent():
            length = f" with {step.length} bytes" if step.length and step.protocol == "tcp" else ""
            what = f"{','.join(step.flags)} {step.sequence}{length}" if step.protocol == "tcp" else step.protocol
            repeats = f", repeats {step.repeats}" if step.repeats is not None else ""
            return f"packet {step.packet} sent: {step.source_host} to {step.target_host or 'nobody'}, {what}{repeats}"
        case ev.PacketHeld():
            return f"packet {step.packet} held: {step.why}"
        case ev.PacketDelivered():
            return f"packet {step.packet} delivered: {step.why}"
        case ev.PacketDropped():
            return f"packet {step.packet} dropped: {step.why}"
        case ev.MomentPending():
            until = f", until {step.due_t / MS:g} ms" if step.due_t is not None else ""
            subject = f"packet {step.packet}" if step.kind == "packet" else f"call {step.call}"
            return f"moment {step.moment} pending: {subject}{until}"
        case ev.MomentReleased():
            return f"moment {step.moment} released: {step.why}"
        case ev.WireChanged():
            neighbours = "shown" if step.neighbours else "hidden"
            late = f"{step.delay_ms} ms late, give or take {step.jitter_ms}"
            return f"wire changed: {late}, loss {step.loss:g}, neighbours {neighbours}"
        case packet_steps.Deliver():
            why = step.delivered.why
            return f"deliver packet {step.delivered.packet} to {' and '.join(step.targets)}: {why}"
        case SetParameter():
            return f"{step.host}: {step.name.removeprefix('net.ipv4.')} {step.value}, {step.why}"
        case packet_steps.Put():
            return f"put it to {step.host}, unsaid"
        case packet_steps.Read():
            return f"read {step.host} at once"
        case packet_steps.LookAfterSent() | packet_steps.LookAfterPacket():
            return f"look at the sockets of {step.host}"
        case _:
            return _of_a_thread(step)


def _of_a_thread(step: Any) -> str:
    match step:
        case ev.SyscallEntered():
            return f"call {step.call} entered: {step.name} of {step.tid}"
        case ev.SyscallBlocked():
            return f"call {step.call} blocked"
        case ev.SyscallReturned():
            return f"call {step.call} returned: {step.result if step.error is None else step.error}"
        case ev.ProcessStarted():
            return f"process {step.pid} started: {step.program}, by {step.parent}"
        case ev.ProcessExecuted():
            return f"process {step.pid} executed {step.program}"
        case tracee_steps.Resume():
            return f"{step.tid} goes on" + (f" with signal {step.signal}" if step.signal else "")
        case tracee_steps.ResumeToReturn():
            return f"{step.tid} goes on to its return"
        case tracee_steps.Listen():
            return f"{step.tid} stays stopped"
        case tracee_steps.Describe():
            return f"read the arguments of {step.thread.tid}"
        case tracee_steps.LookWhetherAsleep():
            return f"does {step.thread.tid} sleep in call {step.call}?"
        case tracee_steps.AskWhetherFree():
            return f"what is {step.fd} of {step.thread.process.pid}?"
        case tracee_steps.LookAfterCall():
            made = f", which made {step.made}" if step.made >= 0 else ""
            on = f" on {step.socket}" if step.socket else ""
            return f"look at the sockets of {step.process.host} after {step.row.name}{on}{made}"
        case tracee_steps.LookAfterClosing():
            return f"look at the sockets of {step.host}, some may be closed"
        case _:
            return _of_a_process(step)


def _of_a_process(step: Any) -> str:
    match step:
        case tracee_steps.Free():
            return f"{step.fd} of {step.pid} is free"
        case tracee_steps.Copy():
            return f"{step.new} of {step.pid} is a copy of {step.old}"
        case tracee_steps.Find():
            return f"find out what {step.fd} of {step.pid} is"
        case tracee_steps.Compare():
            return f"compare {'all ' if step.whole else ''}descriptors of {step.pid}"
        case tracee_steps.Inherit():
            return f"{step.pid} has the descriptors of {step.parent}"
        case tracee_steps.Renew():
            return f"{step.pid} has another memory"
        case tracee_steps.Leave():
            return f"{step.pid} is left"
        case tracee_steps.Begun():
            return f"{_name(step.process)} has begun"
        case tracee_steps.Ended():
            how = f"with code {step.code}" if step.code is not None else f"by {step.signal}"
            return f"{_name(step.process)} has ended {how}"
        case _:
            raise ValueError(step)


def _name(process: Process) -> str:
    return f"{process.pid}, {process.program},"
