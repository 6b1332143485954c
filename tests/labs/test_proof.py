"""``labs check`` finds what no reader can see: labs that claim what the kernel does not do. All on the real kernel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.lessons.loader import load, load_lab
from server.lessons.model import Lab
from server.lessons.play import Player
from server.lessons.proof import prove
from server.sandbox.messages import HostSpec
from server.sessions.client import SandboxClient
from server.sessions.door import Door, Visitor
from tests.labs.sound import SOUND, edited, write
from tests.ours import OURS, PLAYED, lab_of

PACES = ("live", "step")


@asynccontextmanager
async def sandbox_for(lab: Lab, root: Path) -> AsyncIterator[SandboxClient]:
    """A sandbox with a lab's hosts that sees a folder as /labs."""
    async with Door(labs=root) as door:
        hosts = [HostSpec(name=name, addresses=list(addresses)) for name, addresses in lab.hosts.items()]
        opened = await door.create(Visitor("terminal"), hosts, "live", lab.open_files)
        yield SandboxClient(door, opened.id)


async def proved(text: str, root: Path, pace: str = "live", patience: float = 4.0) -> list[str]:
    """What is wrong with a lab when it is played, as texts."""
    write(root, text=text)
    library = load(root)
    assert library.problems == ()
    lab = library.labs["01-sound"]
    async with sandbox_for(lab, root) as sandbox:
        return [str(problem) for problem in await prove(Player(lab, sandbox, drive=pace, patience=patience))]


@pytest.mark.parametrize("pace", PACES)
async def test_a_sound_lab(tmp_path: Path, pace: str) -> None:
    assert await proved(SOUND, tmp_path, pace, patience=20.0) == []


async def test_what_takes_long_but_goes_on(tmp_path: Path) -> None:
    old = "  as: client\n"
    new = f"""{old}- on: client-a
  run: sh -c 'for _ in 1 2 3 4; do sleep 0.7; echo more; done; echo done'
  as: slow
- wait: {{output: {{process: slow, text: done}}}}
"""
    assert await proved(edited(old, new), tmp_path, patience=2.0) == []


BUSY = "sh -c 'i=0; while [ $i -lt 75 ]; do sleep 0.02; i=$((i+1)); done'"
"""Long enough to be seen, and never quiet until it ends."""
DISHONEST: dict[str, tuple[str, str, str]] = {
    "a check that is always true": (
        "- that: It listens",
        "- that: There is a host\n  process: {status: exited}\n  count: 0\n- that: It listens",
        "01-sound/lab.md:26: The check “There is a host” is true before the actions of its step. "
        "Ask for something that only they bring about.",
    ),
    "a check that never passes": (
        'local: "*:7000"}\n  count: 1',
        'local: "*:7001"}\n  count: 1',
        "01-sound/lab.md:26: This check never passes: “It listens”. 0 fit in the end.",
    ),
    "a check that does not stay true": (
        "  as: server\n- wait: {call: {process: server, name: accept4, status: entered}}\n```\n\n```expect\n",
        f"  as: server\n- on: client-a\n  run: {BUSY}\n```\n\n```expect\n"
        "- that: Somebody is busy\n  process: {program: sh, status: running}\n",
        "01-sound/lab.md:27: The check “Somebody is busy” was true and is not any more. "
        "Ask with `ever`, or for something that stays.",
    ),
    "a right option that the kernel contradicts": (
        "  - 1: One is missing.\n  - 2: right",
        "  - 1: right\n  - 2: No.",
        "01-sound/lab.md:34: The run answers 2 to this prediction, the lab '1'. "
        "Mark the right option, or correct `measure`.",
    ),
    "a measure without an answer": (
        '  count: {socket: {host: server, local: "*:7000"}}\nsettles',
        "  value: remote\n  of: {socket: {host: server}}\nsettles",
        "01-sound/lab.md:34: The run gives no answer to this prediction: no row fits, or rows that do not agree. "
        "Make `measure` fit what the run leaves.",
    ),
    "a measure that holds before the run": (
        '  count: {socket: {host: server, local: "*:7000"}}\nsettles',
        "  socket: {host: server, state: LISTEN}\nsettles",
        "01-sound/lab.md:34: The condition in `measure` is true before the actions of its step. "
        "Ask for something that only they bring about.",
    ),
    "a measure that does not hold": (
        '  count: {socket: {host: server, local: "*:7000"}}\nsettles',
        "  socket: {host: server, state: TIME-WAIT}\nsettles",
        "01-sound/lab.md:34: The run does not confirm the right answer: the condition in `measure` does not hold. "
        "Correct the answer or the condition.",
    ),
    "a program that is not there": (
        "run: python3 hello.py 7000",
        "run: pyton3 hello.py 7000",
        "01-sound/lab.md:19: This action failed: There is no program named 'pyton3' here. "
        "Programs installed below /usr on this machine can be used; so can those of the catalogue.",
    ),
    "a wait in vain": (
        "name: accept4, status: entered}",
        "name: accept4, error: EMFILE}",
        "01-sound/lab.md:22: This action failed: Waited 4 seconds for 1 or more calls with process server, "
        "name accept4, error EMFILE.",
    ),
    "text for a program that has ended": (
        "  as: client\n",
        "  as: client\n- signal: KILL\n  to: client\n- wait: {process: {process: client, status: exited}}\n"
        "- type: hello\n  to: client\n",
        "01-sound/lab.md:50: This action failed: The program 'client' does not run. Start it first.",
    ),
    "a kernel parameter that does not exist": (
        "  as: client\n",
        "  as: client\n- on: server\n  sysctl: {net.ipv4.tcp_magic: 1}\n",
        "01-sound/lab.md:47: This action failed: net.ipv4.tcp_magic cannot be set here. "
        "The playground lists the kernel parameters that can be.",
    ),
    "a tool view about nothing": (
        "rows: {socket: {host: server, state: LISTEN}}",
        "rows: {socket: {host: server, state: CLOSING}}",
        "01-sound/lab.md:56: No row is there that this tool view is about. Correct `rows`.",
    ),
    "a tool that refuses its arguments": (
        "linux: ss -ltn",
        "linux: ss -ltn 'sport ! 7'",
        "01-sound/lab.md:56: `ss -ltn 'sport ! 7'` fails with exit code 255. Try it in a terminal.",
    ),
}


@pytest.mark.parametrize("name", DISHONEST)
async def test_a_lab_that_claims_what_is_not_so(name: str, tmp_path: Path) -> None:
    old, new, said = DISHONEST[name]
    assert await proved(edited(old, new), tmp_path) == [said]


EVERYTHING = """\
---
format: 1
title: Every action
question: Does each do what it says?
minutes: 5
hosts: {server: [10.0.0.4/24, "fd00::4/64"], client: 10.0.0.5/24}
remember: [One., Two., Three.]
---

## Programs

```do
- on: server
  sysctl: {net.ipv4.ip_unprivileged_port_start: 80}
- on: server
  run: python3 echo_server.py 80
  as: server
  credentials: user
- wait: {call: {process: server, name: accept4, status: entered}}
- on: client
  run: python3 echo_client.py 10.0.0.4 80
  as: clients
  times: 3
- wait: {socket: {host: server, state: ESTABLISHED, process: server}, count: 3}
- type: hello
  to: clients
- wait: {output: {process: clients, text: "echo: hello"}, count: 3}
```

```expect
- sysctl: {host: server, name: net.ipv4.ip_unprivileged_port_start, value: 80}
- output: {process: clients, text: "echo: hello"}
  count: 3
- equal:
    - {sum: bytes, of: {call: {process: server, name: sendto}}}
    - 18
- less:
    - {count: {socket: {host: server, state: LISTEN}}}
    - {count: {socket: {host: server, state: ESTABLISHED}}}
- different:
    - {value: local_port, of: {socket: {host: server, state: ESTABLISHED}}}
    - {value: protocol, of: {socket: {host: server}}}
- fd: {process: server, kind: socket}
  count: 4
- before:
    - packet: {source_host: client, flags: SYN, status: delivered}
    - call: {process: server, name: accept4, status: returned}
- ever: {socket: {host: server, state: SYN-RECEIVED}}
  count: {at_least: 1}
- any:
    - output: {text: "no such line"}
    - packet: {source_port: 80, flags: [SYN, ACK], repeat: false}
      count: 3
```

## The end of input, signals

```do
- end_input: clients
- wait: {process: {process: clients, status: exited, code: 0}, count: 3}
- signal: TERM
  to: server
- wait: {process: {process: server, status: exited}}
```

```expect
- process: {process: server, signal: SIGTERM}
- not: {socket: {host: server, state: LISTEN}}
- socket: {host: client, timer: time-wait}
  count: 3
```

## Holding one packet

```do
- on: server
  run: echo_server 7
  as: second
- wait: {socket: {host: server, state: LISTEN}}
- hold: {flags: SYN, count: 1}
- on: client
  run: python3 echo_client.py 10.0.0.4 7
  as: held
- wait: {packet: {flags: SYN, status: held}}
- wait: {socket: {host: client, state: SYN-SENT}}
- deliver: {flags: SYN}
- wait: {socket: {host: server, state: ESTABLISHED, process: second}}
- hold: {payload: true, source_host: client, destination_port: 7, protocol: tcp}
- type: twice
  to: held
- duplicate: {payload: true, source_host: client}
- wait: {output: {process: held, text: "echo: twice"}}
- hold: "off"
- drop: {payload: true}
```

```expect
- packet: {flags: [PSH, ACK], source_host: client, status: dropped}
  since: step
- packet: {flags: {contains: PSH}, repeat: true, status: delivered}
  since: step
- output: {process: held, text: "echo: twice"}
  count: 1
```

## Losing, and a slow wire

```do
- wire: {delay_ms: 5, jitter_ms: 1, loss: 0.0, neighbours: true}
- lose: {payload: true, source_host: server, count: 1}
- type: lost
  to: held
- wait: {output: {process: held, text: "echo: lost"}}
- lose: "off"
```

```expect
- packet: {source_host: server, length: {at_least: 1}, status: dropped}
  since: step
- packet: {source_host: server, length: {at_least: 1}, repeat: true, status: delivered}
  since: step
```

## By hand

```do
- wire: {delay_ms: 0, jitter_ms: 0, neighbours: false}
- pace: step
- on: server
  run: python3 echo_server.py 81 fd00::4
  as: third
- release: {process: third}
  until: {moment: {process: third, call: bind}}
- release: {process: third, call: bind}
- wait: {moment: {process: third, call: listen}}
- release: next
- wait: {moment: {process: third, call: accept4}}
```

```expect
- socket: {host: server, state: LISTEN, local: "[fd00::4]:81", family: inet6}
- call: {process: third, name: accept4, status: held}
```

## And on

```do
- pace: slow
  pause_ms: 10
- pace: live
- wait: {call: {process: third, name: accept4, status: entered}}
```

```expect
- call: {process: third, name: accept4, status: entered}
```
"""


@pytest.mark.parametrize("pace", PACES)
async def test_every_action_does_what_it_says(tmp_path: Path, pace: str) -> None:
    place = write(tmp_path, "01-sound", EVERYTHING, program="")
    lab, problems = load_lab(place)
    assert problems == ()
    assert lab is not None
    async with sandbox_for(lab, tmp_path) as sandbox:
        assert await prove(Player(lab, sandbox, drive=pace, patience=20.0)) == []


async def test_a_lab_of_the_learner_s_own_pace_waits_for_the_learner(tmp_path: Path) -> None:
    write(tmp_path)
    lab = load(tmp_path).labs["01-sound"]
    async with sandbox_for(lab, tmp_path) as sandbox:
        player = Player(lab, sandbox)
        await player.open()
        await player.begin(lab.steps[0])
        for action in lab.steps[0].actions:
            await player.perform(action, lab.steps[0])
        await true(player, lambda: player.verdicts(lab.steps[0])[0].holds)
        (verdict,) = player.verdicts(lab.steps[0])
        assert (verdict.count, verdict.wanted) == (1, 1)
        assert verdict.rows[0].fields["local"] == "*:7000"
        assert verdict.rows[0].seq > player.begun[1]


async def test_a_lab_is_built_again_for_who_comes_back(tmp_path: Path) -> None:
    write(tmp_path)
    lab = load(tmp_path).labs["01-sound"]
    async with sandbox_for(lab, tmp_path) as sandbox:
        player = Player(lab, sandbox)
        await player.rebuild(2)
        assert (player.drive, player.patience) == (None, None)
        assert [verdict.holds for step in lab.steps for verdict in player.verdicts(step)] == [True, True, False]
        assert player.measured(lab.steps[1].predictions[0], lab.steps[1]).label == "2"


async def true(player: Player, condition: Callable[[], bool]) -> None:
    """Wait for the log to make something true."""
    await player.until(lambda: condition(), "the test")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "pace"), PLAYED)
async def test_our_labs_are_as_they_claim(name: str, pace: str) -> None:
    lab = lab_of(name)
    async with sandbox_for(lab, OURS) as sandbox:
        assert [str(problem) for problem in await prove(Player(lab, sandbox, drive=pace, patience=20.0))] == []
