"""The command line: ``socketlab``, one file a subcommand, each with ``prepare_parser`` and ``run``.

* ``serve``: the lab in the browser.
* ``doctor``: what this machine allows.
* ``trace``: the same engine without a browser; ``timeline`` makes its events readable,
  ``storyline`` tells them as a story.
* ``replay``: a recording in the browser, or as one HTML file.
* ``labs``: plays the guided labs and says what fails; ``labs_record``: plays one and saves its run.

In come words, out go exit codes: 0 done, 1 what was asked for failed, 2 wrong use. Errors go to
standard error: what is wrong, then what to do. A subcommand's module is imported only when it is
asked for, so that ``socketlab trace`` does not pay for the web.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from server.errors import SocketlabError

COMMANDS = {
    "serve": "serve the lab in the browser",
    "doctor": "say what this machine allows, and how to fix what is missing",
    "trace": "run commands on a sandbox's hosts and print one timeline of calls, sockets and packets",
    "replay": "show a recording in the browser, or make one HTML file of it",
    "labs": "check the guided labs: play each on the real kernel and say what fails",
}
"""Every subcommand and what it does; the module has the same name."""


def main(words: Sequence[str] | None = None) -> int:
    """Carry out one command line.

    Args:
        words: The words behind the program's name; those of this process if None.

    Returns:
        The exit code.
    """
    words = sys.argv[1:] if words is None else words
    parser = argparse.ArgumentParser(
        prog="socketlab", description="Ports, sockets and connections, as the kernel really has them."
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name in words:
            importlib.import_module(f"server.cli.{name}").prepare_parser(subparser)
    arguments = parser.parse_args(words)
    try:
        code: int = importlib.import_module(f"server.cli.{arguments.command}").run(arguments)
        sys.stdout.flush()
    except SocketlabError as error:
        tell(error)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has left, as `head` does. Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return code


def tell(error: SocketlabError) -> None:
    """Print an error to standard error: what is wrong, then what to do."""
    print(f"socketlab: {error.detail}", file=sys.stderr)
    if error.hint:
        print(f"           {error.hint}", file=sys.stderr)
