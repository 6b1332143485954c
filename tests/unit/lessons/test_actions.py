from __future__ import annotations

import pytest

from server.commands import Match
from server.lessons.actions import Bench, read_actions
from server.lessons.conditions import Scope
from server.lessons.model import (
    Action,
    EndInput,
    Handle,
    Release,
    Rule,
    Run,
    SetPace,
    SetSysctl,
    SetWire,
    Signal,
    Type,
    Wait,
)
from server.lessons.query import Rows
from server.lessons.source import LabError, read_yaml

HOSTS = {"server": ("10.0.0.4/24",), "client": ("10.0.0.5/24",)}


def bench(**names: int) -> Bench:
    return Bench(
        scope=Scope(hosts=tuple(HOSTS), names=dict(names)),
        hosts=HOSTS,
        folder="/labs/01-x",
        files=("hello.py",),
        shelf=("echo_server.py",),
        elsewhere=("10.0.0.99",),
    )


def actions(text: str, at: Bench | None = None) -> tuple[Action, ...]:
    return read_actions(read_yaml(text, "lab.md", 1), "do", at or bench(server=1))


def test_run() -> None:
    at = bench()
    (run,) = actions("- on: server\n  run: python3 echo_server.py 7\n  as: echo\n  times: 3\n", at)
    assert run == Run(
        on="server",
        command="python3 echo_server.py 7",
        argv=("python3", "echo_server.py", "7"),
        program="",
        folder="/labs/programs",
        name="echo",
        credentials="admin",
        times=3,
        line=1,
    )
    assert at.scope.names == {"echo": 3}
    assert at.used == {"echo_server.py"}


def test_credentials_of_the_lab_come_first() -> None:
    user, admin = actions(
        "- {on: server, run: echo_server 7, credentials: user}\n"
        "- {on: server, run: python3 hello.py, credentials: admin}\n"
    )
    assert isinstance(user, Run)
    assert isinstance(admin, Run)
    assert (user.credentials, user.program, admin.credentials) == ("user", "echo_server", "admin")


def test_an_address_of_nobody_is_allowed_on_purpose() -> None:
    (run,) = actions("- {on: client, run: nc 10.0.0.99 7}")
    assert isinstance(run, Run)


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("- {type: hello, to: server}", Type(text="hello", to="server", line=1)),
        ("- {end_input: server}", EndInput(to="server", line=1)),
        ("- {signal: KILL, to: server}", Signal(signal="KILL", to="server", line=1)),
        ("- {pace: slow, pause_ms: 50}", SetPace(pace="slow", pause_ms=50, line=1)),
        ("- hold: {flags: [SYN, ACK], count: 2}", Rule(how="hold", match=Match(flags="SYN,ACK"), count=2, line=1)),
        ("- lose: {payload: true, source_port: 7, target_host: client}",
         Rule(how="lose", match=Match(payload=True, source_port=7, target_host="client"), line=1)),
        ("- lose: off", Rule(how="lose", match=None, line=1)),
        ("- deliver: {flags: 'SYN, ACK', protocol: tcp}",
         Handle(how="deliver", match=Match(flags="SYN,ACK", protocol="tcp"), line=1)),
        ("- drop: {destination_port: 7, source_host: client}",
         Handle(how="drop", match=Match(destination_port=7, source_host="client"), line=1)),
        ("- duplicate: {protocol: udp}", Handle(how="duplicate", match=Match(protocol="udp"), line=1)),
        ("- wire: {delay_ms: 5, jitter_ms: 1, loss: 0.5, neighbours: true}",
         SetWire(delay_ms=5, jitter_ms=1, loss=0.5, neighbours=True, line=1)),
        ("- wire: {loss: 1}", SetWire(loss=1.0, line=1)),
        ("- {on: client, sysctl: {net.ipv4.ip_local_port_range: 50000 50009, net.ipv4.tcp_sack: 0}}",
         SetSysctl(on="client", line=1,
                   values=(("net.ipv4.ip_local_port_range", "50000 50009"), ("net.ipv4.tcp_sack", "0")))),
    ],
)  # fmt: skip
def test_every_other_action(text: str, action: Action) -> None:
    assert actions(text) == (action,)


def test_release_and_wait() -> None:
    one, again, wait = actions(
        "- release: next\n"
        "- release: {process: server}\n  until: {moment: {call: listen}}\n"
        "- wait: {socket: {state: LISTEN}}\n"
    )
    assert isinstance(one, Release)
    assert isinstance(again, Release)
    assert isinstance(wait, Wait)
    assert (one.moments.patterns, one.until) == ((), None)
    assert isinstance(again.until, Rows)
    assert again.until.selection.subject == "moment"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[]", "must be a list"),
        ("- {}", "must be a mapping"),
        ("- {on: server}", "does nothing"),
        ("- {run: x, type: y}", "has both `run` and `type`"),
        ("- {run: x}", "does not say on which host"),
        ("- {run: '', on: server}", "`run` is empty"),
        ("- {run: 'a \"b', on: server}", "is not closed"),
        ("- {run: x, on: nowhere}", "no host 'nowhere'"),
        ("- {run: x, on: server, as: server}", "has called a program 'server' already"),
        ("- {run: x, on: server, times: 1}", "`times` is '1'"),
        ("- {run: x, on: server, credentials: root}", "`credentials` is 'root'"),
        ("- {run: nc 10.0.0.98 7, on: server}", "No host has the address 10.0.0.98"),
        ("- {type: hello}", "does not say for which program"),
        ("- {type: hello, to: client}", "No program is called 'client'"),
        ("- {signal: HUP, to: server}", "`signal` is 'HUP'"),
        ("- {pace: fast}", "`pace` is 'fast'"),
        ("- {pace: live, pause_ms: 5}", "does not go with pace live"),
        ("- {hold: all}", "does not say which packets"),
        ("- hold: {flags: [SYN, AKC]}", "no flag 'AKC'"),
        ("- hold: {protocol: sctp}", "`protocol` is 'sctp'"),
        ("- hold: {source_port: 70000}", "`source_port` is '70000'"),
        ("- hold: {target_host: nobody}", "`target_host` is 'nobody'"),
        ("- deliver: {flags: SYN, count: 2}", "which takes one packet"),
        ("- release: {}", "does not say what"),
        ("- release: {name: listen}", "`moment` has no field `name`"),
        ("- wire: {loss: 2}", "`loss` is '2'"),
        ("- wire: {loss: true}", "`loss` is 'true'"),
        ("- {wait: 3}", "`wait` must be a mapping"),
        ("- {sysctl: {a: 1}}", "does not say on which host"),
        ("- {wait: {output: {}}, on: server}", "`on` does not go with `wait`"),
    ],
)
def test_what_is_refused(text: str, what: str) -> None:
    with pytest.raises(LabError) as caught:
        actions(text)
    assert what in caught.value.where.what
