"""``socketlab serve``: the lab in the browser."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import uvicorn

from server.errors import BadRequestError, SocketlabError
from server.progress.store import database_from
from server.sessions.limits import limits_from
from server.web import serving
from server.web.app import create_app
from server.web.security import allowed_hosts_for


class AddressError(SocketlabError):
    """The server cannot listen where it was told to."""

    title = "The server cannot listen there"
    status = 503


class _Server(uvicorn.Server):
    """Says where it can be reached as soon as it answers."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self._greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"{self._greeting}  (Ctrl+C ends it)", flush=True)


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="the address to listen on (%(default)s)")
    parser.add_argument("--port", default=8000, type=int, metavar="P", help="the port to listen on (%(default)s)")
    parser.add_argument("--lazy", action="store_true", help="make pages when they are asked for, not at the start")
    parser.add_argument("--labs", metavar="DIR", help="a folder of labs instead of the ones that came along")
    parser.add_argument(
        "--recordings",
        metavar="DIR",
        help="a folder of recordings, which are shown at /r/NAME beside those that came along",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; then end every sandbox and return."""
    if not 0 <= arguments.port <= 65535:
        raise BadRequestError(f"There is no port {arguments.port}.", "Ports are 0 to 65535; 0 takes any free one.")
    labs = None if arguments.labs is None else _folder(arguments.labs, "--labs", "labs")
    recordings = [] if arguments.recordings is None else [_folder(arguments.recordings, "--recordings", "recordings")]
    limits = limits_from()
    database = database_from(os.environ)
    listener = listen(arguments.host, arguments.port)
    host, port = listener.getsockname()[:2]
    names = allowed_hosts_for(arguments.host, os.environ.get("SOCKETLAB_ALLOWED_HOSTS", ""))
    app = create_app(
        limits=limits,
        allowed_hosts=names,
        labs=labs,
        recordings=recordings,
        database=database,
        lazy=arguments.lazy,
    )
    return until_ended(serving.config(app, host, port), listener, "Socketlab answers at {}")


def until_ended(config: uvicorn.Config, listener: socket.socket, greeting: str) -> int:
    """Serve on a listening socket until SIGINT or SIGTERM; returns the exit code.

    Args:
        config: What is served, and how.
        listener: It is closed at the end.
        greeting: What is printed once it answers, with its address in place of ``{}``.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        # Uvicorn puts its own in front, and raises the signal again once everything has ended.
        signal.signal(number, _end)
    host = f"[{config.host}]" if ":" in config.host else config.host
    server = _Server(config, greeting.format(f"http://{host}:{config.port}"))
    with listener:
        server.run(sockets=[listener])
    return 0 if server.started else 1


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        AddressError: The kernel refuses; the hint says what can be done.
    """
    where = f"port {port} of {host}"
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address, family=family, backlog=2048)
    except socket.gaierror:
        raise AddressError(f"{host!r} is no address of any machine.", "Use --host 127.0.0.1.") from None
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                detail = f"Another program already listens on {where} (EADDRINUSE)."
                hint = f"End it (`ss -ltnp` names it), or choose another port: --port {port % 65535 + 1}."
            case errno.EACCES:
                detail = f"An ordinary user may not listen on {where} (EACCES)."
                hint = "Choose a port from 1024 on: --port 8000."
            case errno.EADDRNOTAVAIL:
                detail = f"{host} is no address of this machine (EADDRNOTAVAIL)."
                hint = "Use --host 127.0.0.1, or --host 0.0.0.0 for every address of this machine."
            case _:
                detail, hint = f"The kernel does not let the server listen on {where}: {error}.", ""
        raise AddressError(detail, hint) from None


def _folder(name: str, option: str, what: str) -> Path:
    path = Path(name).resolve()
    if not path.is_dir():
        raise BadRequestError(f"{name} is no folder.", f"Give {option} the folder that holds the {what}.")
    return path


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(0)
