"""The door: who may do what. Everything that needs no sandbox; the rest is in tests/web."""

from __future__ import annotations

import asyncio

import pytest

from server.errors import BadRequestError, LimitError, NotFoundError
from server.sessions.door import DEFAULT_HOSTS, Door, Visitor, checked_hosts
from server.sessions.limits import Limits
from server.sessions.sandboxes import HostSpec


def host(name: str, *addresses: str) -> HostSpec:
    return HostSpec(name=name, addresses=list(addresses))


def test_the_default_hosts_are_fine() -> None:
    assert checked_hosts(DEFAULT_HOSTS, 8) == list(DEFAULT_HOSTS)


def test_an_address_without_prefix_gets_one() -> None:
    assert checked_hosts([host("a", "10.1.0.1", "fd00::1")], 8) == [host("a", "10.1.0.1/24", "fd00::1/64")]


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [host("Server", "10.0.0.4/24")],
        [host("", "10.0.0.4/24")],
        [host("a" * 33, "10.0.0.4/24")],
        [host("a\n", "10.0.0.4/24")],
        [host("../a", "10.0.0.4/24")],
        [host("a")],
        [host("a", *[f"10.0.0.{n}/24" for n in range(1, 10)])],
        [host("a", "10.0.0.4/24"), host("a", "10.0.0.5/24")],
        [host("a", "10.0.0.4/24"), host("b", "10.0.0.4/16")],
        [host("a", "10.0.0.4/24", "10.0.0.4/24")],
        [host("a", "127.0.0.1/8")],
        [host("a", "224.0.0.1/24")],
        [host("a", "0.0.0.0/0")],
        [host("a", "10.0.0.255/24")],
        [host("a", "10.0.0.4/33")],
        [host("a", "localhost")],
    ],
)
def test_hosts_that_cannot_be_built_are_refused(hosts: list[HostSpec]) -> None:
    with pytest.raises(BadRequestError) as refusal:
        checked_hosts(hosts, 8)
    assert refusal.value.hint


def test_too_many_hosts_are_a_limit() -> None:
    hosts = [host(f"h{n}", f"10.0.0.{n}/24") for n in range(1, 10)]
    assert len(checked_hosts(hosts, 9)) == 9
    with pytest.raises(LimitError, match="at most 8"):
        checked_hosts(hosts, 8)


def test_visitor_cookies_cannot_be_made_up() -> None:
    door, other = Door(), Door()
    cookie = door.new_visitor_cookie()
    assert door.is_visitor_cookie(cookie)
    assert not other.is_visitor_cookie(cookie)
    assert not door.is_visitor_cookie("x" + cookie)
    assert not door.is_visitor_cookie("")
    assert not door.is_visitor_cookie("ä.ö")
    assert cookie != door.new_visitor_cookie()


def test_an_id_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        Door().find("x", "")


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
        await door.delete(kept)
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
        watched.viewers.count += 1
        await idle.ended.wait()
        assert idle.why == "nobody used it for 1 seconds"
        assert not watched.ended.is_set()
        assert door.find(idle.id, idle.token) is idle
        assert (await idle.log.state())["closed"] == idle.why

        async def find_until_forgotten() -> None:
            async with asyncio.timeout(10):
                while True:
                    door.find(idle.id, idle.token)
                    await asyncio.sleep(0.05)

        with pytest.raises(NotFoundError):
            await find_until_forgotten()
