"""A real program in a real sandbox, for ``doctor``: what can only fail on the whole way is found on the whole way.

The way is the one of every program: a zygote, a sandbox with one host, ``process.start``. Only the other end differs:
in place of a server stand a few lines here, which ask one thing at a time and wait for the answer.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator

import msgspec

from server import events as ev
from server.commands import ProcessStart
from server.errors import KernelRefusedError
from server.sandbox import zygote
from server.sandbox.messages import READY, Done, Fork, HostSpec, News, NotForked, Order, Refused, Reply

HOST = "trial"
ARGV = ("python3", "-c", "import socket; socket.socket()")
"""A program that every machine has that runs Socketlab, and a call that must be seen."""
_PATIENCE_SECONDS = 30

_encode = msgspec.json.Encoder().encode
_decode_news = msgspec.json.Decoder(News).decode
_decode_reply = msgspec.json.Decoder(Reply).decode


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
        hosts = [HostSpec(name=HOST, addresses=["10.0.0.4/24"])]
        socket.send_fds(control, [_encode(Fork(sandbox=HOST, hosts=hosts))], [theirs.fileno()])
        theirs.close()
        news = control.recv(65536)
        if not news:
            raise KernelRefusedError("A sandbox could not be made: the process that makes it ended.")
        _unless_refused(_decode_news(news))
        messages = _messages(channel)
        ready = next((message for message in messages if isinstance(message, Done | Refused)), None)
        if ready is None:
            raise KernelRefusedError("The sandbox could not be made: its process ended.")
        _unless_refused(ready)
        start = Order(ref=READY + 1, order=ProcessStart(host=HOST, argv=list(ARGV)))
        channel.sendall(_encode(start) + b"\n")
        return _watch(messages)


def _watch(messages: Iterator[Reply | ev.Event]) -> str:
    """Follow the sandbox, and the program in it until it has ended."""
    calls: list[str] = []
    for message in messages:
        match message:
            case Done() | Refused():
                _unless_refused(message)
            case ev.SyscallEntered():
                calls.append(message.name)
            case ev.ProcessExited():
                if message.code != 0:
                    how = f"exit code {message.code}" if message.signal is None else message.signal
                    raise KernelRefusedError(f"{ARGV[0]} could not do its work: it ended with {how}.")
                if "socket" not in calls:
                    raise KernelRefusedError(f"{ARGV[0]} ran, but its calls could not be seen.")
                return f"{ARGV[0]} ran, and {len(calls)} of its system calls were seen"
            case ev.SandboxClosed():
                raise KernelRefusedError(f"The sandbox could not go on: {message.why}.")
    raise KernelRefusedError("The sandbox could not go on: its process ended.")


def _unless_refused(message: Reply | News) -> None:
    if isinstance(message, NotForked | Refused):
        raise KernelRefusedError(message.problem["detail"])


def _messages(channel: socket.socket) -> Iterator[Reply | ev.Event]:
    """What the sandbox says, one by one: events and replies."""
    rest = b""
    while chunk := channel.recv(65536):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield ev.decode_entry(line) if line.startswith(b'{"seq":') else _decode_reply(line)
