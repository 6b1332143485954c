"""Failures that the kernel itself decides: each is shown by its name, and nothing hides or invents one."""

from __future__ import annotations

import pytest

from server import events as ev
from server.sessions.zygote import Zygote
from tests.laboratory import Laboratory, laboratory


def errors(lab: Laboratory, pid: int, name: str) -> list[str]:
    """The errors that a process's calls of one name came back with, in order."""
    calls = {e.call for e in lab.all(ev.SyscallEntered, pid=pid, name=name)}
    return [e.error for e in lab.all(ev.SyscallReturned, pid=pid) if e.call in calls and e.error is not None]


async def ended(lab: Laboratory, host: str, code: str, *arguments: str, admin: bool = False) -> int:
    """Run a Python program to its end; returns its pid."""
    pid = await lab.python(host, code, *arguments, admin=admin)
    await lab.exited(pid)
    return pid


LISTENS = """
import socket, sys
listening = socket.socket()
try:
    listening.bind(("0.0.0.0", int(sys.argv[1])))
    listening.listen()
except OSError as error:
    sys.exit(type(error).__name__)
input()
"""


async def test_eaddrinuse_while_another_process_listens(lab: Laboratory) -> None:
    await lab.python("server", LISTENS, "7777")
    await lab.listening("server", 7777)
    second = await ended(lab, "server", LISTENS, "7777")
    assert errors(lab, second, "bind") == ["EADDRINUSE"]
    assert lab.state["processes"][str(second)]["code"] == 1
    assert len(lab.sockets("server", state="LISTEN")) == 1


async def test_eaddrinuse_is_a_matter_of_one_host(lab: Laboratory) -> None:
    await lab.python("server", LISTENS, "7777")
    await lab.python("client-a", LISTENS, "7777")
    await lab.listening("server", 7777)
    await lab.listening("client-a", 7777)


async def test_eaddrinuse_in_time_wait_and_not_with_so_reuseaddr(lab: Laboratory) -> None:
    server = """
import socket, sys
listening = socket.socket()
if "reuse" in sys.argv:
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.bind(("0.0.0.0", 7777))
listening.listen()
listening.accept()[0].close()
"""
    client = """
import socket
connection = socket.create_connection(("10.0.0.4", 7777))
connection.recv(1)
"""
    # The sockets of the first must allow it as well: TIME-WAIT remembers what its socket was set to.
    first = await lab.python("server", server, "reuse")
    await lab.listening("server", 7777)
    await lab.python("client-a", client)
    await lab.exited(first)
    await lab.until("TIME-WAIT", lambda: lab.sockets("server", state="TIME-WAIT", local="10.0.0.4:7777"))
    second = await ended(lab, "server", server)
    assert errors(lab, second, "bind") == ["EADDRINUSE"]
    third = await lab.python("server", server, "reuse")
    await lab.listening("server", 7777)
    assert errors(lab, third, "bind") == []


async def test_eacces_on_port_80_as_user_and_none_as_admin(lab: Laboratory) -> None:
    user = await ended(lab, "server", LISTENS, "80")
    assert errors(lab, user, "bind") == ["EACCES"]
    assert "PermissionError" in lab.output(user, "stderr")
    admin = await lab.python("server", LISTENS, "80", admin=True)
    await lab.listening("server", 80)
    assert errors(lab, admin, "bind") == []
    assert lab.state["processes"][str(admin)]["credentials"] == "admin"


async def test_port_80_is_anyones_where_the_sysctl_says_so(lab: Laboratory) -> None:
    await lab.command("sysctl.set", host="server", name="net.ipv4.ip_unprivileged_port_start", value="80")
    await lab.python("server", LISTENS, "80")
    await lab.listening("server", 80)
    still_refused = await ended(lab, "client-a", LISTENS, "80")
    assert errors(lab, still_refused, "bind") == ["EACCES"], "the parameter is the other host's"


CONNECTS = """
import socket, sys
connection = socket.socket()
if len(sys.argv) > 3:
    connection.bind((sys.argv[3], 0))
try:
    connection.connect((sys.argv[1], int(sys.argv[2])))
except OSError as error:
    sys.exit(type(error).__name__)
print("connected", flush=True)
input()
"""


async def test_econnrefused_is_a_rst_from_the_other_host(lab: Laboratory) -> None:
    client = await ended(lab, "client-a", CONNECTS, "10.0.0.4", "9")
    assert errors(lab, client, "connect") == ["ECONNREFUSED"]
    (rst,) = [e for e in lab.all(ev.PacketSent) if "RST" in e.flags]
    assert (rst.source_host, rst.source, rst.target_host) == ("server", "10.0.0.4:9", "client-a")
    (returned,) = [e for e in lab.all(ev.SyscallReturned, pid=client) if e.error == "ECONNREFUSED"]
    (delivered,) = lab.all(ev.PacketDelivered, packet=rst.packet)
    assert rst.seq < delivered.seq < returned.seq


async def test_etimedout_after_every_syn_was_dropped(lab: Laboratory) -> None:
    await lab.command("sysctl.set", host="client-a", name="net.ipv4.tcp_syn_retries", value=1)
    await lab.python("server", LISTENS, "7777")
    await lab.listening("server", 7777)
    await lab.command("packet.drop", match={"flags": "SYN"})
    client = await ended(lab, "client-a", CONNECTS, "10.0.0.4", "7777")
    assert errors(lab, client, "connect") == ["ETIMEDOUT"]
    first, *copies = [e for e in lab.all(ev.PacketSent) if e.flags == ["SYN"]]
    assert len(copies) >= 1
    assert {copy.repeats for copy in copies} == {first.packet}
    dropped = {e.packet: e.why for e in lab.all(ev.PacketDropped)}
    assert {dropped[e.packet] for e in (first, *copies)} == {"a rule drops it"}
    assert lab.sockets("server", state="SYN-RECEIVED") == []


async def test_etimedout_of_data_that_nobody_acknowledges(lab: Laboratory) -> None:
    await lab.command("sysctl.set", host="client-a", name="net.ipv4.tcp_retries2", value=1)
    await lab.python("server", LISTENS, "7777")
    await lab.listening("server", 7777)
    client = await lab.python(
        "client-a",
        """
import socket
connection = socket.create_connection(("10.0.0.4", 7777))
input()
connection.send(b"lost")
try:
    connection.recv(10)
except TimeoutError:
    print("timed out")
""",
    )
    await lab.until("established", lambda: lab.sockets("client-a", state="ESTABLISHED"))
    await lab.command("packet.drop", match={"payload": True})
    await lab.type(client, "\n")
    await lab.exited(client)
    assert errors(lab, client, "recvfrom") == ["ETIMEDOUT"]
    assert lab.output(client) == "timed out\n"


async def test_ehostunreach_where_no_host_has_the_address(lab: Laboratory) -> None:
    client = await ended(lab, "client-a", CONNECTS, "10.0.0.99", "7777")
    assert errors(lab, client, "connect") == ["EHOSTUNREACH"]


async def test_enetunreach_outside_the_wire(lab: Laboratory) -> None:
    client = await ended(lab, "client-a", CONNECTS, "192.0.2.1", "80")
    assert errors(lab, client, "connect") == ["ENETUNREACH"]


async def test_eaddrnotavail_with_a_range_of_ten_ports(lab: Laboratory) -> None:
    await lab.command("sysctl.set", host="client-a", name="net.ipv4.ip_local_port_range", value="40000 40009")
    await lab.python("server", LISTENS, "7777")
    await lab.listening("server", 7777)
    client = await ended(
        lab,
        "client-a",
        """
import socket
kept = []
try:
    for _ in range(12):
        connection = socket.socket()
        kept.append(connection)
        connection.connect(("10.0.0.4", 7777))
except OSError as error:
    print(len(kept), error.errno)
""",
    )
    assert errors(lab, client, "connect") == ["EADDRNOTAVAIL"]
    assert lab.output(client) == "11 99\n"
    sources = {e.source for e in lab.all(ev.PacketSent) if e.flags == ["SYN"]}
    assert sources == {f"10.0.0.5:{port}" for port in range(40000, 40010)}


async def test_eaddrnotavail_for_an_address_of_another_host(lab: Laboratory) -> None:
    client = await lab.python("client-a", CONNECTS, "10.0.0.4", "7777", "10.0.0.6")
    await lab.exited(client)
    assert errors(lab, client, "bind") == ["EADDRNOTAVAIL"]


async def test_emfile_with_a_low_limit(zygote: Zygote) -> None:
    async with laboratory(zygote, open_files=32) as lab:
        code = """
import socket
kept = []
try:
    while True:
        kept.append(socket.socket())
except OSError as error:
    print(len(kept), error.errno, flush=True)
    input()
"""
        client = await lab.python("client-a", code)
        await lab.until("its last words", lambda: lab.output(client))
        assert errors(lab, client, "socket") == ["EMFILE"]
        count = 32 - 3
        assert lab.output(client) == f"{count} 24\n"
        assert sorted(map(int, lab.state["processes"][str(client)]["fds"])) == list(range(32))
        assert len(lab.sockets("client-a")) == count


async def test_emfile_of_accept_leaves_the_connection_in_the_queue(zygote: Zygote) -> None:
    async with laboratory(zygote, open_files=16) as lab:
        server = await lab.python(
            "server",
            """
import os, socket
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
while True:
    try:
        os.dup(0)
    except OSError:
        break
listening.listen()
input()
try:
    listening.accept()
except OSError as error:
    print(error.errno, flush=True)
input()
""",
        )
        await lab.listening("server", 7777)
        await lab.python("client-a", CONNECTS, "10.0.0.4", "7777")
        await lab.until("the queue has one", lambda: lab.sockets("server", state="LISTEN", recv_queue=1))
        await lab.type(server, "\n")
        await lab.until("its last words", lambda: lab.output(server) == "24\n")
        assert errors(lab, server, "accept4") == ["EMFILE"]
        (waiting,) = lab.sockets("server", state="ESTABLISHED")
        assert (waiting["inode"], waiting["owners"]) == (0, [])


async def test_eagain_einprogress_and_what_follows_on_a_non_blocking_socket(stepped: Laboratory) -> None:
    lab = stepped
    await lab.command("pace.set", pace="live")
    await lab.python("server", LISTENS, "7777")
    await lab.listening("server", 7777)
    await lab.command("packet.hold", match={"flags": "SYN"})
    client = await lab.python(
        "client-a",
        """
import errno, select, socket
connection = socket.socket()
connection.setblocking(False)
print(errno.errorcode[connection.connect_ex(("10.0.0.4", 7777))], flush=True)
print(errno.errorcode[connection.connect_ex(("10.0.0.4", 7777))], flush=True)
select.select([], [connection], [])
print(connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
try:
    connection.recv(10)
except BlockingIOError:
    print("EAGAIN", flush=True)
input()
""",
    )
    held = await lab.seen(ev.PacketHeld)
    await lab.until(
        "it waits in select()",
        lambda: (
            lab.all(ev.SyscallEntered, pid=client, name="select")
            or lab.all(ev.SyscallEntered, pid=client, name="pselect6")
        ),
    )
    assert errors(lab, client, "connect") == ["EINPROGRESS", "EALREADY"]
    await lab.command("packet.deliver", packet=held.packet)
    await lab.until("EAGAIN", lambda: "EAGAIN" in lab.output(client))
    assert errors(lab, client, "recvfrom") == ["EAGAIN"]
    assert lab.output(client) == "EINPROGRESS\nEALREADY\n0\nEAGAIN\n"
    (option,) = lab.all(ev.SyscallEntered, pid=client, name="getsockopt")
    assert option.args | {"fd": 0} == {"fd": 0, "level": "SOL_SOCKET", "option": "SO_ERROR"}
    (returned,) = lab.all(ev.SyscallReturned, call=option.call)
    assert returned.values == {"value": 0}


async def test_erestartsys_when_a_signal_interrupts_and_the_call_is_entered_again(lab: Laboratory) -> None:
    server = await lab.python(
        "server",
        """
import os, signal, socket
signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
connection, _ = listening.accept()
print("accepted", flush=True)
input()
""",
    )
    await lab.seen(ev.SyscallEntered, pid=server, name="accept4")
    await lab.command("process.signal", pid=server, signal="INT")
    await lab.until("the handler ran", lambda: "interrupted" in lab.output(server))
    await lab.until(
        "accept4 is entered again", lambda: len(lab.all(ev.SyscallEntered, pid=server, name="accept4")) == 2
    )
    (error,) = errors(lab, server, "accept4")
    assert error in ("ERESTARTSYS", "EINTR")
    await lab.python("client-a", CONNECTS, "10.0.0.4", "7777")
    await lab.until("accepted", lambda: "accepted" in lab.output(server))


async def test_eintr_reaches_a_program_whose_handler_does_not_restart(lab: Laboratory) -> None:
    client = await lab.python(
        "client-a",
        """
import os, select, signal, socket, threading
waiting, _ = socket.socketpair()
signal.signal(signal.SIGINT, lambda *_: 1 / 0)
try:
    select.poll().register(waiting) or waiting.recv(1)
except ZeroDivisionError:
    print("the handler raised", flush=True)
""",
    )
    await lab.seen(ev.SyscallEntered, pid=client, name="recvfrom")
    await lab.command("process.signal", pid=client, signal="INT")
    await lab.exited(client)
    (error,) = errors(lab, client, "recvfrom")
    assert error in ("ERESTARTSYS", "EINTR")
    assert lab.output(client) == "the handler raised\n"


async def test_epipe_and_econnreset_after_the_peer_has_gone(lab: Laboratory) -> None:
    server = await lab.python(
        "server",
        """
import socket, struct
listening = socket.socket()
listening.bind(("0.0.0.0", 7777))
listening.listen()
connection, _ = listening.accept()
connection.recv(1)
connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
connection.close()
""",
    )
    await lab.listening("server", 7777)
    client = await lab.python(
        "client-a",
        """
import socket
connection = socket.create_connection(("10.0.0.4", 7777))
connection.send(b"I am here")
try:
    connection.recv(1)
except ConnectionResetError:
    print("reset")
try:
    connection.send(b"x")
except BrokenPipeError:
    print("broken pipe")
""",
    )
    await lab.exited(server)
    await lab.exited(client)
    assert errors(lab, client, "recvfrom") == ["ECONNRESET"]
    assert errors(lab, client, "sendto") == ["EPIPE"]
    assert lab.output(client) == "reset\nbroken pipe\n"
    (linger,) = lab.all(ev.SyscallEntered, pid=server, name="setsockopt")
    assert linger.args["option"] == "SO_LINGER"


async def test_wrong_descriptors_and_states(lab: Laboratory) -> None:
    client = await ended(
        lab,
        "client-a",
        """
import errno, os, socket
def failing(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        print(errno.errorcode[error.errno])
unconnected = socket.socket()
failing(unconnected.getpeername)
failing(unconnected.recv, 1)
failing(unconnected.accept)
failing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM).listen)
failing(socket.socket, 40)
os.close(unconnected.fileno())
failing(unconnected.listen)
unconnected.detach()
""",
    )
    assert lab.output(client).split() == ["ENOTCONN", "ENOTCONN", "EINVAL", "ENOTSUP", "EAFNOSUPPORT", "EBADF"]
    assert set(errors(lab, client, "getpeername")) == {"ENOTCONN"}
    assert errors(lab, client, "recvfrom") == ["ENOTCONN"]
    assert errors(lab, client, "accept4") == ["EINVAL"]
    assert errors(lab, client, "listen") == ["EOPNOTSUPP", "EBADF"]


@pytest.mark.parametrize("address", ["10.0.0.4", "127.0.0.1"])
async def test_econnrefused_for_udp_is_an_icmp_port_unreachable(lab: Laboratory, address: str) -> None:
    client = await ended(
        lab,
        "server" if address == "127.0.0.1" else "client-a",
        """
import socket, sys
connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
connection.connect((sys.argv[1], 7))
connection.send(b"anybody there?")
try:
    connection.recv(10)
except ConnectionRefusedError:
    print("refused")
""",
        address,
    )
    assert lab.output(client) == "refused\n"
    assert errors(lab, client, "recvfrom") == ["ECONNREFUSED"]
    (unreachable,) = lab.all(ev.PacketSent, protocol="icmp")
    assert unreachable.info is not None
    assert unreachable.loopback is (address == "127.0.0.1")
