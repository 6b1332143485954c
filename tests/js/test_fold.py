"""fold.js and log.js: the browser's state is the server's state, at every seq, however one comes there."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from server import events as ev
from server.state import fold, initial

FOLD = """async lines => {
  const { fold, initial } = await import('/static/js/log/fold.js');
  const state = initial();
  return lines.map(line => JSON.stringify(fold(state, line)));
}"""

SEEK = """async ({ lines, seqs }) => {
  const { Log } = await import('/static/js/log/log.js');
  const { narrate } = await import('/static/js/words/narration.js');
  const log = new Log(narrate);
  for (let from = 0; from < lines.length; from += 7) log.append(lines.slice(from, from + 7));
  return seqs.map(seq => JSON.stringify(log.at(seq).state));
}"""

GAP = """async lines => {
  const { Log, GapError } = await import('/static/js/log/log.js');
  const log = new Log(() => null);
  log.append(lines.slice(0, 3));
  log.append(lines.slice(1, 4));
  const known = log.end;
  try {
    log.append(lines.slice(5));
  } catch (error) {
    return [known, error instanceof GapError, error.expected, log.end];
  }
}"""


def test_both_folds_agree_at_every_seq(modules: Page, lines: list[dict[str, Any]]) -> None:
    types = {line["type"] for line in lines}
    assert len(types) > 18, sorted(types)
    theirs = modules.evaluate(FOLD, lines)
    state = initial()
    for line, other in zip(lines, theirs, strict=True):
        mine = json.loads(json.dumps(fold(state, ev.decode_entry(json.dumps(line).encode()))))
        assert json.loads(other) == mine, line


def test_any_seq_in_any_order_gives_the_same_state(modules: Page, lines: list[dict[str, Any]]) -> None:
    states: list[dict[str, Any]] = [initial()]
    for line in lines:
        states.append(fold(copy.deepcopy(states[-1]), ev.decode_entry(json.dumps(line).encode())))
    random_seqs = random.Random(7)
    seqs = [random_seqs.randint(0, len(lines)) for _ in range(200)] + [len(lines), 0, len(lines)]
    theirs = modules.evaluate(SEEK, {"lines": lines, "seqs": seqs})
    for seq, other in zip(seqs, theirs, strict=True):
        assert json.loads(other) == json.loads(json.dumps(states[seq])), seq


def test_known_events_are_passed_over_and_a_gap_is_an_error(modules: Page, lines: list[dict[str, Any]]) -> None:
    assert modules.evaluate(GAP, lines[:10]) == [4, True, 5, 4]


names = st.sampled_from(["server", "client-a"])
numbers = st.integers(1, 3)
sockets = {
    "host": names,
    "socket": st.sampled_from(["5", "6"]),
    "family": st.just("inet"),
    "protocol": st.just("tcp"),
    "state": st.sampled_from(["LISTEN", "ESTABLISHED", "TIME-WAIT"]),
    "local": st.just("10.0.0.4:7"),
    "remote": st.just("10.0.0.5:4000"),
    "inode": st.integers(0, 2),
    "recv_queue": st.integers(0, 9),
    "send_queue": st.integers(0, 9),
    "owners": st.lists(st.builds(ev.Owner, pid=numbers, fd=numbers), max_size=2),
}
packets = {
    "packet": numbers,
    "source_host": names,
    "target_host": st.none() | names,
    "protocol": st.just("tcp"),
    "source": st.just("10.0.0.5:4000"),
    "destination": st.just("10.0.0.4:7"),
    "flags": st.just(["SYN"]),
    "sequence": st.none() | numbers,
    "acknowledgment": st.none(),
    "window": st.none(),
    "length": st.integers(0, 3),
    "raw": st.just(""),
    "repeats": st.none() | numbers,
}
any_event = st.one_of(
    st.builds(
        ev.ProcessStarted,
        host=names,
        pid=numbers,
        program=st.just("p"),
        argv=st.just(["p"]),
        parent=st.none() | numbers,
    ),
    st.builds(ev.ProcessExecuted, pid=numbers, program=st.just("q"), argv=st.just(["q"])),
    st.builds(ev.ProcessExited, pid=numbers, code=st.none() | numbers, signal=st.none() | st.just("SIGKILL")),
    st.builds(
        ev.SyscallEntered,
        call=numbers,
        pid=numbers,
        tid=numbers,
        host=names,
        name=st.just("read"),
        args=st.just({"fd": 3}),
    ),
    st.builds(ev.SyscallReturned, call=numbers, pid=numbers, tid=numbers, result=st.none() | numbers),
    st.builds(ev.FdOpened, pid=numbers, fd=numbers, kind=st.just("socket"), socket=st.none() | st.just("5")),
    st.builds(ev.FdClosed, pid=numbers, fd=numbers, kind=st.just("socket")),
    st.builds(ev.SocketAppeared, **sockets),
    st.builds(ev.SocketChanged, **sockets),
    st.builds(ev.SocketVanished, **sockets),
    st.builds(ev.PacketSent, **packets),
    st.builds(ev.PacketHeld, packet=numbers, why=st.just("asked for")),
    st.builds(ev.PacketDelivered, packet=numbers),
    st.builds(ev.PacketDropped, packet=numbers, why=st.just("loss")),
    st.builds(ev.MomentPending, moment=numbers, kind=st.just("packet"), packet=numbers, due_t=st.none() | numbers),
    st.builds(ev.MomentReleased, moment=numbers, kind=st.just("packet")),
    st.builds(ev.PaceChanged, pace=st.sampled_from(["live", "slow", "step"]), pause_ms=numbers),
    st.builds(ev.SandboxClosed, why=st.just("idle")),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(any_event, min_size=8, max_size=40))
def test_both_folds_agree_on_any_order_of_events(modules: Page, list_: list[ev.Event]) -> None:
    hosts: list[ev.Event] = [
        ev.HostAdded(host="server", addresses=["10.0.0.4/24"]),
        ev.HostAdded(host="client-a", addresses=[]),
    ]
    entries = [ev.encode_entry(seq, seq * 10, event) for seq, event in enumerate(hosts + list_, 1)]
    state = initial()
    for entry in entries:
        fold(state, ev.decode_entry(entry))
    theirs = modules.evaluate(FOLD, [json.loads(entry) for entry in entries])
    assert json.loads(theirs[-1]) == json.loads(json.dumps(state))
