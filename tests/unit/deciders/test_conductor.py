"""Conversations with the conductor: ``>>`` what arrives, ``<<`` what goes on or waits; and what holds in all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.deciders.conductor import DEFAULT_PAUSE_MS, Conductor, Moment
from server.events import Pace

MS = 1_000_000


def told(moment: Moment | None) -> str:
    """A moment in one line."""
    if moment is None:
        return "go"
    due = "a person" if moment.due_t is None else f"{moment.due_t // MS} ms"
    return f"{moment.id} {moment.kind} {moment.subject} waits for {due} ({moment.cause})"


def talk(conductor: Conductor, lines: str) -> None:
    """Play a conversation.

    ``>> 5 call 7`` is call 7 arriving at 5 ms (``packet``, and ``held`` behind it, likewise), ``>> 5 due`` asks what is
    due, ``>> 5 pace slow 20`` follows another pace, ``>> release 3`` takes a moment out (without a number: the oldest),
    ``>> hold 3`` keeps it. The lines with ``<<`` behind it are all that must come of it.
    """
    expected: list[str] = []
    got: list[str] = []
    for line in [line.strip() for line in lines.strip().splitlines()]:
        if line.startswith("<<"):
            expected.append(line.removeprefix("<<").strip())
            continue
        assert got == expected, f"before {line!r}"
        expected, got = [], _answer(conductor, line.removeprefix(">>").split())
    assert got == expected


def _answer(conductor: Conductor, words: list[str]) -> list[str]:
    match words:
        case ["hold", kind, subject]:
            moment = conductor.find("packet" if kind == "packet" else "syscall", int(subject))
            assert moment is not None
            conductor.hold(moment)
            return []
        case [t, "call", subject, *held]:
            return [told(conductor.arrive("syscall", int(subject), int(t) * MS, hold=bool(held)))]
        case [t, "packet", subject, *held]:
            return [told(conductor.arrive("packet", int(subject), int(t) * MS, hold=bool(held)))]
        case [t, "due"]:
            return [str(moment.id) for moment in conductor.due(int(t) * MS)]
        case [t, "pace", pace, *pause]:
            freed = conductor.set_pace(pace, int(pause[0]) if pause else None, int(t) * MS)  # type: ignore[arg-type]
            return [str(moment.id) for moment in freed]
        case ["release", *number]:
            moment = conductor.release(int(number[0]) if number else None)
            return ["nothing" if moment is None else str(moment.id)]
        case ["next"]:
            due = conductor.next_due()
            return ["nothing" if due is None else f"{due // MS} ms"]
        case _:
            raise ValueError(words)


def test_live() -> None:
    talk(
        Conductor(),
        """
        >> 0 call 1
        << go
        >> 0 packet 1
        << go
        >> 0 packet 2 held
        << 1 packet 2 waits for a person (hold)
        >> 9999 due
        >> next
        << nothing
        >> release
        << 1
        >> release
        << nothing
        """,
    )


def test_step() -> None:
    talk(
        Conductor("step"),
        """
        >> 0 call 7
        << 1 syscall 7 waits for a person (pace)
        >> 1 call 8
        << 2 syscall 8 waits for a person (pace)
        >> 2 packet 7
        << 3 packet 7 waits for a person (pace)
        >> 99999 due
        >> release 2
        << 2
        >> release 2
        << nothing
        >> release
        << 1
        >> release
        << 3
        >> release
        << nothing
        """,
    )


def test_slow() -> None:
    talk(
        Conductor("slow", 20),
        """
        >> 0 call 1
        << 1 syscall 1 waits for 20 ms (pace)
        >> 5 packet 1
        << 2 packet 1 waits for 25 ms (pace)
        >> next
        << 20 ms
        >> 19 due
        >> 20 due
        << 1
        >> 30 packet 2
        << 3 packet 2 waits for 50 ms (pace)
        >> 60 due
        << 2
        << 3
        >> next
        << nothing
        """,
    )


def test_a_hold_outlives_every_change_of_pace() -> None:
    talk(
        Conductor("slow", 10),
        """
        >> 0 packet 1
        << 1 packet 1 waits for 10 ms (pace)
        >> 0 packet 2 held
        << 2 packet 2 waits for a person (hold)
        >> hold packet 1
        >> 100 due
        >> 100 pace live
        >> 100 pace step
        >> 100 pace slow
        >> 999 due
        >> 999 pace live
        >> release
        << 1
        >> release
        << 2
        """,
    )


def test_from_step_to_live_all_go_in_order_of_arrival() -> None:
    talk(
        Conductor("step"),
        """
        >> 0 call 3
        << 1 syscall 3 waits for a person (pace)
        >> 0 packet 9 held
        << 2 packet 9 waits for a person (hold)
        >> 0 call 1
        << 3 syscall 1 waits for a person (pace)
        >> 5 pace live
        << 1
        << 3
        >> 5 call 4
        << go
        >> release 2
        << 2
        """,
    )


def test_from_step_to_slow_and_back() -> None:
    talk(
        Conductor("step"),
        """
        >> 0 call 1
        << 1 syscall 1 waits for a person (pace)
        >> 50 pace slow 30
        >> next
        << 80 ms
        >> 60 pace step
        >> next
        << nothing
        >> 999 due
        >> 999 pace slow
        >> next
        << 1029 ms
        >> 1029 due
        << 1
        """,
    )


def test_a_moment_is_found_by_what_it_is_about() -> None:
    conductor = Conductor("step")
    call = conductor.arrive("syscall", 5, 0)
    packet = conductor.arrive("packet", 5, 0)
    assert conductor.find("syscall", 5) is call
    assert conductor.find("packet", 5) is packet
    assert conductor.find("packet", 6) is None
    assert call is not None
    conductor.release(call.id)
    assert conductor.find("syscall", 5) is None


@pytest.mark.parametrize("pace", ["live", "slow", "step"])
def test_the_pause_stays_until_it_is_set(pace: Pace) -> None:
    conductor = Conductor()
    assert conductor.pause_ms == DEFAULT_PAUSE_MS
    conductor.set_pace(pace, 7, 0)
    conductor.set_pace("slow", None, 0)
    assert (conductor.pace, conductor.pause_ms) == ("slow", 7)


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.sampled_from(["syscall", "packet"]), st.booleans()),
        st.tuples(st.just("release"), st.integers(0, 12), st.none()),
        st.tuples(st.just("due"), st.integers(0, 50), st.none()),
        st.tuples(st.just("pace"), st.sampled_from(["live", "slow", "step"]), st.integers(1, 20)),
        st.tuples(st.just("hold"), st.integers(1, 12), st.none()),
    ),
    max_size=60,
)


@given(_STEPS)
def test_every_moment_comes_back_exactly_once(steps: list[tuple[str, object, object]]) -> None:
    conductor = Conductor()
    t = 0
    waiting: dict[int, Moment] = {}
    made = 0

    def back(moments: list[Moment]) -> None:
        assert [moment.id for moment in moments] == sorted(moment.id for moment in moments)
        for moment in moments:
            assert waiting.pop(moment.id) is moment

    for number, (what, one, two) in enumerate(steps):
        if what == "arrive":
            moment = conductor.arrive(one, number, t, hold=bool(two))  # type: ignore[arg-type]
            assert (moment is None) == (conductor.pace == "live" and not two)
            if moment is not None:
                made += 1
                assert moment.id == made
                waiting[moment.id] = moment
        elif what == "release":
            wanted = one or None
            moment = conductor.release(wanted)  # type: ignore[arg-type]
            expected = (min(waiting) if waiting else None) if wanted is None else wanted if wanted in waiting else None
            assert (moment.id if moment is not None else None) == expected
            back([moment] if moment is not None else [])
        elif what == "due":
            assert isinstance(one, int)
            t += one * MS
            ready = conductor.due(t)
            assert all(moment.due_t is not None and moment.due_t <= t for moment in ready)
            back(ready)
        elif what == "pace":
            before = {moment.id for moment in waiting.values() if moment.cause == "pace"}
            freed = conductor.set_pace(one, two, t)  # type: ignore[arg-type]
            assert {moment.id for moment in freed} == (before if one == "live" else set())
            back(freed)
        elif one in waiting:
            conductor.hold(waiting[one])  # type: ignore[index]
        times = [moment.due_t for moment in waiting.values() if moment.due_t is not None]
        assert conductor.next_due() == min(times, default=None)
        assert all(moment.due_t is None for moment in waiting.values() if moment.cause == "hold")
        if conductor.pace == "live":
            assert all(moment.cause == "hold" for moment in waiting.values())
        for moment in waiting.values():
            assert conductor.find(moment.kind, moment.subject) is moment
    while waiting:
        moment = conductor.release()
        assert moment is not None
        back([moment])
    assert conductor.release() is None
