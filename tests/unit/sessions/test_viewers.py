"""Batches: one JSON array, built once for everybody at the same place."""

from __future__ import annotations

import json

from server.sessions.log import BATCH_EVENTS, Log
from server.sessions.viewers import Viewers
from tests.unit.sessions.test_log import entries


def test_a_batch_is_a_json_array_of_what_follows() -> None:
    log = Log()
    log.append(entries(1, 5))
    batch = Viewers(log).batch(2)
    assert batch is not None
    assert [event["seq"] for event in json.loads(batch.text)] == [3, 4, 5]
    assert batch.last == 5


def test_at_the_end_there_is_none() -> None:
    log = Log()
    viewers = Viewers(log)
    assert viewers.batch(0) is None
    log.append(entries(1, 1))
    assert viewers.batch(1) is None


def test_viewers_at_the_same_place_get_the_same_object() -> None:
    log = Log()
    viewers = Viewers(log)
    log.append(entries(1, 3))
    assert viewers.batch(0) is viewers.batch(0)


def test_following_batches_miss_nothing_while_others_watch_elsewhere() -> None:
    log = Log()
    viewers = Viewers(log)
    cursors = dict.fromkeys(range(12), 0)
    seen: dict[int, list[int]] = {viewer: [] for viewer in cursors}
    for first in range(1, 40 * BATCH_EVENTS, 700):
        log.append(entries(first, 700))
        for viewer in cursors:
            for _ in range(viewer % 4):
                batch = viewers.batch(cursors[viewer])
                if batch is not None:
                    seen[viewer] += [event["seq"] for event in json.loads(batch.text)]
                    cursors[viewer] = batch.last
    for viewer, seqs in seen.items():
        assert seqs == list(range(1, cursors[viewer] + 1))
        assert cursors[viewer] > 0 or viewer % 4 == 0
