"""The key of a link to watch: what it opens, and what its owner's change of mind does."""

from __future__ import annotations

import asyncio
import base64

import pytest

from server.sessions.watch_keys import KEY_BYTES, TakenBackError, WatchKey, new_key


def test_a_key_has_128_random_bits_at_least_and_no_two_are_the_same() -> None:
    assert KEY_BYTES * 8 >= 128
    keys = {new_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert {len(base64.urlsafe_b64decode(key)) for key in keys} == {KEY_BYTES}


def test_nothing_but_the_key_opens() -> None:
    watch = WatchKey()
    assert watch.opens(watch.key)
    assert not any(watch.opens(key) for key in ("", watch.key[:-1], f"{watch.key}x", new_key(), "ä"))


def test_a_key_that_was_given_out_before_still_opens() -> None:
    assert WatchKey("from the database").opens("from the database")


def test_what_is_taken_back_opens_nothing_and_says_so() -> None:
    watch = WatchKey()
    first = watch.key
    second = watch.take_back()
    assert watch.key == second != first
    with pytest.raises(TakenBackError, match="taken the link back"):
        watch.opens(first)
    watch.take_back()
    for key in (first, second):
        with pytest.raises(TakenBackError):
            watch.opens(key)
    assert watch.opens(watch.key)
    assert not watch.opens("")


def test_only_so_many_are_remembered() -> None:
    watch = WatchKey()
    first = watch.key
    for _ in range(1000):
        watch.take_back()
    assert not watch.opens(first)
    assert len(watch._old) < 100


async def test_who_came_in_by_a_key_is_told_and_nobody_else() -> None:
    watch = WatchKey()
    one = asyncio.ensure_future(watch.until_taken_back(watch.key))
    await asyncio.sleep(0)
    second = watch.take_back()
    other = asyncio.ensure_future(watch.until_taken_back(second))
    assert (await one).title == "This link was taken back"
    await asyncio.sleep(0)
    assert not other.done()
    watch.take_back()
    assert (await other).status == 410
