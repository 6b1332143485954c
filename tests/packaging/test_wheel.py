"""The wheel brings templates, static files and labs along, and works from any folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty virtual environment with nothing but the built wheel and its locked dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)])
    (wheel,) = folder.glob("*.whl")
    environment = folder / "venv"
    run([sys.executable, "-m", "venv", str(environment)])
    inside = [str(environment / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    run([*inside, "--no-compile", "--require-hashes", "-r", str(ROOT / "requirements.lock")])
    run([*inside, "--no-deps", str(wheel)])
    return environment


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=300)


def post(url: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=120) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


@pytest.mark.timeout(400)
def test_an_installed_wheel_serves_from_another_folder(installed: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with subprocess.Popen(
        [str(installed / "bin" / "socketlab"), "serve", "--port", "0"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            address = next(word for word in server.stdout.readline().split() if word.startswith("http"))
            with urllib.request.urlopen(f"{address}/play", timeout=120) as page:
                text = page.read().decode()
            assert "/static/" in text
            with urllib.request.urlopen(f"{address}/static/js/page/app.js", timeout=120) as script:
                assert script.status == 200
            sandbox = post(f"{address}/api/sandboxes", {})
            commands = f"{address}/api/sandboxes/{sandbox['id']}/commands"
            start = {"command": "process.start", "host": "server", "program": "echo_server", "credentials": "admin"}
            assert post(commands, start, sandbox["token"])["result"]["pid"] > 0
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=60) == 0
