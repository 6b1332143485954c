"""The door: who may do what. Everything that needs no sandbox; the rest is in tests/web."""

from __future__ import annotations

import asyncio
import time

import pytest

from server.commands import MomentRelease, PaceSet
from server.errors import BadRequestError, GoneError, LimitError, NotFoundError, SocketlabError
from server.sandbox.messages import HostSpec
from server.sessions.door import Door, Visitor
from server.sessions.hosts import DEFAULT_HOSTS
from server.sessions.limits import Limits
from server.sessions.watch_keys import TakenBackError


def host(name: str, *addresses: str) -> HostSpec:
    return HostSpec(name=name, addresses=list(addresses))


def test_an_id_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        Door().admits("x", "")


@pytest.mark.asyncio
async def test_a_door_that_is_not_open_makes_nothing() -> None:
    with pytest.raises(LimitError, match="ending"):
        await Door().create(Visitor("127.0.0.1"))


@pytest.mark.asyncio
async def test_limits_count_server_visitor_and_address() -> None:
    limits = Limits(sandboxes=4, sandboxes_per_visitor=2, sandboxes_per_address=3)
    async with Door(limits) as door:
        first, second = Visitor("192.0.2.1", "one"), Visitor("192.0.2.1", "two")
        for _ in range(2):
            await door.create(first)
        with pytest.raises(LimitError, match="one visitor"):
            await door.create(first)
        kept = await door.create(second)
        with pytest.raises(LimitError, match="network address"):
            await door.create(second)
        await door.create(Visitor("192.0.2.2"))
        with pytest.raises(LimitError, match="server runs 4"):
            await door.create(Visitor("192.0.2.3"))
        await door.delete(kept.id)
        await door.create(second)
        assert door.running == 4


@pytest.mark.asyncio
async def test_refused_creation_takes_no_room() -> None:
    async with Door(Limits(sandboxes=1)) as door:
        for _ in range(3):
            with pytest.raises(BadRequestError):
                await door.create(Visitor("192.0.2.1"), [host("a", "nowhere")])
        await door.create(Visitor("192.0.2.1"))


@pytest.mark.asyncio
async def test_an_idle_sandbox_ends_and_stays_readable_and_a_watched_one_goes_on() -> None:
    async with Door(Limits(idle_seconds=1, remembered_seconds=1)) as door:
        visitor = Visitor("192.0.2.1")
        idle, watched = await door.create(visitor), await door.create(visitor)
        with door.watch(watched.id):
            assert not await door.wait(idle.id, 2**53)
            status = await door.status(idle.id)
            assert status.ended
            assert status.why == "nobody used it for 1 seconds"
            assert not (await door.status(watched.id)).why
            door.admits(idle.id, idle.token)
            assert (await door.state(idle.id))["closed"] == status.why

            async def read_until_forgotten() -> None:
                async with asyncio.timeout(10):
                    while True:
                        door.admits(idle.id, idle.token)
                        await asyncio.sleep(0.05)

            with pytest.raises(NotFoundError):
                await read_until_forgotten()
            with pytest.raises(NotFoundError):
                await door.status(idle.id)


@pytest.mark.asyncio
async def test_an_unknown_id_and_a_wrong_token_are_answered_alike() -> None:
    async with Door() as door:
        made = await door.create(Visitor("192.0.2.1"))
        told = set()
        for sandbox_id, token in (("0" * 10, made.token), ("0" * 10, ""), (made.id, "wrong"), (made.id, "")):
            with pytest.raises(NotFoundError) as refusal:
                door.admits(sandbox_id, token)
            told.add(str(refusal.value).replace(sandbox_id, "ID"))
        assert len(told) == 1
        door.admits(made.id, made.token)


@pytest.mark.asyncio
async def test_everything_is_reached_by_id() -> None:
    async with Door() as door:
        made = await door.create(Visitor("192.0.2.1"))
        assert [host["name"] for host in made.hosts] == [host.name for host in DEFAULT_HOSTS]
        first, second = (door.submit(made.id, PaceSet(pace=pace)) for pace in ("slow", "step"))
        await asyncio.gather(first, second)
        assert (await door.state(made.id))["pace"] == "step"
        with pytest.raises(SocketlabError):
            await door.command(made.id, MomentRelease(moment=7))

        lines: list[bytes] = []
        while read := await door.read(made.id, len(lines)):
            lines += read
        end = (await door.status(made.id)).end_seq
        assert len(lines) >= end
        assert [line async for piece in door.lines(made.id) for line in piece][: len(lines)] == lines
        batch = await door.batch(made.id, 1)
        assert batch is not None
        assert batch.text.encode() == b"[" + b",".join(lines[1 : batch.last]) + b"]"
        assert await door.wait(made.id, end - 1)
        assert not (await door.status(made.id)).closed

        await door.close(made.id, "it was enough")
        status = await door.status(made.id)
        assert (status.closed, status.why, status.ended) == (True, "it was enough", True)
        assert await door.batch(made.id, status.end_seq) is None
        assert not await door.wait(made.id, status.end_seq)
        with pytest.raises(GoneError):
            door.submit(made.id, PaceSet(pace="live"))


@pytest.mark.asyncio
async def test_who_watches_a_deleted_sandbox_reads_its_log_to_the_end() -> None:
    async with Door() as door:
        made = await door.create(Visitor("192.0.2.1"))
        pieces = door.lines(made.id)
        with door.watch(made.id):
            end = (await door.status(made.id)).end_seq
            await door.delete(made.id)
            with pytest.raises(NotFoundError):
                door.admits(made.id, made.token)
            assert await door.wait(made.id, end)
            last = (await door.read(made.id, (await door.status(made.id)).end_seq - 1))[0]
            assert b"it was deleted" in last
        with pytest.raises(NotFoundError):
            await door.read(made.id, 0)
        assert sum([len(piece) async for piece in pieces]) == end
        await door.delete(made.id)  # it is not there, as was asked


async def ended(door: Door, count: int, visitor: Visitor) -> list[str]:
    """Sandboxes that have ended, one after the other."""
    made = [(await door.create(visitor)).id for _ in range(count)]
    for sandbox in made:
        await door.close(sandbox, "it was enough")
        await door.status(sandbox)
    return made


@pytest.mark.asyncio
@pytest.mark.parametrize("limits", [Limits(remembered=2), Limits(remembered_bytes=1), Limits(remembered_seconds=1000)])
async def test_recordings_are_kept_within_limits_of_number_bytes_and_time(limits: Limits) -> None:
    visitor = Visitor("192.0.2.1", "one")
    async with Door(limits) as door:
        made = await ended(door, 3, visitor)
        assert made[::-1] == door.of("one")
        assert 0 < (await door.status(made[0])).kept_seconds <= limits.remembered_seconds
        door._due(time.monotonic() + 2000)
        kept = door.of("one")
        assert kept == ([] if limits.remembered != 2 else made[:0:-1])
        for sandbox in set(made) - set(kept):
            with pytest.raises(NotFoundError):
                await door.status(sandbox)


@pytest.mark.asyncio
async def test_a_visitor_is_known_by_name_and_never_by_the_address() -> None:
    async with Door() as door:
        made = await door.create(Visitor("192.0.2.1", "one"))
        await door.create(Visitor("192.0.2.1", "two"))
        await door.create(Visitor("192.0.2.1"))
        assert door.of("one") == [made.id]
        assert door.of("") == door.of("three") == []
        await door.delete(made.id)
        assert door.of("one") == []


@pytest.mark.asyncio
async def test_who_has_the_watch_key_may_look_until_it_is_taken_back() -> None:
    async with Door() as door:
        made, other = [await door.create(Visitor("192.0.2.1")) for _ in range(2)]
        key = door.watch_key(made.id)
        door.admits_viewer(made.id, key)
        for sandbox, wrong in (
            (other.id, key),
            (made.id, ""),
            (made.id, made.token),
            (made.id, made.id),
            ("0" * 10, key),
        ):
            with pytest.raises(NotFoundError, match="opens nothing"):
                door.admits_viewer(sandbox, wrong)
        with pytest.raises(NotFoundError):
            door.admits(made.id, key)
        told = asyncio.ensure_future(door.until_taken_back(made.id, key))
        await asyncio.sleep(0)
        door.take_back(made.id)
        assert isinstance(await told, TakenBackError)
        with pytest.raises(TakenBackError):
            door.admits_viewer(made.id, key)
        await door.close(made.id, "it was enough")
        door.admits_viewer(made.id, door.watch_key(made.id))
        await door.delete(made.id)
        with pytest.raises(NotFoundError):
            door.admits_viewer(made.id, key)
