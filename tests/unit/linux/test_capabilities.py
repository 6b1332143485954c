"""After keep_only there is what was granted, and nothing more can be had."""

from __future__ import annotations

import os

import pytest

from server.linux import capabilities
from server.linux.calls import CallError
from server.linux.capabilities import CAP_NET_BIND_SERVICE, SECUREBITS_LOCKED, capset, effective, keep_only
from server.linux.namespaces import CLONE_NEWUTS
from server.linux.process import prctl
from tests.unit.linux.apart import apart

SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


def sets() -> list[int]:
    with open("/proc/self/status") as lines:
        values = dict(line.split()[:2] for line in lines if line.startswith("Cap"))
    return [int(values[f"{name}:"], 16) for name in SETS]


@pytest.mark.parametrize(("kept", "bits"), [((), 0), ((CAP_NET_BIND_SERVICE,), 1 << CAP_NET_BIND_SERVICE)])
def test_all_five_sets(kept: tuple[int, ...], bits: int) -> None:
    def go() -> tuple[list[int], int, int]:
        keep_only(kept)
        return sets(), effective(), prctl("PR_GET_SECUREBITS", 27)

    assert apart(go, CLONE_NEWUTS) == ([bits] * 5, bits, SECUREBITS_LOCKED)


def test_there_is_no_way_back() -> None:
    def go() -> list[str]:
        keep_only((CAP_NET_BIND_SERVICE,))
        refusals = []
        for attempt in (
            lambda: capset(effective=1 << 21, permitted=1 << 21, inheritable=0),
            lambda: prctl("PR_SET_SECUREBITS", 28, 0),
            lambda: prctl("PR_CAP_AMBIENT_RAISE", 47, 2, capabilities.CAP_SYS_ADMIN),
        ):
            with pytest.raises(CallError) as caught:
                attempt()
            refusals.append(str(caught.value).split(" (")[0])
        return refusals

    assert apart(go, CLONE_NEWUTS) == [
        "capset: EPERM",
        "prctl PR_SET_SECUREBITS: EPERM",
        "prctl PR_CAP_AMBIENT_RAISE: EPERM",
    ]


def test_needs_the_right_to_give_up() -> None:
    def go() -> str:
        capset(effective=0, permitted=0, inheritable=0)
        with pytest.raises(CallError) as caught:
            keep_only(())
        return str(caught.value).split(" (")[0]

    assert apart(go, CLONE_NEWUTS) == "prctl PR_CAPBSET_DROP: EPERM"
    assert os.getpid() > 1
