"""``socketlab replay``: a recording in the browser, without any sandbox; or as one HTML file.

What a recording shows has happened already, so this needs nothing of the machine: no namespaces, no
ptrace, no privileges.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from server.cli.serve import listen, until_ended
from server.errors import BadRequestError, SocketlabError
from server.sessions.shelf import Recording, Shelf, name_of
from server.web import serving
from server.web.app import create_replay_app
from server.web.security import allowed_hosts_for
from server.web.standalone import standalone


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="a recording: from `socketlab trace --record`, or from Export on the page",
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="the address to listen on (%(default)s)")
    parser.add_argument("--port", default=8001, type=int, metavar="P", help="the port to listen on (%(default)s)")
    parser.add_argument(
        "--html",
        type=Path,
        metavar="OUT",
        help="do not serve: write one HTML file that shows the recording from disk or inside an iframe",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check the whole recording, then serve it until SIGINT or SIGTERM, or write its page."""
    if not 0 <= arguments.port <= 65535:
        raise BadRequestError(f"There is no port {arguments.port}.", "Ports are 0 to 65535; 0 takes any free one.")
    if arguments.file.is_dir():
        raise BadRequestError(
            f"{arguments.file} is a folder.", "Name one recording. `socketlab serve --recordings DIR` shows many."
        )
    shelf, name = Shelf([arguments.file]), name_of(arguments.file)
    found = shelf.find(name)
    if arguments.html is not None:
        return _write(found, arguments.html)
    listener = listen(arguments.host, arguments.port)
    host, port = listener.getsockname()[:2]
    names = allowed_hosts_for(arguments.host, os.environ.get("SOCKETLAB_ALLOWED_HOSTS", ""))
    config = serving.config(create_replay_app(shelf, name, allowed_hosts=names), host, port)
    what = f"{arguments.file.name} ({found.events} events)".replace("{", "{{").replace("}", "}}")
    return until_ended(config, listener, f"Socketlab shows {what} at {{}}/r/{name}")


def _write(found: Recording, path: Path) -> int:
    """Write the page that holds a recording, whole or not at all."""
    if not path.absolute().parent.is_dir():
        raise BadRequestError(f"There is no folder {path.absolute().parent}.", "Make it first.")
    if path.is_dir():
        raise BadRequestError(f"{path} is a folder.", "Name the file to write, such as run.html.")
    try:
        size = _replace(path, standalone(found.lines(), found.header, found.title))
    except OSError as error:
        raise SocketlabError(f"{path} cannot be written: {error.strerror}.", "Name another file.") from None
    print(f"{path} shows {found.events} events by itself ({size // 1024} KiB). Open it, or put it into an iframe.")
    return 0


def _replace(path: Path, pieces: Iterable[bytes]) -> int:
    """Put a file where another may be, at once; returns its size."""
    with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.writelines(pieces)
            umask = os.umask(0)
            os.umask(umask)
            os.fchmod(file.fileno(), 0o666 & ~umask)
            size = file.tell()
            file.flush()
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
    return size
