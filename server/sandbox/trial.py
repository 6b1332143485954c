"""A real program in a real sandbox, for ``doctor``: what can only fail on the whole way is found on the whole way.

The way is the one of every program: a zygote, a sandbox with one host, ``process.start``. Only the other end differs:
in place of a server stand a few lines here, which ask one thing at a time and wait for the answer.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from typing import Any

import msgspec

from server.errors import KernelRefusedError
from server.sandbox import zygote

HOST = "trial"
ARGV = ("python3", "-c", "import socket; socket.socket()")
"""A program that every machine has that runs Socketlab, and a call that must be seen."""
_PATIENCE_SECONDS = 30
_NO_ANSWER = {"problem": {"detail": "A sandbox could not be made: the process that makes it ended."}}

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def run() -> str:
    """Start the program, wait for its end, and tell what was seen.

    Forks: for single-threaded processes.

    Raises:
        KernelRefusedError: It did not run, or its calls were not seen.
        OSError: The sandbox's processes do not answer.
    """
    control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = os.fork()
    if child == 0:
        try:
            control.close()
            os._exit(zygote.main([str(theirs.fileno())]))
        finally:
            os._exit(70)
    theirs.close()
    try:
        with control:
            control.settimeout(_PATIENCE_SECONDS)
            return _play(control)
    except BaseException:
        os.kill(child, signal.SIGKILL)  # and its sandbox with it
        raise
    finally:
        os.waitpid(child, 0)  # it ends its sandbox when our end is closed


def _play(control: socket.socket) -> str:
    channel, theirs = socket.socketpair()
    with channel, theirs:
        channel.settimeout(_PATIENCE_SECONDS)
        hosts = [{"name": HOST, "addresses": ["10.0.0.4/24"]}]
        socket.send_fds(control, [_encode({"sandbox": "trial", "hosts": hosts})], [theirs.fileno()])
        theirs.close()
        _unless_refused(_decode(control.recv(65536) or _encode(_NO_ANSWER)))
        messages = _messages(channel)
        _unless_refused(next((message for message in messages if message.get("ref") == 0), _NO_ANSWER))
        command = {"ref": 1, "command": "process.start", "host": HOST, "argv": ARGV}
        channel.sendall(_encode(command) + b"\n")
        return _watch(messages)


def _watch(messages: Iterator[dict[str, Any]]) -> str:
    """Follow the program until it has ended."""
    calls: list[str] = []
    for message in messages:
        _unless_refused(message)
        if message.get("type") == "syscall.entered":
            calls.append(message["name"])
        elif message.get("type") == "process.exited":
            if message.get("code") != 0:
                raise KernelRefusedError(f"{ARGV[0]} could not do its work: it ended with {message}.")
            if "socket" not in calls:
                raise KernelRefusedError(f"{ARGV[0]} ran, but its calls could not be seen.")
            return f"{ARGV[0]} ran, and {len(calls)} of its system calls were seen"
        elif message.get("type") == "sandbox.closed":
            raise KernelRefusedError(f"The sandbox could not go on: {message.get('why')}.")
    raise KernelRefusedError("The sandbox could not go on: its process ended.")


def _unless_refused(message: dict[str, Any]) -> None:
    problem = message.get("problem")
    if problem is not None:
        raise KernelRefusedError(str(problem.get("detail")))


def _messages(channel: socket.socket) -> Iterator[dict[str, Any]]:
    """What the sandbox says, one by one: events and answers."""
    rest = b""
    while chunk := channel.recv(65536):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield _decode(line)
