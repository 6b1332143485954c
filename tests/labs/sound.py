"""A sound lab, small enough to be read at a glance; the tests break it in one place at a time."""

from __future__ import annotations

from pathlib import Path

SOUND = """\
---
format: 1
title: A sound lab
question: Does it play?
minutes: 5
misconceptions: [3]
hosts: default
remember:
  - One.
  - Two.
  - Three.
---

Read this first.

## Start

```do
- on: server
  run: python3 hello.py 7000
  as: server
- wait: {call: {process: server, name: accept4, status: entered}}
```

```expect
- that: It listens
  socket: {host: server, state: LISTEN, local: "*:7000"}
  count: 1
```

## Call

```predict
question: How many sockets?
options:
  - 1: One is missing.
  - 2: right
measure:
  count: {socket: {host: server, local: "*:7000"}}
settles: 3
```

```do
- on: client-a
  run: python3 echo_client.py 10.0.0.4 7000
  as: client
```

```expect
- socket: {host: server, state: ESTABLISHED, owners: 1}
  count: 1
  hint: {when: {count: 0}, say: Nobody is there yet.}
```

```table
on: server
rows: {socket: {host: server, state: LISTEN}}
linux: ss -ltn
```

## Your turn

```make
task: Let another client call.
do:
  - on: client-b
    run: python3 echo_client.py 10.0.0.4 7000
    as: other
```

```expect
- socket: {host: server, state: ESTABLISHED, owners: 1}
  count: {at_least: 2}
```
"""

PROGRAM = '''\
"""A server that says hello.  Usage: python3 hello.py [PORT]"""

import socket
import sys

listener = socket.create_server(("", int(sys.argv[1]) if len(sys.argv) > 1 else 7777))
connections = []
while True:
    connection, client = listener.accept()
    connection.sendall(b"hello")
    connections.append(connection)
'''


def write(root: Path, name: str = "01-sound", text: str = SOUND, program: str = PROGRAM) -> Path:
    """Write a lab and its program into a folder of labs; returns the lab's folder."""
    place = root / name
    place.mkdir()
    (place / "lab.md").write_text(text)
    if program:
        (place / "hello.py").write_text(program)
    return place


def edited(old: str, new: str) -> str:
    """The sound lab with one piece exchanged, which must be there once."""
    assert SOUND.count(old) == 1, (SOUND.count(old), old)
    return SOUND.replace(old, new)
