"""What holds in all conversations with the conductor (some of them: ``tests/playbooks/conductor.txt``)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.deciders.conductor import DEFAULT_PAUSE_MS, Conductor, Moment
from server.events import Pace

MS = 1_000_000


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
