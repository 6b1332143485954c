"""A namespace full of sockets, and its table read by us and by ``ss``: started by ``table.py``.

``python -m bench.rows CONNECTIONS ROUNDS`` prints a JSON object of lists of seconds. Each connection is two
sockets on ``lo``; the far ends belong to a second process, because one process may open too few files.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import Callable

from bench.measure import Subject, interleaved
from bench.namespace import enter
from bench.processes import output, timed
from server.inet import sockdiag
from server.linux import netlink
from server.linux.process import die_with_parent

_SS = "/usr/bin/ss"
# As table.py asks: without sockets that are merely bound, as ss of iproute2 before 6.9 does.
_FAMILIES = tuple(sockdiag.tcp_request(family, sockdiag.ALL_STATES & ~(1 << 13)) for family in ("inet", "inet6"))


class Reader:
    """The two ways of ``server/sandbox/table.py`` to read a table: every row decoded, and only rows that changed."""

    def __init__(self) -> None:
        self._diag = netlink.diag_socket()
        self._buffer = bytearray(1 << 16)
        self._messages: dict[bytes, bytes] = {}

    def decode(self) -> int:
        """Read and decode every row, as if none were known; returns how many there are."""
        count = 0
        for request in _FAMILIES:
            for datagram in netlink.dump(self._diag, request, self._buffer):
                count += len(sockdiag.decode_rows(datagram))
        return count

    def compare(self) -> int:
        """Read every row, decode those that are not what they were; returns how many there are."""
        messages, count = self._messages, 0
        for request in _FAMILIES:
            for datagram in netlink.dump(self._diag, request, self._buffer):
                for message in sockdiag.split(datagram):
                    count += 1
                    cookie = message[44:52]
                    if messages.get(cookie) != message:
                        messages[cookie] = message
                        sockdiag.decode_row(message)
        return count


def fill(connections: int) -> list[socket.socket]:
    """Make the connections; returns the near ends. The far ends are kept by a child that dies with this process."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    address = listener.getsockname()
    told, tell = os.pipe()
    if os.fork() == 0:
        try:
            die_with_parent()
            far = [listener.accept() for _ in range(connections)]
            os.write(tell, b"!" if len(far) == connections else b"")
            while True:
                time.sleep(3600)
        finally:
            os._exit(0)
    near = [socket.create_connection(address) for _ in range(connections)]
    os.read(told, 1)
    return [listener, *near]


async def main(connections: int, rounds: int) -> None:
    """Fill, measure, print."""
    timed([_SS, "-tan"])
    enter()
    empty = [timed([_SS, "-tan"]) for _ in range(rounds)]
    kept = fill(connections)
    reader = Reader()
    listed = (await output([_SS, "-tanH"])).count(b"\n")
    for read in (reader.decode, reader.compare):
        if read() != listed:
            raise RuntimeError(f"ss lists {listed} sockets, {read.__name__} finds {read()}")

    def seconds(read: Callable[[], int]) -> Subject:
        async def once() -> float:
            start = time.perf_counter()
            read()
            return time.perf_counter() - start

        return once

    async def ss() -> float:
        return timed([_SS, "-tan"])

    values = await interleaved(rounds, {"decode": seconds(reader.decode), "compare": seconds(reader.compare), "ss": ss})
    print(json.dumps(values | {"empty": empty, "listed": [listed]}))
    del kept


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
