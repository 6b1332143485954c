"""What a command line of a lab means: which program, in which folder, with which rights.

The same answer serves the author's ``run``, the learner's own typing, and the check that every file is used.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface
from typing import Literal

from server.catalogue import PROGRAMS, PROGRAMS_FOLDER
from server.errors import BadRequestError
from server.lessons.model import Lab, Run

_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*\.(?:py|sh|conf|cfg|json|txt|html|c)(?![A-Za-z0-9.])")
_IP4 = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"
_IP6 = r"(?<![\w.:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w.:])"
_ADDRESS = re.compile(rf"{_IP4}|{_IP6}")
_URL = re.compile(r"(?:\w+://|\d+(?:\.\d+){3}[:/])\S*")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command line, understood.

    Attributes:
        argv: Its words; with ``program``, the arguments alone.
        program: Its name in the catalogue, if that is how it is called.
        folder: Where it starts, inside a sandbox.
        credentials: What it may do unless the lab says otherwise: what the catalogue gives to such a program.
        files: The files of the lab or of the shelf that it names.
        missing: The files that it names and that are nowhere.
    """

    argv: tuple[str, ...]
    program: str
    folder: str
    credentials: Literal["user", "admin"]
    files: tuple[str, ...]
    missing: tuple[str, ...]


def understand(text: str, lab_folder: str, files: Iterable[str], shelf: Iterable[str]) -> CommandLine:
    """What a command line means in a lab.

    Args:
        text: The line.
        lab_folder: The lab's folder inside a sandbox.
        files: The files of the lab's folder.
        shelf: The files of ``labs/programs``, which all labs share.

    Raises:
        BadRequestError: It cannot be split into words, or mixes files of both folders.
    """
    try:
        words = shlex.split(text)
    except ValueError:
        raise BadRequestError(f"A quotation mark in {text!r} is not closed.", "Close it.") from None
    if not words:
        raise BadRequestError("The command is empty.", "Write one, such as python3 echo_server.py 7.")
    entry = PROGRAMS.get(words[0])
    if entry is not None:
        return CommandLine(tuple(words[1:]), words[0], PROGRAMS_FOLDER, entry.credentials, (), ())
    own, shared = set(files), set(shelf)
    named = files_in(words)
    mine = [name for name in named if name in own]
    theirs = [name for name in named if name in shared and name not in own]
    if mine and theirs:
        raise BadRequestError(
            f"{mine[0]} is in the lab's folder, {theirs[0]} in labs/programs.", "Use files of one of the two folders."
        )
    folder = PROGRAMS_FOLDER if theirs else lab_folder
    credentials: Literal["user", "admin"] = "user"
    if any(program.file in theirs and program.credentials == "admin" for program in PROGRAMS.values()):
        credentials = "admin"
    missing = tuple(name for name in named if name not in own and name not in shared)
    return CommandLine(tuple(words), "", folder, credentials, (*mine, *theirs), missing)


def typed(lab: Lab, on: str, text: str, instead_of: Run | None = None) -> Run:
    """What a learner has typed on a host: freely, or in place of an action of the lab, with its name and its rights.

    Raises:
        BadRequestError: It is no command line, or names a file that is nowhere.
    """
    line = understand(text, lab.folder, lab.files, lab.shelf)
    if line.missing:
        files = ", ".join([*lab.files, *lab.shelf])
        raise BadRequestError(f"There is no file {line.missing[0]} in this lab.", f"There are: {files}.")
    return Run(
        on=on,
        command=text.strip(),
        argv=line.argv,
        program=line.program,
        folder=line.folder,
        name=instead_of.name if instead_of is not None else "",
        credentials=instead_of.credentials if instead_of is not None else line.credentials,
    )


def files_in(words: Sequence[str]) -> list[str]:
    """The relative files that a command's words name, those inside ``sh -c '…'`` too."""
    found: list[str] = []
    for word in words:
        for piece in _URL.sub(" ", word).split():
            if not piece.startswith(("/", "~")):
                found += [name.removeprefix("./") for name in _FILE.findall(piece.split("=")[-1])]
    return found


def addresses_in(words: Sequence[str]) -> list[Address]:
    """The IP addresses that a command's words name."""
    found: list[Address] = []
    for word in words:
        for text in _ADDRESS.findall(word):
            try:
                found.append(ip_address(text))
            except ValueError:
                continue
    return found


def unreachable(address: Address, host: str, hosts: Mapping[str, Sequence[str]]) -> str:
    """Why a host cannot reach an address; empty if it can."""
    if address.is_loopback or address.is_unspecified or address.is_multicast or str(address) == "255.255.255.255":
        return ""
    interfaces = {name: [ip_interface(text) for text in texts] for name, texts in hosts.items()}
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address == one.network.broadcast_address for one in interfaces[host]):
        return ""
    if not any(address == one.ip for there in interfaces.values() for one in there):
        return f"No host has the address {address}."
    if not any(address in one.network for one in interfaces[host]):
        return f"{host} ({', '.join(hosts[host])}) has no way to {address}."
    return ""
