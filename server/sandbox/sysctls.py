"""The kernel parameters of a host: what may be set, and what a host starts with. Tables only.

All of them are per network namespace, so a value touches nobody else. Names and meanings are those of
the kernel's Documentation/networking/ip-sysctl.rst; the ranges are what the kernel takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.errors import BadRequestError


@dataclass(frozen=True, slots=True)
class Sysctl:
    """One parameter that a person may set.

    Attributes:
        why: What can be shown with it.
        low: The smallest value of each number.
        high: The largest.
        numbers: How many numbers it has.
    """

    why: str
    low: int
    high: int
    numbers: int = 1


ALLOWED_SYSCTLS: dict[str, Sysctl] = {
    "net.ipv4.ip_local_port_range": Sysctl("ports that connect() and bind(0) choose: EADDRNOTAVAIL", 1, 65535, 2),
    "net.ipv4.ip_unprivileged_port_start": Sysctl("below it bind() needs CAP_NET_BIND_SERVICE: EACCES", 0, 65535),
    "net.ipv4.ip_nonlocal_bind": Sysctl("bind() to an address that the host does not have", 0, 1),
    "net.ipv4.ip_default_ttl": Sysctl("the TTL of packets that this host sends", 1, 255),
    "net.ipv4.tcp_tw_reuse": Sysctl("connect() over a port in TIME-WAIT", 0, 2),
    "net.ipv4.tcp_max_tw_buckets": Sysctl("how many TIME-WAIT sockets are kept", 0, 1_000_000),
    "net.ipv4.tcp_rfc1337": Sysctl("whether a RST ends TIME-WAIT", 0, 1),
    "net.ipv4.tcp_fin_timeout": Sysctl("seconds in FIN-WAIT-2 after close()", 1, 86_400),
    "net.ipv4.tcp_syn_retries": Sysctl("how often a SYN is repeated; few: ETIMEDOUT soon", 1, 127),
    "net.ipv4.tcp_synack_retries": Sysctl("how often a SYN-ACK is repeated", 0, 255),
    "net.ipv4.tcp_retries1": Sysctl("repeats before the route is questioned", 0, 255),
    "net.ipv4.tcp_retries2": Sysctl("repeats of data before ETIMEDOUT", 0, 255),
    "net.ipv4.tcp_orphan_retries": Sysctl("repeats of a socket that its program has closed", 0, 255),
    "net.core.somaxconn": Sysctl("the upper limit of listen()'s backlog", 0, 65535),
    "net.ipv4.tcp_max_syn_backlog": Sysctl("how many SYN-RECEIVED are remembered", 0, 65535),
    "net.ipv4.tcp_syncookies": Sysctl("what happens when that backlog is full", 0, 2),
    "net.ipv4.tcp_abort_on_overflow": Sysctl("RST instead of silence when accept() is late", 0, 1),
    "net.ipv4.tcp_keepalive_time": Sysctl("idle seconds before the first keepalive", 1, 32_767),
    "net.ipv4.tcp_keepalive_intvl": Sysctl("seconds between keepalives", 1, 32_767),
    "net.ipv4.tcp_keepalive_probes": Sysctl("unanswered keepalives before ETIMEDOUT", 1, 127),
    "net.ipv4.tcp_timestamps": Sysctl("the timestamps option (RFC 7323)", 0, 2),
    "net.ipv4.tcp_sack": Sysctl("selective acknowledgments (RFC 2018)", 0, 1),
    "net.ipv4.tcp_window_scaling": Sysctl("windows above 64 KiB (RFC 7323)", 0, 1),
    "net.ipv4.tcp_ecn": Sysctl("explicit congestion notification (RFC 3168)", 0, 2),
    "net.ipv4.tcp_fastopen": Sysctl("data in the SYN (RFC 7413); 3 for both sides", 0, 0x7FF),
    "net.ipv4.tcp_slow_start_after_idle": Sysctl("slow start after a pause", 0, 1),
    "net.ipv4.tcp_autocorking": Sysctl("small writes joined while a segment is under way", 0, 1),
    "net.ipv4.tcp_rmem": Sysctl("receive buffers: least, default, most", 4096, 6_291_456, 3),
    "net.ipv4.tcp_wmem": Sysctl("send buffers: least, default, most", 4096, 4_194_304, 3),
    "net.ipv4.icmp_echo_ignore_all": Sysctl("no answer to ping", 0, 1),
    "net.ipv6.bindv6only": Sysctl("whether [::] takes IPv4 too", 0, 1),
    "net.unix.max_dgram_qlen": Sysctl("how many datagrams wait in a unix socket", 1, 10_000),
}
"""What ``sysctl.set`` takes."""

AT_START: dict[str, tuple[str, str]] = {
    # 425 kB where net.core.rmem_max is the old default.
    "net.ipv4.tcp_rmem": (
        "4096 131072 262144",
        "a larger window would make the wire lose segments that nobody asked it to lose",
    ),
    "net.ipv6.conf.default.accept_dad": ("0", "an address is nobody else's here: there is no duplicate to detect"),
    "net.ipv6.conf.default.router_solicitations": ("0", "there is no router that would answer"),
    "net.ipv6.conf.default.accept_ra": ("0", "there is no router to hear of"),
    "net.ipv6.conf.default.autoconf": ("0", "a host has the addresses that it was given, and no others"),
    # ICMP sockets for the programs' group, which is this process's own.
    "net.ipv4.ping_group_range": ("{gid} {gid}", "ping works without a capability"),
}
"""What a host starts with where it is not the kernel's default, and why. A kernel without one of them goes without."""


def path_of(name: str) -> str:
    """The parameter's file below /proc/sys. The names of ours have no dot inside a part."""
    return name.replace(".", "/")


def check_value(name: str, value: str) -> None:
    """See that a person may set ``name`` to ``value``.

    Raises:
        BadRequestError: The name is not in the table, or the value not in its range.
    """
    sysctl = ALLOWED_SYSCTLS.get(name)
    if sysctl is None:
        raise BadRequestError(f"{name} cannot be set here.", "The playground lists the kernel parameters that can be.")
    numbers = re.split(r"[ \t]+", value.strip(" \t"))
    if len(numbers) != sysctl.numbers or not all(re.fullmatch(r"[0-9]{1,10}", number) for number in numbers):
        wanted = "one number" if sysctl.numbers == 1 else f"{sysctl.numbers} numbers with spaces between"
        raise BadRequestError(f"{value!r} is no value for {name}.", f"Give {wanted}.")
    if not all(sysctl.low <= int(number) <= sysctl.high for number in numbers):
        raise BadRequestError(f"{value!r} is out of range for {name}.", f"Give {sysctl.low} to {sysctl.high}.")
