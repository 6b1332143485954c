"""Conditions as a person says them."""

from __future__ import annotations

import pytest

from server.lessons.conditions import describe
from server.lessons.model import Wait
from server.lessons.query import Condition, Pattern, Rows, Selection, Subject
from server.lessons.saying import said
from tests.ours import NAMES, lab_of


def where(subject: Subject, **fields: str | tuple[str, ...]) -> Selection:
    return Selection(subject=subject, patterns=tuple(Pattern(name, "like", value) for name, value in fields.items()))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Rows(selection=where("socket", state="LISTEN"), at_least=2), "there are two sockets in LISTEN"),
        (Rows(selection=where("process", process=("a", "b"), status="exited"), at_least=2), "a and b have ended"),
        (Rows(selection=where("process", process="a", status="exited"), at_least=2), "two processes of a have ended"),
        (
            Rows(selection=where("socket", host="server", local_port="7"), at_least=0, at_most=0),
            "server has no socket at port 7 any more",
        ),
        (Rows(selection=where("process", process=("a", "b"), status="exited")), "a or b has ended"),
        (Rows(selection=where("packet", protocol="icmp", status="delivered")), "an ICMP message has arrived"),
        (Rows(selection=where("packet", protocol="udp", status="held")), "a UDP datagram is held on the wire"),
        (
            Rows(selection=where("call", process="x", name="accept4", error="EMFILE")),
            "accept() of x has failed: EMFILE",
        ),
        (Rows(selection=where("output", process="x", text="read*"), at_least=3), "x prints “read…” 3 times"),
    ],
)
def test_what_a_lab_waits_for_is_a_sentence(condition: Condition, words: str) -> None:
    assert said(condition) == words


@pytest.mark.parametrize("name", NAMES)
def test_our_labs_wait_for_nothing_but_sentences(name: str) -> None:
    actions = [action for step in lab_of(name).steps for action in step.actions if isinstance(action, Wait)]
    assert [said(action.until) for action in actions if said(action.until) == describe(action.until)] == []


@pytest.mark.parametrize(
    "selection",
    [
        where("socket", inode="5"),
        where("socket", owners=("1", "2")),
        where("packet", repeat="False"),
        where("process", process="a", status="exited", child="True"),
        where("call", process="a", name="recvfrom", status="entered", data="x"),
    ],
)
def test_nothing_of_a_condition_is_left_out(selection: Selection) -> None:
    condition = Rows(selection=selection)
    assert said(condition) == describe(condition)


def test_a_condition_of_another_kind_is_said_as_the_checks_say_it() -> None:
    condition = Rows(selection=where("sysctl", name="net.ipv4.tcp_sack"))
    assert said(condition) == describe(condition)
