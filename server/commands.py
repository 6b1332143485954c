"""The vocabulary of what is asked: one Struct per command, one closed union, and what each is answered with.

Commands go down through one entry point, the door (``sessions/door.py`` → the sandbox's loop); events
(``server/events.py``) come up.
"""

from __future__ import annotations

import re
from typing import Annotated, Generic, Literal, TypedDict, TypeVar

import msgspec

from server.errors import BadRequestError
from server.events import Pace
from server.json_value import Json

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=r"^[a-z][a-z0-9-]*\Z")]
Argument = Annotated[str, msgspec.Meta(max_length=4096, pattern=r"^[^\x00]*\Z")]
Arguments = Annotated[list[Argument], msgspec.Meta(max_length=64)]
FOLDER_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
"""What a folder below ``/labs`` may be called."""
Folder = Annotated[str, msgspec.Meta(max_length=256, pattern=rf"^/labs(/{FOLDER_NAME.pattern})*\Z")]
Identifier = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=60_000)]


# --- results ----------------------------------------------------------------------------------


class ProcessResult(TypedDict):
    """The process that was started, or that the command was for."""

    pid: int


class PaceResult(TypedDict):
    """The pace now, and how many moments the change let go on."""

    pace: Pace
    pause_ms: int
    released: int


class MomentResult(TypedDict):
    """The moment that goes on."""

    moment: int


class PacketResult(TypedDict):
    """The packet that the command was for; of ``packet.duplicate``, the copy."""

    packet: int


class RulesResult(TypedDict):
    """How many rules the wire has now."""

    rules: int


class WireResult(TypedDict):
    """What the wire does now."""

    delay_ms: int
    jitter_ms: int
    loss: float
    neighbours: bool


class SysctlResult(TypedDict):
    """The value as the kernel tells it back."""

    value: str


class HostResult(TypedDict):
    """The host as it was added."""

    name: str
    addresses: list[str]


Result = ProcessResult | PaceResult | MomentResult | PacketResult | RulesResult | WireResult | SysctlResult | HostResult

R_co = TypeVar("R_co", covariant=True)


# --- commands ---------------------------------------------------------------------------------


class CommandOf(
    msgspec.Struct,
    Generic[R_co],
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="command",
    omit_defaults=True,
):
    """A request to a sandbox that is answered with an R."""


class ProcessStart(CommandOf[ProcessResult], frozen=True, tag="process.start"):
    """Start an ordinary program on a host: ``program`` from the catalogue with ``args``, or any ``argv``.

    ``folder`` is where it starts, ``/labs`` or a folder in it; without it, where the catalogue's programs are.
    """

    host: Name
    program: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    args: Arguments = []
    argv: Annotated[list[Argument], msgspec.Meta(min_length=1, max_length=64)] | None = None
    folder: Folder | None = None
    credentials: Literal["user", "admin"] = "user"


class ProcessInput(CommandOf[ProcessResult], frozen=True, tag="process.input"):
    """Write ``text`` to a process's standard input; ``end`` closes it afterwards."""

    pid: Identifier
    text: Annotated[str, msgspec.Meta(max_length=65536)] = ""
    end: bool = False


class ProcessSignal(CommandOf[ProcessResult], frozen=True, tag="process.signal"):
    """Send a signal to a process: kill(2)."""

    pid: Identifier
    signal: Literal["TERM", "INT", "KILL", "STOP", "CONT"]


class PaceSet(CommandOf[PaceResult], frozen=True, tag="pace.set"):
    """Live: nothing waits. Slow: each moment waits ``pause_ms``. Step: each moment waits for a person."""

    pace: Pace
    pause_ms: Annotated[int, msgspec.Meta(ge=1, le=60_000)] | None = None


class MomentRelease(CommandOf[MomentResult], frozen=True, tag="moment.release"):
    """Let one waiting moment go on; without ``moment``, the one that has waited longest."""

    moment: Identifier | None = None


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which packets a rule is for: all given members must fit. ``flags`` is exact: ``"SYN"``, ``"SYN,ACK"``."""

    flags: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    protocol: Literal["tcp", "udp", "icmp", "icmp6"] | None = None
    source_host: Name | None = None
    target_host: Name | None = None
    source_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    destination_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    payload: bool | None = None


class PacketHold(CommandOf[PacketResult | RulesResult], frozen=True, tag="packet.hold"):
    """Hold one packet that is under way, or every packet that fits ``match`` from now on.

    ``count`` limits how many a match holds; ``off`` takes the match away again.
    """

    packet: Identifier | None = None
    match: Match | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    off: bool = False


class PacketDeliver(CommandOf[PacketResult], frozen=True, tag="packet.deliver"):
    """Hand a held packet to its target host."""

    packet: Identifier


class PacketDrop(CommandOf[PacketResult | RulesResult], frozen=True, tag="packet.drop"):
    """Lose one packet that is under way, or (with ``match``) the next ``count`` that fit."""

    packet: Identifier | None = None
    match: Match | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    off: bool = False


class PacketDuplicate(CommandOf[PacketResult], frozen=True, tag="packet.duplicate"):
    """Deliver a copy of a packet that is under way and keep the packet itself as it is."""

    packet: Identifier


class WireSet(CommandOf[WireResult], frozen=True, tag="wire.set"):
    """Set what the wire does to every packet; a member that is left out stays as it is.

    ``neighbours`` true shows ARP and IPv6 neighbour discovery as packets too.
    """

    delay_ms: Milliseconds | None = None
    jitter_ms: Milliseconds | None = None
    loss: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    neighbours: bool | None = None


class SysctlSet(CommandOf[SysctlResult], frozen=True, tag="sysctl.set"):
    """Set a kernel parameter of one host; ``name`` as in ``net.ipv4.ip_local_port_range``, from the allowed list."""

    host: Name
    name: Annotated[str, msgspec.Meta(max_length=64)]
    value: Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[0-9][0-9 \t]*\Z")] | int


class HostAdd(CommandOf[HostResult], frozen=True, tag="host.add"):
    """Add a host with a name and addresses such as ``10.0.0.7/24`` to the wire."""

    name: Name
    addresses: Annotated[list[Annotated[str, msgspec.Meta(max_length=64)]], msgspec.Meta(min_length=1, max_length=8)]


Command = (
    ProcessStart
    | ProcessInput
    | ProcessSignal
    | PaceSet
    | MomentRelease
    | PacketHold
    | PacketDeliver
    | PacketDrop
    | PacketDuplicate
    | WireSet
    | SysctlSet
    | HostAdd
)

_decoder = msgspec.json.Decoder(Command)


def name_and_fields(command: Command) -> tuple[str, dict[str, Json]]:
    """The name of a command and its own fields, those left out that hold their default: as the log tells of it."""
    fields: dict[str, Json] = msgspec.to_builtins(command)
    return str(fields.pop("command")), fields


def decode_command(document: bytes) -> Command:
    """The command that a JSON object asks for.

    Raises:
        BadRequestError: It is not JSON, names no known command, or a field is missing, unknown or of the wrong type.
    """
    try:
        command: Command = _decoder.decode(document)
    except msgspec.ValidationError as error:
        raise BadRequestError(f"{error}", "The documentation of commands lists what each field may be.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(f"The command is not valid JSON: {error}", "Send one JSON object.") from None
    return command
