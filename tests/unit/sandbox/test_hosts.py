"""Which addresses a host may have; and a host that is made, seen by the kernel's own tools."""

from __future__ import annotations

import os
import select
import socket
from pathlib import Path

import pytest

from server.deciders.patience import WHILE_HELD
from server.errors import BadRequestError, ConflictError
from server.events import Parameter
from server.linux.namespaces import CLONE_NEWNET, inside
from server.sandbox import hosts
from server.sandbox.hosts import Host, add_host, check_new, mac_of, parse_address, set_sysctl, wire_name
from server.sandbox.sysctls import AT_START, path_of
from tests.unit.linux.apart import apart


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("10.0.0.4", "10.0.0.4/24"),
        ("10.0.0.4/8", "10.0.0.4/8"),
        ("10.0.0.0/31", "10.0.0.0/31"),
        ("192.168.1.1/32", "192.168.1.1/32"),
        ("fd00::4", "fd00::4/64"),
        ("FD00:0:0::4/128", "fd00::4/128"),
    ],
)
def test_addresses(text: str, written: str) -> None:
    assert str(parse_address(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "", "server", "10.0.0", "10.0.0.4/33", "10.0.0.4/24/24", "10.0.0.256", "0.0.0.0", "127.0.0.1", "224.0.0.1",
        "255.255.255.255", "10.0.0.0/24", "10.0.0.255/24", "::", "::1", "ff02::1", "fe80::1%eth0", "::ffff:10.0.0.4",
    ],
)  # fmt: skip
def test_no_addresses(text: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        parse_address(text)
    assert caught.value.hint


EXISTING = [("server", ["10.0.0.4/24", "fd00::4"])]


def test_new_host() -> None:
    assert check_new("client", ["10.0.0.5", "fd00::5"], EXISTING) == ("10.0.0.5/24", "fd00::5/64")


@pytest.mark.parametrize(
    ("name", "addresses", "error"),
    [
        ("server", ["10.0.0.5"], ConflictError),
        ("client", ["10.0.0.4/16"], ConflictError),
        ("client", ["fd00:0::4/64"], ConflictError),
        ("client", ["10.0.0.5", "10.0.0.5/16"], BadRequestError),
        ("client", [], BadRequestError),
        ("Client", ["10.0.0.5"], BadRequestError),
        ("client\n10.0.0.9 server", ["10.0.0.5"], BadRequestError),
        ("", ["10.0.0.5"], BadRequestError),
    ],
)
def test_no_new_host(name: str, addresses: list[str], error: type[Exception]) -> None:
    with pytest.raises(error):
        check_new(name, addresses, EXISTING)


def test_names_and_numbers_of_links() -> None:
    assert wire_name("server", 1) == "w-server"
    assert wire_name("a-host-with-a-long-name", 12) == "w12"
    assert len(wire_name("thirteen-long", 1)) <= 15
    assert mac_of(1).hex(":") == "02:00:0a:00:00:01"
    assert mac_of(300) == bytes.fromhex("02000a00012c")


# --- on the real kernel


IPV4 = b"\x08\x00"


def every_frame(tap: socket.socket) -> list[bytes]:
    """What waits in a packet socket."""
    found: list[bytes] = []
    while True:
        try:
            found.append(tap.recv(65536))
        except BlockingIOError:
            return found


def forward_once(source: Host, target: Host) -> None:
    """Hand what one host has sent to the other, as the wire does."""
    while True:
        try:
            target.wire.send(source.wire.recv(65536))
        except BlockingIOError:
            return


def test_datagram_from_host_to_host() -> None:
    def go() -> tuple[bytes, int, bytes]:
        hosts.prepare_wire()
        a, b = add_host("a", 1, ["10.0.0.1"]), add_host("b", 2, ["10.0.0.2"])
        with inside(a.netns):
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with inside(b.netns):
            receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            receiver.bind(("10.0.0.2", 7))
            receiver.setblocking(False)
        sender.sendto(b"x" * 3000, ("10.0.0.2", 7))
        sent: list[bytes] = []
        while receiver not in (ready := select.select([a.wire, b.wire, receiver], [], [], 10)[0]):
            assert ready, "nothing more comes"
            forward_once(b, a)  # the answer to: who has 10.0.0.2?
            for frame in every_frame(a.wire):
                b.wire.send(frame)
                sent += [frame] if frame[12:14] == IPV4 else []
        # The sum is there: what the kernel would leave to hardware is made before the wire.
        return receiver.recv(4000), len(sent), sent[0][40:42]

    text, count, checksum = apart(go, CLONE_NEWNET)
    assert (text, count) == (b"x" * 3000, 3)
    assert checksum != b"\0\0"


def test_parameters_are_a_hosts_own() -> None:
    def go() -> tuple[tuple[str, str], str, str]:
        a, b = add_host("a", 1, ["10.0.0.1"]), add_host("b", 2, ["10.0.0.2"])
        back = set_sysctl(a, "net.ipv4.ip_local_port_range", "2000 2009")
        path = Path("/proc/sys/net/ipv4/ip_local_port_range")
        with inside(a.netns):
            of_a = path.read_text().split()[0]
        with inside(b.netns):
            of_b = path.read_text().split()[0]
        return back, of_a, of_b

    back, of_a, of_b = apart(go, CLONE_NEWNET)
    assert (back[0], of_a) == ("2000 2009", "2000")
    assert back[1].split()[0] == of_b != "2000", "the other host still has the default"


def test_a_host_begins_with_its_kernels_defaults_and_says_what_differs() -> None:
    def untouched() -> dict[str, str]:
        return {name: Path("/proc/sys", path_of(name)).read_text() for name in (*WHILE_HELD, *AT_START)}

    def go() -> tuple[dict[str, str], dict[str, str], list[Parameter]]:
        host = add_host("a", 1, ["10.0.0.1"])
        with inside(host.netns):
            return untouched(), host.defaults, host.differs

    begun, defaults, differs = apart(go, CLONE_NEWNET)
    fresh = apart(untouched, CLONE_NEWNET)
    words = {name: " ".join(value.split()) for name, value in fresh.items()}
    assert defaults == words
    assert {name: begun[name] for name in WHILE_HELD} == {name: fresh[name] for name in WHILE_HELD}
    unlike = {name for name in AT_START if begun[name] != fresh[name]}
    assert {each.name for each in differs} == unlike
    assert "net.ipv4.tcp_rmem" in unlike
    for each in differs:
        assert (each.value, each.default) == (" ".join(begun[each.name].split()), words[each.name])


def test_a_value_that_the_kernel_refuses() -> None:
    def go() -> str:
        host = add_host("a", 1, ["10.0.0.1"])
        with pytest.raises(BadRequestError) as caught:
            set_sysctl(host, "net.ipv4.ip_local_port_range", "3000 2000")
        return caught.value.detail

    assert "The kernel refuses '3000 2000'" in apart(go, CLONE_NEWNET)


def test_a_host_that_fails_leaves_nothing_and_comes_home() -> None:
    def go() -> tuple[bool, int]:
        add_host("a", 1, ["10.0.0.1"])
        here, before = os.readlink("/proc/self/ns/net"), len(os.listdir("/proc/self/fd"))
        with pytest.raises(Exception, match="EEXIST"):
            add_host("a", 1, ["10.0.0.1"])  # its cable's other end has a name that is taken
        return os.readlink("/proc/self/ns/net") == here, len(os.listdir("/proc/self/fd")) - before

    assert apart(go, CLONE_NEWNET) == (True, 0)


def test_loopback_shows_both_directions() -> None:
    def go() -> list[int]:
        host = add_host("a", 1, ["10.0.0.1"])
        with inside(host.netns), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.sendto(b"hello", sock.getsockname())
        return [host.loopback.recvfrom(2000)[1][2] for _ in range(2)]

    assert apart(go, CLONE_NEWNET) == [4, 0]  # PACKET_OUTGOING, PACKET_HOST


def test_names_are_published() -> None:
    def go() -> bytes:
        fd = os.memfd_create("hosts")
        hosts.publish_names_in(os.dup(fd))
        add_host("a", 1, ["10.0.0.1/24", "fd00::1"])
        return os.pread(fd, 1000, 0)

    assert apart(go, CLONE_NEWNET) == b"10.0.0.1 a\nfd00::1 a\n"
