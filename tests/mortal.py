"""A server that is killed in the middle and comes back, and what must be so when somebody has gone through a lab.

A kill is SIGKILL: the server can put nothing in order. It comes at a random moment: a random time behind a random
event of the run's log, so that it falls between an act and its answer as well as between a line in the database and
what follows from it. Whoever draws the moment prints its seed; what the kernel does in between is its own.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

import msgspec

from server.courses.diligent import next_act
from server.lab_acts import Act, ShowStep, TryOwn
from server.lessons.model import Lab
from tests.learner import Learner, new_act
from tests.web.conftest import Server

LONGEST_MS = 60
"""So long after its event a kill may come."""


class MortalServer(Server):
    """A server with a database, that comes back on the same port.

    Args:
        folder: Where the database is.
    """

    def __init__(self, folder: Path) -> None:
        self._environment = {
            "SOCKETLAB_DATABASE": f"sqlite:///{folder}/progress.sqlite3",
            "SOCKETLAB_SANDBOXES_PER_VISITOR": "40",
        }
        self._serve(port_to_come_back_to())
        self.deaths = 0

    def kill_and_return(self) -> None:
        """SIGKILL, and start again."""
        self.kill()
        self.come_back()

    def kill(self) -> None:
        """SIGKILL."""
        self.answers.clear()
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.deaths += 1

    def come_back(self) -> None:
        """Start again, on the same port."""
        self._serve(self.port)

    def _serve(self, port: int) -> None:
        self.start([sys.executable, "-m", "server.cli", "serve", "--lazy", "--port", str(port)], self._environment)


def port_to_come_back_to() -> int:
    """A free port below the ephemeral range: no client gets it as its local port while the server is down."""
    least = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(max(1024, least // 2), least), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a hundred ports are taken")


class Killer:
    """Kills a server once: some time after an event.

    Args:
        server: Whom to kill.
        shape: Where the moment comes from.
        most: The kill follows one of so many first events.
    """

    def __init__(self, server: MortalServer, shape: random.Random, most: int) -> None:
        self._server = server
        self.event = shape.randrange(1, most)
        self._seconds = shape.uniform(0, LONGEST_MS) / 1000
        self._thread: threading.Thread | None = None

    def saw(self, seq: int) -> None:
        """Somebody has seen an event of the run."""
        if seq >= self.event and self._thread is None:
            self._thread = threading.Thread(target=self._kill)
            self._thread.start()

    def _kill(self) -> None:
        threading.Event().wait(self._seconds)  # the moment is what is tested
        self._server.kill_and_return()

    def join(self) -> None:
        """Return when the server is back."""
        if self._thread is not None:
            self._thread.join()


def go_through(learner: Learner, lab: Lab, own: TryOwn | None = None) -> dict[str, Act]:
    """Do a lab from the first step to the last, whatever happens to the server; returns each act by its id.

    Args:
        learner: Who does it; they have begun a run of it.
        lab: The lab.
        own: A command of the learner's own, in place of what the lab would show in that step.
    """
    done: dict[str, Act] = {}
    while not (learner.state["finished"] and learner.state["step"] == len(lab.steps) and asked_all(learner, lab)):
        act = next_act(lab, learner.state)
        if act is None or asked(done, act):
            learner.read()
            continue
        if own is not None and isinstance(act, ShowStep) and act.step == own.step:
            act = own
        sent = msgspec.structs.replace(act, act=new_act())
        done[sent.act] = sent
        document = json.loads(msgspec.json.encode(sent))
        refusal = learner.act(document.pop("command"), document.pop("step"), act=document.pop("act"), **document)
        assert refusal == "", f"{sent}: {refusal}"
    return done


def asked(done: dict[str, Act], act: Act) -> bool:
    """Whether the same was asked for before: what was asked for once must happen."""
    return any(msgspec.structs.replace(one, act="") == msgspec.structs.replace(act, act="") for one in done.values())


def asked_all(learner: Learner, lab: Lab) -> bool:
    return learner.phase(len(lab.steps)) == "settled" and learner.state["mood"] == "live"


def programs(server: Server, learner: Learner) -> Counter[str]:
    """How often each command was started in the run's present sandbox, as the server tells it; tools aside."""
    answer = learner.get(f"/api/sandboxes/{learner.state['sandbox']}/events")
    assert answer.status == 200, answer.body
    return started(answer.body)


def started(lines: bytes) -> Counter[str]:
    """How often each command was started, by the lines of a sandbox's log; tools aside."""
    events = [json.loads(line) for line in lines.splitlines()]
    first = [event for event in events if event["type"] == "process.started" and event.get("parent") is None]
    return Counter(" ".join(event["argv"]) for event in first if event["argv"][:2] != ["sh", "-c"])
