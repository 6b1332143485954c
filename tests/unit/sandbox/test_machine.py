"""What doctor finds: on this machine, and where something is forbidden."""

from __future__ import annotations

import json
import subprocess
import sys

from server.sandbox.machine import _TRIES, checks


def test_everything_is_tried_and_said() -> None:
    found = checks()
    assert [check.name for check in found] == [entry.name for entry in _TRIES]
    assert all(check.detail and check.without for check in found)
    assert all(bool(check.hint) != check.ok for check in found)


def test_this_machine_can_run_sandboxes() -> None:
    assert [check for check in checks() if check.essential and not check.ok] == []


def forbidden(command: str) -> dict[str, dict[str, object]]:
    """The checks inside a user namespace in which ``command`` has forbidden something."""
    run = f"{command} && exec {sys.executable} -P -m server.sandbox.machine"
    done = subprocess.run(["unshare", "-Urnm", "sh", "-c", run], capture_output=True, check=True, timeout=120)
    return {check["name"]: check for check in json.loads(done.stdout)}


def test_user_namespaces_forbidden() -> None:
    found = forbidden("echo 0 > /proc/sys/user/max_user_namespaces")
    check = found["user namespaces"]
    assert (check["ok"], check["essential"]) == (False, True)
    assert "ENOSPC" in str(check["detail"])
    assert "sysctl user.max_user_namespaces" in str(check["hint"])


def test_network_namespaces_forbidden() -> None:
    found = forbidden("echo 0 > /proc/sys/user/max_net_namespaces")
    assert found["hosts (veth)"]["ok"] is False
    assert found["own /proc"]["ok"] is True


def test_few_open_files() -> None:
    check = forbidden("ulimit -n 500")["open files"]
    assert (check["ok"], check["essential"]) == (False, False)
    assert "at most 500" in str(check["detail"])


def test_tools_that_are_not_installed() -> None:
    check = forbidden('mount --bind /dev/null "$(readlink -f "$(command -v ss)")"')["tools in labs"]
    assert (check["ok"], check["essential"]) == (False, False)
    assert check["detail"] == "ss not found"
    assert "iproute2" in str(check["hint"])
