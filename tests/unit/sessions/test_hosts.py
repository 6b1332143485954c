"""The hosts that may be asked for."""

from __future__ import annotations

import pytest

from server.errors import BadRequestError, LimitError
from server.sandbox.messages import HostSpec
from server.sessions.hosts import DEFAULT_HOSTS, checked_hosts


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
