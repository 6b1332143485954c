from __future__ import annotations

import pytest

from server.lessons.conditions import Scope, describe, read_condition, read_measure, read_selection, read_when
from server.lessons.query import AllOf, Before, Compare, Pattern, Quantity, Rows
from server.lessons.source import LabError, read_yaml

SCOPE = Scope(hosts=("server", "client-a"), names={"server": 1}, hidden={"mine": 9})


def condition(text: str) -> object:
    return read_condition(read_yaml(text, "lab.md", 1), "a check", SCOPE)


def test_rows_are_one_or_more_unless_counted() -> None:
    found = condition("socket: {state: LISTEN}")
    assert isinstance(found, Rows)
    assert (found.at_least, found.at_most) == (1, None)
    counted = condition("socket: {state: LISTEN}\ncount: 0")
    assert isinstance(counted, Rows)
    assert (counted.at_least, counted.at_most) == (0, 0)


def test_both_bounds_of_a_field() -> None:
    found = condition("socket: {local_port: {at_least: 5, at_most: 9}}")
    assert isinstance(found, Rows)
    assert found.selection.patterns == (
        Pattern("local_port", "at_least", 5),
        Pattern("local_port", "at_most", 9),
    )


def test_flags_are_a_set_and_other_lists_are_choices() -> None:
    flags = condition("packet: {flags: [SYN, ACK]}")
    states = condition("socket: {state: [LISTEN, ESTABLISHED]}")
    assert isinstance(flags, Rows)
    assert isinstance(states, Rows)
    assert flags.selection.patterns == (Pattern("flags", "like", ("SYN", "ACK")),)
    assert states.selection.patterns == (Pattern("state", "any", ("LISTEN", "ESTABLISHED")),)


def test_never_is_ever_and_none() -> None:
    found = condition("never: {packet: {flags: RST}}\nsince: step")
    assert isinstance(found, Rows)
    assert (found.at_least, found.at_most, found.selection.ever, found.selection.since_step) == (0, 0, True, True)


def test_both_sides_of_an_order_are_the_past() -> None:
    found = condition("before:\n  - socket: {state: ESTABLISHED}\n  - call: {name: accept4}")
    assert isinstance(found, Before)
    assert found.first.ever
    assert found.second.ever


def test_a_measure_is_a_quantity_or_a_condition() -> None:
    assert isinstance(read_measure(read_yaml("count: {socket: {}}", "x", 1), SCOPE), Quantity)
    assert isinstance(read_measure(read_yaml("{value: remote, of: {socket: {}}}", "x", 1), SCOPE), Quantity)
    assert isinstance(read_measure(read_yaml("socket: {state: LISTEN}\ncount: 2", "x", 1), SCOPE), Rows)
    assert isinstance(read_measure(read_yaml("equal: [1, {count: {socket: {}}}]", "x", 1), SCOPE), Compare)
    assert isinstance(read_measure(read_yaml("all:\n  - socket: {}", "x", 1), SCOPE), AllOf)


def test_a_hint_may_count_the_rows_of_its_check() -> None:
    found = condition("socket: {state: LISTEN}\ncount: 3")
    assert isinstance(found, Rows)
    when = read_when(read_yaml("count: {at_most: 1}", "x", 1), SCOPE, found)
    assert isinstance(when, Rows)
    assert (when.selection, when.at_least, when.at_most) == (found.selection, 0, 1)
    with pytest.raises(LabError, match="the check counts none"):
        read_when(read_yaml("count: 0", "x", 1), SCOPE, AllOf(()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("socket: {host: server, state: LISTEN}\ncount: 1", "1 sockets with host server, state LISTEN"),
        ("call: {name: connect, error: ECONNREFUSED}", "1 or more calls with name connect, error ECONNREFUSED"),
        ("socket: {}\ncount: {at_least: 2, at_most: 4}", "2 to 4 sockets"),
        ("never: {socket: {state: [CLOSING, CLOSED]}}", "no sockets (ever) with state CLOSING or CLOSED"),
        ("packet: {length: {at_least: 1}, flags: {not: RST}}",
         "1 or more packets with length at least 1, flags not RST"),
        ("all:\n  - output: {}\n  - not: {fd: {}}", "1 or more lines of output; and not: 1 or more file descriptors"),
        ("any:\n  - output: {}\n  - moment: {}", "1 or more lines of output; or 1 or more waiting moments"),
        ("before:\n  - packet: {}\n  - call: {}", "packets comes before calls"),
        ("equal:\n  - {distinct: local, of: {socket: {}}}\n  - 1", "the number of different local of sockets is 1"),
        ("less:\n  - {count: {fd: {}}}\n  - {sum: bytes, of: {call: {}}}",
         "the number of file descriptors is less than the sum of bytes of calls"),
        ("different:\n  - {value: remote, of: {socket: {}}}\n  - a", "the remote of sockets is not a"),
    ],
)  # fmt: skip
def test_conditions_in_words(text: str, words: str) -> None:
    assert describe(read_condition(read_yaml(text, "lab.md", 1), "a check", SCOPE)) == words


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("count: 1", "says nothing to look at"),
        ("socket: {}\nprocess: {}", "has both `socket` and `process`"),
        ("state: LISTEN", "`state` is a field, not a subject"),
        ("all:\n  - socket: {}\ncount: 2", "`count` does not go with `all`"),
        ("all:\n  - socket: {}\nsince: step", "`since` does not go with `all`"),
        ("socket: {}\nsince: step", "asks for what is there now"),
        ("call: {}\nsince: lab", "`since` is 'lab'"),
        ("socket: {count: 1}", "`count` is no field of `socket`"),
        ("socket: {local_port: {contains: 1}}", "cannot be asked with `contains`"),
        ("socket: {v6only: {is: true}}", "cannot be asked with `is`"),
        ("socket: {v6only: maybe}", "`v6only` is 'maybe'"),
        ("packet: {flags: SIN}", "no flag 'SIN'"),
        ("socket: {host: serwer}", "`host` is never 'serwer'"),
        ("socket: {state: 'X*'}", "`state` is never 'X*'"),
        ("process: {process: nobody}", "No program is called 'nobody'"),
        ("process: {process: mine}", "only the author's name"),
        ("before:\n  - packet: {}", "`before` has 1 parts"),
        ("before:\n  - packet: {}\n  - all: []", "must have one subject"),
        ("never: {all: []}", "`never` must have one subject"),
        ("equal:\n  - {value: remote}\n  - 1", "does not say of what"),
        ("equal:\n  - {of: {socket: {}}}\n  - 1", "must have one of count, value, distinct and sum"),
        ("equal:\n  - {sum: remote, of: {socket: {}}}\n  - 1", "is no number"),
        ("equal:\n  - {value: process, of: {socket: {}}}\n  - 1", "`value` is 'process'"),
        ("socket: {}\ncount: {at_least: 3, at_most: 2}", "cannot be at least 3 and at most 2"),
        ("socket: {}\ncount: -1", "`count` is '-1'"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, what: str) -> None:
    with pytest.raises(LabError) as caught:
        read_condition(read_yaml(text, "lab.md", 1), "a check", SCOPE)
    assert what in caught.value.where.what


def test_a_selection_is_one_subject() -> None:
    selection = read_selection(read_yaml("{socket: {host: server}}", "x", 1), "rows", SCOPE)
    assert (selection.subject, selection.patterns) == ("socket", (Pattern("host", "like", "server"),))
    with pytest.raises(LabError):
        read_selection(read_yaml("{socket: {}, count: 1}", "x", 1), "rows", SCOPE)
