"""Programs: started, spoken to, listened to, ended; and where in their source they are."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest

from server import events as ev
from server.errors import BadRequestError, ConflictError, NotFoundError
from server.folders import folder
from tests.judges.outside import outer_pid
from tests.laboratory import Laboratory

# -- input and output


async def test_a_program_of_the_catalogue_reads_what_it_is_given(lab: Laboratory) -> None:
    server = (await lab.command("process.start", host="server", program="echo_server"))["pid"]
    await lab.listening("server", 7777)
    client = (await lab.command("process.start", host="client-a", program="echo_client", args=["10.0.0.4"]))["pid"]
    await lab.type(client, "one\ntwo\n")
    await lab.until("both come back", lambda: lab.output(client).endswith("echo: one\necho: two\n"))
    await lab.type(client, "", end=True)
    exited = await lab.exited(client)
    assert (exited.code, exited.signal) == (0, None)
    await lab.until("the server says so", lambda: "goodbye 10.0.0.5" in lab.output(server))
    assert lab.state["processes"][str(server)]["program"] == "echo_server"


async def test_input_is_complete_however_slowly_it_is_read(lab: Laboratory) -> None:
    program = await lab.python(
        "server", "import sys\nsys.stdin.readline()\nprint(len(sys.stdin.buffer.read()), flush=True)"
    )
    for _ in range(8):
        await lab.type(program, "x" * 65536)
    await lab.type(program, "\n", end=True)
    await lab.exited(program)
    assert lab.output(program) == "0\n"


async def test_the_end_of_input_comes_after_what_still_waits(lab: Laboratory) -> None:
    code = "import socket, sys\nsocket.socket().close()\nprint(len(sys.stdin.buffer.read()), flush=True)"
    program = await lab.python("server", code)
    for index in range(10):
        await lab.type(program, "ä" * 32768, end=index == 9)
    await lab.exited(program)
    assert lab.output(program) == f"{10 * 65536}\n"


async def test_input_that_nobody_reads_is_refused_in_time(lab: Laboratory) -> None:
    program = await lab.python("server", "import time\ntime.sleep(100)")

    async def much() -> None:
        for _ in range(100):
            await lab.type(program, "x" * 65536)

    with pytest.raises(ConflictError, match="does not read"):
        await much()


async def test_input_to_what_takes_none(lab: Laboratory) -> None:
    parent = await lab.python("server", "import os\nif os.fork():\n    os.wait()\nelse:\n    input()\n    input()")
    child = await lab.until(
        "a child reads", lambda: next((e.pid for e in lab.all(ev.SyscallEntered, name="read") if e.pid != parent), 0)
    )
    with pytest.raises(ConflictError, match="started by another program"):
        await lab.type(child, "x")
    with pytest.raises(NotFoundError):
        await lab.type(4711, "x")
    await lab.type(parent, "for the child\n", end=True)
    with pytest.raises(ConflictError, match="closed already"):
        await lab.type(parent, "more")
    await lab.exited(parent)
    with pytest.raises((ConflictError, NotFoundError)):
        await lab.type(parent, "too late")


async def test_output_that_is_no_utf_8_and_characters_in_pieces(lab: Laboratory) -> None:
    code = r"""
import os, socket
os.write(1, b"\xff\xfe\x00 caf\xc3")
socket.socket().close()
os.write(2, b"to stderr \xe2\x82")
os.write(1, b"\xa9 \xf0\x9f")
socket.socket().close()
os.write(2, b"\xac\n")
os.write(1, b"\x94\x8c and a broken one: \xe2\x82")
"""
    program = await lab.python("server", code)
    await lab.exited(program)
    assert lab.output(program) == "\ufffd\ufffd\0 café \U0001f50c and a broken one: \ufffd"
    assert lab.output(program, "stderr") == "to stderr €\n"


async def test_all_output_comes_before_the_exit(lab: Laboratory) -> None:
    program = await lab.python("server", "import os\nos.write(1, b'y' * 300_000)\nos._exit(3)")
    exited = await lab.exited(program)
    assert exited.code == 3
    assert lab.output(program) == "y" * 300_000
    assert all(e.seq < exited.seq for e in lab.all(ev.ProcessOutput))


# -- starts that fail


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"program": "no_such_program"}, "no_such_program"),
        ({"argv": ["no-such-command"]}, "There is no program named 'no-such-command'"),
        ({"argv": ["/etc/passwd"]}, "no executable program"),
        ({"argv": ["echo_server.py"]}, "echo_server.py"),
        ({"argv": ["/labs"]}, "/labs"),
        ({"argv": [""]}, "empty"),
        ({}, "Either a program of the catalogue or a command line"),
        ({"program": "echo_server", "argv": ["true"]}, "Either a program of the catalogue or a command line"),
        ({"argv": ["true"], "args": ["x"]}, "is given its arguments separately"),
    ],
)
async def test_what_cannot_be_started(lab: Laboratory, fields: dict[str, Any], says: str) -> None:
    with pytest.raises(BadRequestError, match=re.escape(says)):
        await lab.command("process.start", host="server", **fields)
    refused = await lab.seen(ev.CommandRefused, command="process.start")
    assert says in refused.detail
    assert lab.state["processes"] == {}


async def test_a_start_on_no_host(lab: Laboratory) -> None:
    with pytest.raises(NotFoundError, match="There is no host 'nowhere'"):
        await lab.start("nowhere", "true")


async def test_a_script_without_an_interpreter(lab: Laboratory) -> None:
    code = "import os\nopen('/tmp/script', 'w').write('no header')\nos.chmod('/tmp/script', 0o755)"
    await lab.exited(await lab.python("server", code))
    with pytest.raises(BadRequestError, match="neither a program nor a script"):
        await lab.start("server", "/tmp/script")
    await lab.exited(await lab.python("server", "open('/tmp/script', 'w').write('#!/no/such/interpreter\\n')"))
    with pytest.raises(BadRequestError, match="ENOENT"):
        await lab.start("server", "/tmp/script")


# -- ends


@pytest.mark.parametrize("name", ["TERM", "INT", "KILL"])
async def test_signals(lab: Laboratory, name: str) -> None:
    program = await lab.start("server", "cat")
    await lab.seen(ev.SyscallEntered, pid=program, name="read")
    await lab.command("process.signal", pid=program, signal=name)
    exited = await lab.exited(program)
    assert (exited.code, exited.signal) == (None, f"SIG{name}")
    assert lab.state["processes"][str(program)]["status"] == "exited"
    with pytest.raises((ConflictError, NotFoundError)):
        await lab.command("process.signal", pid=program, signal=name)


async def test_exit_codes_and_signals_of_ones_own(lab: Laboratory) -> None:
    for code, expected in (("import sys\nsys.exit(42)", (42, None)), ("import os\nos.abort()", (None, "SIGABRT"))):
        exited = await lab.exited(await lab.python("server", code))
        assert (exited.code, exited.signal) == expected


async def test_kill_from_outside(lab: Laboratory) -> None:
    program = await lab.python("server", "import socket\nkept = socket.create_server(('', 7777))\nkept.accept()")
    await lab.listening("server", 7777)
    os.kill(outer_pid(lab, program), signal.SIGKILL)
    exited = await lab.exited(program)
    assert exited.signal == "SIGKILL"
    await lab.until("its sockets are gone", lambda: lab.sockets("server") == [])


async def test_children_survive_their_parent(lab: Laboratory) -> None:
    parent = await lab.python(
        "server",
        """
import os, socket
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        kept = socket.create_server(("", 7777))
        kept.accept()
        print("somebody called", flush=True)
        os._exit(9)
    os._exit(0)
os.wait()
""",
    )
    await lab.exited(parent)
    await lab.listening("server", 7777)
    daemon = next(e for e in reversed(lab.all(ev.ProcessStarted)) if e.parent)
    assert lab.state["processes"][str(daemon.pid)]["status"] == "running"
    await lab.python("client-a", "import socket\nsocket.create_connection(('10.0.0.4', 7777))")
    exited = await lab.exited(daemon.pid)
    assert exited.code == 9
    await lab.until("its line has come", lambda: lab.output(parent) == "somebody called\n")


async def test_a_first_thread_that_ends_before_the_others(lab: Laboratory) -> None:
    program = await lab.python(
        "server",
        """
import ctypes, socket, threading
def work():
    one = socket.create_server(("", 7777))
    one.accept()
    import os
    os._exit(4)
threading.Thread(target=work).start()
ctypes.CDLL(None).pthread_exit(0)
""",
    )
    await lab.listening("server", 7777)
    await lab.python("client-a", "import socket\nsocket.create_connection(('10.0.0.4', 7777))")
    assert (await lab.exited(program)).code == 4


async def test_exec_from_another_thread(lab: Laboratory) -> None:
    program = await lab.python(
        "server",
        """
import os, socket, threading
kept = socket.create_server(("", 7777))
kept.set_inheritable(True)
threading.Thread(target=lambda: os.execvp("sh", ["sh", "-c", "read line; exit 8"])).start()
kept.accept()
""",
    )
    executed = await lab.seen(ev.ProcessExecuted, pid=program)
    assert (executed.program, executed.argv) == ("sh", ["sh", "-c", "read line; exit 8"])
    assert len(lab.sockets("server", state="LISTEN")) == 1
    await lab.type(program, "\n")
    assert (await lab.exited(program)).code == 8


async def test_a_statically_linked_program(lab: Laboratory) -> None:
    program = await lab.start("server", "/sbin/ldconfig", "--version")
    assert (await lab.exited(program)).code == 0
    assert "ldconfig" in lab.output(program)
    assert lab.all(ev.SyscallEntered, pid=program, name="exit_group")


async def test_many_processes_come_and_go(lab: Laboratory) -> None:
    code = "import os\nfor _ in range(60):\n    os.fork() or os._exit(1)\nfor _ in range(60):\n    os.wait()"
    program = await lab.python("server", code)
    await lab.exited(program)
    children = [e.pid for e in lab.all(ev.ProcessStarted) if e.parent == program]
    assert len(children) == 60
    assert {e.code for e in lab.all(ev.ProcessExited) if e.pid != program} == {1}


# -- file and line

SCRIPT = """\
import os
import socket
import threading


def serve(connection):
    data = connection.recv(100)  # recvfrom, thread
    connection.sendall(data)  # sendto, thread
    connection.close()  # close, thread


listening = socket.socket()  # socket
listening.bind(("0.0.0.0", 7777))  # bind
listening.listen(
    3,
)  # the call begins three lines above
for _ in range(2):
    connection, _ = listening.accept()  # accept4
    threading.Thread(
        target=serve, args=(connection,)
    ).start()
if os.fork() == 0:

    def deeper():
        return [socket.socket() for _ in range(1)]  # socket, child

    deeper()
    os._exit(0)
os.wait()
with socket.create_connection(("127.0.0.1", 7777)) as one:  # connect
    one.send(b"x")  # sendto
"""


async def written(lab: Laboratory, path: str, text: str) -> None:
    """Write a file on the sandbox's /tmp."""
    await lab.exited(await lab.python("server", f"open({path!r}, 'w').write({text!r})"))


def line_of(comment: str) -> int:
    """The number of the line that ends with a comment."""
    return next(number for number, line in enumerate(SCRIPT.splitlines(), 1) if line.endswith(f"# {comment}"))


def places(lab: Laboratory, name: str, true: Callable[[ev.SyscallEntered], bool]) -> set[tuple[str | None, int | None]]:
    """Where the calls of one name come from."""
    return {(e.file, e.line) for e in lab.all(ev.SyscallEntered, name=name) if e.file is not None and true(e)}


async def test_the_file_and_line_of_each_call(lab: Laboratory) -> None:
    path = "/tmp/script.py"
    await written(lab, path, SCRIPT)
    program = await lab.start("server", "python3", path)
    await lab.listening("server", 7777)
    for _ in range(2):
        client = await lab.python(
            "client-a", "import socket\nc = socket.create_connection(('10.0.0.4', 7777))\nc.send(b'hello')\nc.recv(9)"
        )
        await lab.exited(client)
    await lab.exited(program)

    def main(event: ev.SyscallEntered) -> bool:
        return event.pid == event.tid == program

    def thread(event: ev.SyscallEntered) -> bool:
        return event.pid == program != event.tid

    def child(event: ev.SyscallEntered) -> bool:
        return event.pid != program

    assert places(lab, "socket", main) == {(path, line_of("socket")), (path, line_of("connect"))}
    assert places(lab, "bind", main) == {(path, line_of("bind"))}
    assert places(lab, "listen", main) == {(path, line_of("bind") + 1)}
    assert places(lab, "accept4", main) == {(path, line_of("accept4"))}
    assert places(lab, "connect", main) == {(path, line_of("connect"))}
    assert places(lab, "sendto", main) == {(path, line_of("sendto"))}
    assert places(lab, "recvfrom", thread) == {(path, line_of("recvfrom, thread"))}
    assert places(lab, "sendto", thread) == {(path, line_of("sendto, thread"))}
    assert places(lab, "close", thread) == {(path, line_of("close, thread"))}
    assert places(lab, "socket", child) == {(path, line_of("socket, child"))}
    unknown = [e.name for e in lab.all(ev.SyscallEntered, name="accept4") if e.line is None]
    assert unknown == []


async def test_lines_of_our_own_programs(lab: Laboratory) -> None:
    lines = (folder("labs") / "programs" / "echo_server.py").read_text().splitlines()
    server = (await lab.command("process.start", host="server", program="echo_server"))["pid"]
    await lab.listening("server", 7777)
    for name, code in (("bind", "listener.bind("), ("listen", "listener.listen("), ("accept4", "listener.accept()")):
        entered = await lab.seen(ev.SyscallEntered, pid=server, name=name)
        assert entered.file is not None
        assert entered.file.endswith("echo_server.py")
        assert code in lines[entered.line - 1]


async def test_programs_that_are_no_python_have_no_line(lab: Laboratory) -> None:
    program = await lab.start("server", "nc", "-l", "-n", "7777")
    await lab.listening("server", 7777)
    assert {(e.file, e.line) for e in lab.all(ev.SyscallEntered, pid=program)} == {(None, None)}
