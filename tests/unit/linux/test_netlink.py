"""Links and addresses are asked for as iproute2 shows them; dumps end where the kernel ends them."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterator

import pytest

from server.inet.sockdiag import tcp_request
from server.linux import netlink
from server.linux.calls import CallError
from server.linux.namespaces import CLONE_NEWNET, inside, open_namespace, unshare
from tests.unit.linux.apart import apart

MAC = bytes.fromhex("02000a000001")


def test_attribute_is_padded() -> None:
    assert netlink.attribute(3, b"eth0\0") == struct.pack("=HH", 9, 3) + b"eth0\0\0\0\0"


def test_message_counts_itself() -> None:
    assert netlink.message(16, 5, b"abcd") == struct.pack("=IHHII", 20, 16, 5, 1, 0) + b"abcd"


def test_veth_between_two_namespaces() -> None:
    def go() -> tuple[list[str], list[str], str, str]:
        wire = open_namespace("net")
        unshare(CLONE_NEWNET)
        with netlink.route_socket() as route:
            netlink.add_veth(route, "eth0", MAC, 1400, "w-server", wire)
            netlink.add_address(route, "eth0", ipaddress.ip_interface("10.0.0.4/24"))
            netlink.add_address(route, "eth0", ipaddress.ip_interface("fd00::4/64"))
            netlink.set_up(route, "eth0")
            netlink.set_up(route, "lo")
        ours = [name for _, name in socket.if_nameindex()]
        bound = []
        for family, address in ((socket.AF_INET, "10.0.0.4"), (socket.AF_INET6, "fd00::4")):
            with socket.socket(family) as sock:
                sock.bind((address, 0))
                bound.append(sock.getsockname()[0])
        with inside(wire):
            theirs = [name for _, name in socket.if_nameindex()]
        return ours, theirs, bound[0], bound[1]

    assert apart(go, CLONE_NEWNET) == (["lo", "eth0"], ["lo", "w-server"], "10.0.0.4", "fd00::4")


def test_refusal_names_what_was_asked_for() -> None:
    def go() -> str:
        with netlink.route_socket() as route:
            netlink.add_address(route, "lo", ipaddress.ip_interface("10.0.0.4/24"))
            with pytest.raises(CallError) as caught:
                netlink.add_address(route, "lo", ipaddress.ip_interface("10.0.0.4/24"))
        return str(caught.value)

    assert apart(go, CLONE_NEWNET) == "RTM_NEWADDR 10.0.0.4/24: EEXIST (File exists)"


class Kernel:
    """Stands at the other end of a socket and answers with datagrams of our choice: every shape of a dump's end."""

    def __init__(self, *datagrams: bytes) -> None:
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for datagram in datagrams:
            self.theirs.send(datagram)

    def dump(self) -> list[bytes]:
        with self.ours, self.theirs:
            views: Iterator[memoryview] = netlink.dump(self.ours, b"request", bytearray(65536))
            return [bytes(view) for view in views]


def part(kind: int, payload: bytes, seq: int = 7) -> bytes:
    return struct.pack("=IHHII", 16 + len(payload), kind, 2, seq, 99) + payload


ROW = part(20, b"r" * 56)
DONE = part(netlink.NLMSG_DONE, struct.pack("=i", 0))


@pytest.mark.parametrize(
    ("datagrams", "views"),
    [
        ([DONE], []),
        ([ROW, DONE], [ROW]),
        ([ROW + ROW, ROW, DONE], [ROW + ROW, ROW]),
        ([ROW, ROW + DONE], [ROW, ROW]),
    ],
)
def test_dump_ends_at_done(datagrams: list[bytes], views: list[bytes]) -> None:
    assert Kernel(*datagrams).dump() == views


def test_a_row_that_looks_like_the_end_is_a_row() -> None:
    fake = part(20, b"r" * 36 + part(netlink.NLMSG_DONE, struct.pack("=i", 0), seq=8))
    assert Kernel(fake, DONE).dump() == [fake]


@pytest.mark.parametrize("kind", [netlink.NLMSG_ERROR, netlink.NLMSG_DONE])
def test_dump_that_fails(kind: int) -> None:
    with pytest.raises(CallError, match="sock_diag dump: ENOENT"):
        Kernel(part(kind, struct.pack("=i", -2))).dump()


def test_dump_that_fails_after_rows() -> None:
    with pytest.raises(CallError, match="ENOMEM"):
        Kernel(ROW + part(netlink.NLMSG_DONE, struct.pack("=i", -12))).dump()


def test_dump_of_the_kernel_shows_a_listening_socket() -> None:
    def go() -> list[int]:
        with netlink.route_socket() as route:
            netlink.set_up(route, "lo")
        with netlink.diag_socket() as diag, socket.create_server(("127.0.0.1", 0)):
            empty_or_more = [len(view) for view in netlink.dump(diag, tcp_request("inet"), bytearray(65536))]
        return empty_or_more

    assert sum(apart(go, CLONE_NEWNET)) > 72
