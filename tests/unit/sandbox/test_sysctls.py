"""Which kernel parameters may be set, and to what."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.deciders.patience import WHILE_HELD
from server.errors import BadRequestError
from server.sandbox.sysctls import ALLOWED_SYSCTLS, AT_START, check_value, path_of


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("net.ipv4.ip_local_port_range", "2000 2009"),
        ("net.ipv4.ip_local_port_range", " 2000\t2009 "),
        ("net.core.somaxconn", "0"),
        ("net.ipv4.tcp_rmem", "4096 8192 16384"),
    ],
)
def test_accepted(name: str, value: str) -> None:
    check_value(name, value)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("kernel.core_pattern", "1", "cannot be set here"),
        ("net.ipv4.ip_forward", "1", "cannot be set here"),
        ("net/core/somaxconn", "1", "cannot be set here"),
        ("net.core.somaxconn", "", "is no value"),
        ("net.core.somaxconn", "-1", "is no value"),
        ("net.core.somaxconn", "1 2", "is no value"),
        ("net.core.somaxconn", "1\n", "is no value"),
        ("net.core.somaxconn", "٣", "is no value"),
        ("net.core.somaxconn", "65536", "out of range"),
        ("net.ipv4.ip_local_port_range", "2000", "is no value"),
        ("net.ipv4.ip_local_port_range", "2000 99999", "out of range"),
    ],
)
def test_refused(name: str, value: str, says: str) -> None:
    with pytest.raises(BadRequestError, match=says):
        check_value(name, value)


@pytest.mark.parametrize("name", ALLOWED_SYSCTLS)
def test_each_is_a_parameter_of_a_network_namespace(name: str) -> None:
    """Nothing outside of net/ is per network namespace, and each says what it is good for."""
    assert name.split(".")[0] == "net"
    assert ALLOWED_SYSCTLS[name].why
    assert Path("/proc/sys", path_of(name)).exists() or name.startswith("net.unix")


def test_what_a_host_starts_with_can_be_changed_again() -> None:
    held = {name: str(value) for name, (value, _) in WHILE_HELD.items()}
    for name, value in ({name: value for name, (value, _) in AT_START.items()} | held).items():
        if name in ALLOWED_SYSCTLS:
            check_value(name, value)


def test_every_difference_says_why() -> None:
    assert all(why for _, why in [*AT_START.values(), *WHILE_HELD.values()])
    assert set(WHILE_HELD) <= set(ALLOWED_SYSCTLS), "a person's value is respected only where a person can set one"
