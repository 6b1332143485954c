"""File descriptor tables: at rest, ours equals ``/proc/PID/fd`` of the real process, fd by fd."""

from __future__ import annotations

import pytest

from server import events as ev
from tests.kernel.real_fds import real, told
from tests.laboratory import Laboratory

REST = """
import sys
def rest(name):
    print(name, flush=True)
    sys.stdin.readline()
"""


async def at_rest(lab: Laboratory, pid: int, name: str) -> None:
    """Wait for a program to rest, compare, and let it go on."""
    await lab.until(f"{name} is reached", lambda: f"{name}\n" in lab.output(pid))
    await lab.until(
        "it reads its input",
        lambda: [c for c in lab.state["processes"][str(pid)]["calls"].values() if c["args"].get("fd") == 0],
    )
    assert told(lab, pid) == real(lab, pid), name
    owners = {
        (owner["pid"], owner["fd"]): row["socket"] for row in lab.state["sockets"].values() for owner in row["owners"]
    }
    for fd, entry in lab.state["processes"][str(pid)]["fds"].items():
        assert owners.get((pid, int(fd))) == entry["socket"], f"{name}: owner of {fd}"
    await lab.type(pid, "\n")


CASES = {
    "files kept open": (
        """
kept = [open("/etc/passwd"), open("/etc/hosts"), open("/tmp/written", "w")]
rest("files")
kept.pop(0).close()
kept.append(socket.socket())
rest("one closed, a socket in its place")
kept[0].close()
kept.append(open("/etc/group"))
rest("a file in the place of a file")
""",
        ["files", "one closed, a socket in its place", "a file in the place of a file"],
    ),
    "dup and dup2": (
        """
one = socket.socket()
one.bind(("0.0.0.0", 7777))
copy = os.dup(one.fileno())
os.dup2(copy, 30)
os.dup2(copy, 31, inheritable=False)
rest("copies")
file = open("/etc/passwd")
os.dup2(file.fileno(), 30)
rest("a file over a socket")
os.dup2(one.fileno(), file.fileno())
rest("a socket over a file")
one.close()
os.close(copy)
rest("the copies keep it")
fcntl.fcntl(31, fcntl.F_DUPFD_CLOEXEC, 60)
fcntl.fcntl(31, fcntl.F_DUPFD, 70)
rest("fcntl")
os.dup2(31, 31)
os.close(31)
rest("onto itself, then closed")
""",
        [
            "copies",
            "a file over a socket",
            "a socket over a file",
            "the copies keep it",
            "fcntl",
            "onto itself, then closed",
        ],
    ),
    "redirected as a shell does": (
        """
saved = os.dup(1)
flags = os.O_WRONLY | os.O_CREAT
new = os.open("/tmp/redirected", flags)
os.dup2(new, 1)
os.close(new)
socket.socket().close()
os.write(saved, b"redirected\\n")
sys.stdin.readline()
os.dup2(saved, 1)
os.close(saved)
rest("back again")
""",
        ["redirected", "back again"],
    ),
    "pipes, epoll, eventfd and others": (
        """
reading, writing = os.pipe()
epoll = select.epoll()
event = os.eventfd(0)
pair = socket.socketpair()
null = open("/dev/null")
folder = os.open("/tmp", os.O_DIRECTORY)
rest("many kinds")
os.close(reading)
epoll.close()
pair[0].close()
rest("fewer")
os.closerange(3, 200)
rest("none")
""",
        ["many kinds", "fewer", "none"],
    ),
    "passed by SCM_RIGHTS": (
        """
one, two = socket.socketpair()
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
file = open("/etc/passwd")
socket.send_fds(one, [b"x"], [listening.fileno(), file.fileno(), 0])
rest("under way")
_, received, _, _ = socket.recv_fds(two, 10, 10)
rest("arrived")
listening.close()
one.close()
two.close()
rest("only the received one is left")
""",
        ["under way", "arrived", "only the received one is left"],
    ),
    "close_range": (
        """
kept = [socket.socket() for _ in range(5)] + [open("/etc/passwd")]
libc = ctypes.CDLL(None)
rest("before")
libc.syscall(436, 4, 6, 0)
rest("three closed")
libc.syscall(436, 3, 0xFFFFFFFF, 0)
rest("all closed")
""",
        ["before", "three closed", "all closed"],
    ),
    "threads open and close at the same time": (
        """
def work(number):
    for _ in range(20):
        with socket.socket(), open("/etc/passwd"):
            pass
    kept.append(socket.socket() if number % 2 else open("/etc/hosts"))
kept = []
threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
rest("all have ended")
""",
        ["all have ended"],
    ),
    "sockets of every family": (
        """
kept = [socket.socket(family, kind) for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
rest("all")
for one in kept[::2]:
    one.detach()
for one in kept[1::2]:
    one.close()
rest("half of them")
""",
        ["all", "half of them"],
    ),
}
IMPORTS = "import ctypes, fcntl, os, select, socket, sys, threading\n"


@pytest.mark.parametrize("name", CASES)
async def test_a_table_equals_the_kernels(lab: Laboratory, name: str) -> None:
    code, stops = CASES[name]
    program = await lab.python("server", IMPORTS + REST + code)
    for stop in stops:
        await at_rest(lab, program, stop)
    await lab.exited(program)
    assert lab.state["processes"][str(program)]["code"] == 0
    assert lab.state["processes"][str(program)]["fds"] == {}
    assert not [row for row in lab.state["sockets"].values() if row["owners"]]


async def test_a_fork_inherits_and_then_goes_its_own_way(lab: Laboratory) -> None:
    parent = await lab.python(
        "server",
        IMPORTS
        + REST
        + """
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
file = open("/etc/passwd")
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    os.close(writing)
    listening.close()
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    os.read(reading, 1)
    os._exit(5)
os.close(reading)
rest("forked")
os.write(writing, b"x")
os.wait()
rest("alone")
""",
    )
    await lab.until("forked", lambda: "forked" in lab.output(parent))
    (child,) = [e.pid for e in lab.all(ev.ProcessStarted) if e.parent == parent]
    await lab.until(
        "the child reads", lambda: "read" in [c["name"] for c in lab.state["processes"][str(child)]["calls"].values()]
    )
    assert told(lab, child) == real(lab, child)
    await at_rest(lab, parent, "forked")
    exited = await lab.exited(child)
    assert (exited.code, exited.signal) == (5, None)
    await at_rest(lab, parent, "alone")
    inherited = [e for e in lab.all(ev.FdOpened, pid=child) if e.kind == "socket"]
    listening = next(e for e in lab.all(ev.FdOpened, pid=parent) if e.kind == "socket")
    assert inherited[0].socket == listening.socket
    assert inherited[0].fd == listening.fd


async def test_close_on_exec_and_what_stays_open(lab: Laboratory) -> None:
    code = """
import os, socket, sys
kept = socket.socket()
kept.bind(("0.0.0.0", 7777))
kept.listen()
kept.set_inheritable(True)
gone = socket.socket()
gone.bind(("0.0.0.0", 8888))
file = os.open("/etc/passwd", os.O_RDONLY)
os.set_inheritable(file, True)
os.execvp("cat", ["cat"])
"""
    program = await lab.python("server", code)
    executed = await lab.seen(ev.ProcessExecuted, pid=program)
    assert (executed.program, executed.argv) == ("cat", ["cat"])
    await lab.until(
        "cat reads", lambda: "read" in [c["name"] for c in lab.state["processes"][str(program)]["calls"].values()]
    )
    assert told(lab, program) == real(lab, program)
    await lab.until(
        "the other socket is gone", lambda: [r["local"] for r in lab.sockets("server", protocol="tcp")] == ["*:7777"]
    )
    assert lab.state["processes"][str(program)]["program"] == "cat"


async def test_subprocesses_with_pipes(lab: Laboratory) -> None:
    program = await lab.python(
        "server",
        IMPORTS
        + REST
        + """
import subprocess
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdin.write(b"through cat")
child.stdin.flush()
print(child.stdout.read(11).decode(), flush=True)
rest("with a child")
child.stdin.close()
child.wait()
child.stdout.close()
print(subprocess.run("ls /labs/programs | head -1", shell=True, capture_output=True, text=True).stdout, end="")
rest("without")
""",
    )
    await lab.until("cat has answered", lambda: "through cat" in lab.output(program))
    (cat,) = [e.pid for e in lab.all(ev.ProcessStarted) if e.parent == program]
    await lab.until(
        "cat reads", lambda: "read" in [c["name"] for c in lab.state["processes"][str(cat)]["calls"].values()]
    )
    assert lab.state["processes"][str(cat)]["program"] == "cat"
    assert told(lab, cat) == real(lab, cat)
    assert sorted(lab.state["processes"][str(cat)]["fds"], key=int)[:2] == ["0", "1"]
    await at_rest(lab, program, "with a child")
    await at_rest(lab, program, "without")
    assert "echo_client.py" in lab.output(program)
    await lab.exited(program)


async def test_a_descriptor_passed_to_another_process_has_two_owners(lab: Laboratory) -> None:
    program = await lab.python(
        "server",
        IMPORTS
        + REST
        + """
one, two = socket.socketpair()
child = os.fork()
if child == 0:
    one.close()
    _, received, _, _ = socket.recv_fds(two, 10, 1)
    two.recv(1)
    os._exit(0)
two.close()
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
socket.send_fds(one, [b"x"], [listening.fileno()])
rest("passed")
listening.close()
rest("closed here")
one.close()
os.wait()
rest("gone")
""",
    )
    (child,) = await lab.until(
        "the child has it",
        lambda: [e.pid for e in lab.all(ev.SyscallEntered, name="recvfrom") if e.pid != program],
    )
    listening = lab.sockets("server", state="LISTEN")[0]["socket"]
    row = lab.state["sockets"][listening]
    assert {owner["pid"] for owner in row["owners"]} == {program, child}
    assert told(lab, child) == real(lab, child)
    await at_rest(lab, program, "passed")
    await at_rest(lab, program, "closed here")
    await at_rest(lab, program, "gone")
    await lab.until("it vanishes", lambda: listening not in lab.state["sockets"])


async def test_a_shell_that_redirects(lab: Laboratory) -> None:
    program = await lab.start(
        "server", "sh", "-c", "exec 5</etc/passwd; echo one >/tmp/one; read line; exec 5<&-; cat </tmp/one; read line"
    )
    await lab.until(
        "it reads", lambda: [c for c in lab.state["processes"][str(program)]["calls"].values() if c["name"] == "read"]
    )
    assert told(lab, program) == real(lab, program)
    await lab.type(program, "\n")
    await lab.until("cat has spoken", lambda: "one\n" in lab.output(program))
    await lab.until("cat has ended", lambda: [e for e in lab.all(ev.ProcessExited) if e.pid != program])
    await lab.until(
        "it reads again",
        lambda: [c for c in lab.state["processes"][str(program)]["calls"].values() if c["name"] == "read"],
    )
    assert told(lab, program) == real(lab, program)


async def test_a_socket_of_another_family_is_shown_without_a_row(lab: Laboratory) -> None:
    program = "import socket\nnetlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)\ninput()"
    pid = await lab.python("server", program)
    await lab.until("it waits", lambda: lab.all(ev.SyscallEntered, pid=pid, name="read"))
    opened = next(e for e in lab.all(ev.FdOpened, pid=pid) if e.kind == "socket")
    assert opened.socket is None
    assert opened.path.startswith("socket:[")
    assert lab.sockets("server") == []
