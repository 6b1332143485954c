"""Offloads are off afterwards: the kernel itself makes sums and segments."""

from __future__ import annotations

import pytest

from server.linux import netlink
from server.linux.ethtool import OFFLOADS, switch_offloads_off
from server.linux.namespaces import CLONE_NEWNET, open_namespace
from tests.unit.linux.apart import apart


def test_what_is_fixed_is_told() -> None:
    def go() -> tuple[list[str], list[str]]:
        with netlink.route_socket() as route:
            netlink.add_veth(route, "eth0", bytes.fromhex("02000a000001"), 1500, "w-x", open_namespace("net"))
        return switch_offloads_off("eth0"), switch_offloads_off("lo")

    of_veth, of_loopback = apart(go, CLONE_NEWNET)
    assert "ETHTOOL_STXCSUM" not in of_veth
    assert "ETHTOOL_STSO" not in of_veth
    assert set(of_veth) | set(of_loopback) <= set(OFFLOADS)


def test_a_link_that_is_not_there_has_nothing_to_switch() -> None:
    assert switch_offloads_off("nosuch0") == list(OFFLOADS)


@pytest.mark.parametrize("name", OFFLOADS)
def test_all_are_setters(name: str) -> None:
    assert name.startswith("ETHTOOL_S")
