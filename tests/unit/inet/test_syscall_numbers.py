"""The tables of numbers against this machine's kernel headers, where they are installed."""

import re
from pathlib import Path

import pytest

from server.inet.syscall_numbers import AARCH64, NUMBERS, X86_64

X86_HEADERS = [Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm/unistd_64.h")]


def test_x86_64_agrees_with_the_kernel_header():
    header = next((path for path in X86_HEADERS if path.exists()), None)
    if header is None:
        pytest.skip("this machine has no kernel headers for x86-64")
    defined = {int(n): name for name, n in re.findall(r"#define __NR_(\w+) (\d+)$", header.read_text(), re.MULTILINE)}
    assert len(defined) > 300
    assert {number: X86_64.get(number) for number in defined} == defined


def test_arm64_agrees_with_the_generic_header():
    header = Path("/usr/include/asm-generic/unistd.h")
    if not header.exists() or "__NR_io_setup" not in header.read_text():
        pytest.skip("this machine has no kernel headers")
    defined = dict(re.findall(r"#define __NR_(\w+) (\d+)$", header.read_text(), re.MULTILINE))
    ours = {name: number for number, name in AARCH64.items()}
    checked = [name for name in defined if name in ours and "time64" not in name]
    assert len(checked) > 250
    assert {name: int(defined[name]) for name in checked} == {name: ours[name] for name in checked}


@pytest.mark.parametrize("machine", NUMBERS)
def test_no_name_has_two_numbers(machine):
    assert len(set(NUMBERS[machine].values())) == len(NUMBERS[machine])


def test_calls_after_450_have_the_same_number_everywhere():
    assert {n: name for n, name in X86_64.items() if n > 424} == {n: name for n, name in AARCH64.items() if n > 424}
