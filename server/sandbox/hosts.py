"""Hosts: network namespaces with a name and addresses, each on a veth whose other end is the wire's.

The calling process's own network namespace is the *wire* namespace. Everything here moves the calling
thread between namespaces, so it is for the sandbox's single-threaded process only.

    host namespace                        wire namespace
    lo ── loopback (AF_PACKET)
    eth0  10.0.0.4/24  ── veth ──  w-server ── wire (AF_PACKET) ── wire.py
    diag (NETLINK_SOCK_DIAG)

Offload of checksums and segmentation is off on ``eth0``: otherwise frames reach the wire with partial
checksums and larger than the MTU. On ``lo`` the checksum offload is fixed on; AF_PACKET says so for each
frame (TP_STATUS_CSUMNOTREADY).
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from server.deciders.patience import WHILE_HELD
from server.errors import BadRequestError, ConflictError, KernelRefusedError
from server.events import Parameter
from server.linux import netlink
from server.linux.calls import named
from server.linux.ethtool import switch_offloads_off
from server.linux.namespaces import CLONE_NEWNET, inside, open_namespace, setns, unshare
from server.sandbox.sysctls import AT_START, check_value, path_of

MTU = 1500
PREFIX = {4: 24, 6: 64}
"""Prefix lengths of an address that is given without one."""

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_IGNORE_OUTGOING = 23
SO_RCVBUFFORCE = 33
RECEIVE_BUFFER = 8 << 20
_TCP_BUCKETS, _UDP_BUCKETS = "8192", "1024"

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


@dataclass(slots=True)
class Host:
    """A host of the sandbox. Its descriptors belong to the sandbox's process and close with it.

    Attributes:
        name: What people call it; also its hostname.
        addresses: With prefix, such as ``10.0.0.4/24``.
        mac: The address of its ``eth0``.
        netns: fd of its network namespace.
        diag: NETLINK_SOCK_DIAG socket inside it, blocking.
        wire: AF_PACKET socket on its cable's other end, non-blocking; does not see what it sends itself.
        loopback: AF_PACKET socket on its ``lo``, non-blocking, with PACKET_AUXDATA; sees each frame twice
            (going out as PACKET_OUTGOING, coming in as PACKET_HOST).
        defaults: Kernel parameter → what its namespace had for it in the beginning, of those that are set here.
        differs: What it begins with that is not so, and why.
    """

    name: str
    addresses: tuple[str, ...]
    mac: bytes
    netns: int
    diag: socket.socket
    wire: socket.socket
    loopback: socket.socket
    defaults: dict[str, str]
    differs: list[Parameter]


# --- values -----------------------------------------------------------------------------------


def parse_address(text: str) -> Interface:
    """The address with its prefix that a person wrote.

    Raises:
        BadRequestError: It is no unicast address that a host could own.
    """
    try:
        address = ipaddress.ip_interface(text)
    except ValueError:
        hint = "Write it like 10.0.0.4/24 or fd00::4/64."
        raise BadRequestError(f"{text!r} is no IPv4 or IPv6 address.", hint) from None
    if "/" not in text:
        address = ipaddress.ip_interface(f"{text}/{PREFIX[address.version]}")
    bare = address.ip
    if "%" in text or (isinstance(bare, ipaddress.IPv6Address) and bare.ipv4_mapped):
        raise BadRequestError(f"{text} cannot be a host's address.", "Write it like fd00::4/64.")
    if bare.is_multicast or bare.is_unspecified or bare.is_loopback or bare == ipaddress.ip_address("255.255.255.255"):
        raise BadRequestError(
            f"{text} cannot be a host's address: it has a special meaning.", "Use one like 10.0.0.4/24 or fd00::4/64."
        )
    if address.version == 4 and address.network.prefixlen < 31:
        if bare == address.network.network_address:
            raise BadRequestError(f"{text} names the network itself, not a host.", "Use a number behind it.")
        if bare == address.network.broadcast_address:
            raise BadRequestError(f"{text} is the broadcast address of its network.", "Use a number before it.")
    return address


def check_new(name: str, addresses: Sequence[str], existing: Iterable[tuple[str, Sequence[str]]]) -> tuple[str, ...]:
    """The addresses of a new host, written with prefix, if the sandbox can have it beside the ``existing`` hosts.

    Raises:
        BadRequestError: The name or an address is wrong, or an address is given twice.
        ConflictError: Name or address is taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name):
        raise BadRequestError(f"{name!r} is no name of a host.", "Use small letters, digits and hyphens.")
    wanted = [parse_address(text) for text in addresses]
    if not wanted:
        raise BadRequestError(f"Host {name} has no address.", "Give at least one, like 10.0.0.4/24.")
    if len({address.ip for address in wanted}) < len(wanted):
        raise BadRequestError(f"Host {name} has the same address twice.", "Give each address once.")
    for other, theirs in existing:
        if other == name:
            raise ConflictError(f"There is already a host named {name}.", "Choose another name.")
        for text in theirs:
            if any(address.ip == parse_address(text).ip for address in wanted):
                raise ConflictError(f"The address {text} belongs to the host {other}.", "Choose another address.")
    return tuple(str(address) for address in wanted)


def mac_of(index: int) -> bytes:
    """The fixed address of the ``index``-th host's eth0: locally administered, and easy to read."""
    return bytes((0x02, 0, 0x0A, 0, index >> 8 & 0xFF, index & 0xFF))


def wire_name(name: str, index: int) -> str:
    """The name of the cable's other end; a link's name has at most 15 bytes (IFNAMSIZ)."""
    return f"w-{name}" if len(name) <= 13 else f"w{index}"


# --- making one -------------------------------------------------------------------------------


def add_host(name: str, index: int, addresses: Sequence[str]) -> Host:
    """Make a host: its namespace, its cable to the wire, its addresses; up when this returns.

    Args:
        name: Its name; nobody else in the sandbox has it.
        index: Its number in the sandbox, from 1 on; never used again.
        addresses: With or without prefix; ``check_new`` has seen them.

    Raises:
        BadRequestError: An address is wrong.
        KernelRefusedError: The kernel has no room for another namespace, or forbids it.
    """
    interfaces = [parse_address(text) for text in addresses]
    written = tuple(str(interface) for interface in interfaces)
    wire_netns = open_namespace("net")
    try:
        with ExitStack() as opened:
            host = _make(name, index, interfaces, written, wire_netns, opened)
            opened.pop_all()  # all went well: they are the host's now
    except OSError as error:
        raise KernelRefusedError(
            f"The host {name} could not be made: {error}.", "Run 'socketlab doctor': it tries each thing a host needs."
        ) from error
    finally:
        setns(wire_netns, CLONE_NEWNET)
        os.close(wire_netns)
    _publish_name(name, written)
    return host


def _make(
    name: str, index: int, interfaces: list[Interface], written: tuple[str, ...], wire_netns: int, opened: ExitStack
) -> Host:
    mac, cable = mac_of(index), wire_name(name, index)
    unshare(CLONE_NEWNET)
    netns = open_namespace("net")
    opened.callback(os.close, netns)
    defaults, differs = _set_at_start()
    with netlink.route_socket() as route:
        netlink.add_veth(route, "eth0", mac, MTU, cable, wire_netns)
        netlink.set_up(route, "lo")
        for link in ("eth0", "lo"):
            switch_offloads_off(link)
        for interface in interfaces:
            netlink.add_address(route, "eth0", interface)
        netlink.set_up(route, "eth0")
    diag = opened.enter_context(netlink.diag_socket())
    loopback = opened.enter_context(_tap("lo", outgoing=True))
    setns(wire_netns, CLONE_NEWNET)
    with netlink.route_socket() as route:
        netlink.set_up(route, cable)
    wire = opened.enter_context(_tap(cable, outgoing=False))
    return Host(name, written, mac, netns, diag, wire, loopback, defaults, differs)


def prepare_wire() -> None:
    """Keep the wire namespace's own kernel quiet: its ends of the cables send nothing by themselves."""
    _preset("net/ipv6/conf/default/disable_ipv6", "1")
    # The hosts get socket tables of their own (Linux 6.1): sock_diag walks a table whole, and the
    # machine's has some 262,144 buckets. Measured: 42 µs instead of 171 µs for a dump of an idle host.
    _preset("net/ipv4/tcp_child_ehash_entries", _TCP_BUCKETS)
    _preset("net/ipv4/udp_child_hash_entries", _UDP_BUCKETS)


def _set_at_start() -> tuple[dict[str, str], list[Parameter]]:
    """Set what a host begins with; the defaults of the new namespace, and what is otherwise now."""
    defaults: dict[str, str] = {}
    differs: list[Parameter] = []
    for name in (*AT_START, *WHILE_HELD):
        try:
            defaults[name] = _read(path_of(name))
        except FileNotFoundError:
            continue  # a kernel without it
    for name, (value, why) in AT_START.items():
        if name not in defaults:
            continue
        path = path_of(name)
        named(f"write /proc/sys/{path}", _write, path, value.format(gid=os.getegid()))
        now = _read(path)
        if now != defaults[name]:
            differs.append(Parameter(name=name, value=now, default=defaults[name], why=why))
    return defaults, differs


def _preset(path: str, value: str) -> None:
    """Set a parameter that every sandbox begins with, where this kernel has it; a failure names its file."""
    named(f"write /proc/sys/{path}", _write, path, value, optional=True)


def _tap(link: str, *, outgoing: bool) -> socket.socket:
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    tap = named("socket AF_PACKET", socket.socket, socket.AF_PACKET, kind, 0)
    try:
        # Beyond net.core.rmem_max only for those who administer the whole machine; the others get its maximum.
        tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    tap.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, not outgoing)
    tap.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    named(f"bind AF_PACKET to {link}", tap.bind, (link, ETH_P_ALL))
    return tap


# --- kernel parameters ------------------------------------------------------------------------


def set_sysctl(host: Host, name: str, value: str) -> tuple[str, str]:
    """Set a kernel parameter of one host as a person wants it.

    Returns:
        What the kernel then says it is, and what it was by default.

    Raises:
        BadRequestError: The parameter is not in ``ALLOWED_SYSCTLS``, or the value is none it can have.
        KernelRefusedError: This kernel does not have it.
    """
    check_value(name, value)
    try:
        return write_parameter(host, name, value)
    except FileNotFoundError:
        raise KernelRefusedError(f"This kernel has no {name}.", "It needs another version of Linux.") from None
    except OSError as error:
        raise BadRequestError(
            f"The kernel refuses {value!r} for {name}: {error.strerror}.",
            "Some values depend on others: a range of ports must begin above ip_unprivileged_port_start.",
        ) from None


def write_parameter(host: Host, name: str, value: str) -> tuple[str, str]:
    """Set a kernel parameter of one host; returns what it is now and what it was by default.

    Raises:
        OSError: The kernel does not have it, or refuses the value.
    """
    path = path_of(name)
    with inside(host.netns):
        if name not in host.defaults:
            host.defaults[name] = _read(path)  # nobody has set it before
        _write(path, value)
        return _read(path), host.defaults[name]


def forget_orphans(host: Host) -> None:
    """Let what is left of a host's connections end within a second: called when the sandbox ends.

    Its programs are killed then, and their kernels send FINs that nobody forwards any more. The kernel
    would repeat each FIN, and keep sockets and namespace, for as long as a held FIN may have to wait.
    """
    with inside(host.netns):
        _write(path_of("net.ipv4.tcp_orphan_retries"), "1", optional=True)


def _write(path: str, value: str, *, optional: bool = False) -> None:
    try:
        fd = os.open(f"/proc/sys/{path}", os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        if optional:
            return
        raise
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


def _read(path: str) -> str:
    with open(f"/proc/sys/{path}") as file:
        return " ".join(file.read().split())


# --- names ------------------------------------------------------------------------------------

_names_fd: int | None = None


def publish_names_in(fd: int) -> None:
    """Add every host that is made from now on to the /etc/hosts that ``fd`` writes to; takes the fd over."""
    global _names_fd
    _names_fd = fd


def _publish_name(name: str, addresses: Sequence[str]) -> None:
    if _names_fd is not None:
        os.write(_names_fd, "".join(f"{address.partition('/')[0]} {name}\n" for address in addresses).encode())
