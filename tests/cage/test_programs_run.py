"""Isolation is no obstacle to ordinary programs: servers and clients that are installed on the machine run in it."""

from __future__ import annotations

import shutil

import pytest

from tests.laboratory import Laboratory

NGINX = """
worker_processes 2; daemon off; error_log stderr; pid /run/nginx.pid;
events {} http { access_log off; server { listen 8080; location / { return 200 "from nginx\\n"; } } }
"""


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


async def output(lab: Laboratory, host: str, *argv: str) -> str:
    pid = await lab.start(host, *argv)
    await lab.exited(pid)
    return lab.output(pid)


@needs("curl")
async def test_http_server_of_python_and_curl_by_name(lab: Laboratory) -> None:
    await lab.start("server", "python3", "-m", "http.server", "8000")
    await lab.listening("server", 8000)
    assert "echo_server.py" in await output(lab, "client-a", "curl", "-s", "http://server:8000/")


async def test_a_name_has_all_its_addresses(lab: Laboratory) -> None:
    ask = "import socket; print(*sorted({found[4][0] for found in socket.getaddrinfo('localhost', 80)}))"
    asked = await lab.python("server", ask)
    await lab.exited(asked)
    assert lab.output(asked) == "127.0.0.1 ::1\n"


@needs("nginx")
@needs("curl")
async def test_nginx(lab: Laboratory) -> None:
    write = f"open('/tmp/nginx.conf', 'w').write({NGINX!r})"
    await lab.exited(await lab.python("server", write))
    await lab.start("server", "nginx", "-c", "/tmp/nginx.conf")
    await lab.listening("server", 8080)
    assert await output(lab, "client-a", "curl", "-s", "http://10.0.0.4:8080/") == "from nginx\n"


@needs("redis-server")
@needs("redis-cli")
async def test_redis(lab: Laboratory) -> None:
    await lab.start("server", "redis-server", "--bind", "10.0.0.4", "--protected-mode", "no", "--save", "")
    await lab.listening("server", 6379)
    assert await output(lab, "client-b", "redis-cli", "-h", "10.0.0.4", "incr", "visits") == "(integer) 1\n"


@needs("nc")
async def test_netcat(lab: Laboratory) -> None:
    server = await lab.start("server", "nc", "-l", "-p", "9000")
    await lab.listening("server", 9000)
    client = await lab.start("client-a", "nc", "-N", "10.0.0.4", "9000")
    await lab.type(client, "hello\n", end=True)
    await lab.until("the text arrives", lambda: lab.output(server) == "hello\n")


@needs("ping")
async def test_ping_without_a_capability(lab: Laboratory) -> None:
    assert "1 received" in await output(lab, "client-a", "ping", "-c", "1", "10.0.0.4")


async def test_shells_pipes_and_locks_between_processes(lab: Laboratory) -> None:
    code = """
import multiprocessing, subprocess
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(abs, [-1, -2]))
print(subprocess.check_output("echo a b | tr ' ' '\\\\n' | wc -l", shell=True, text=True), end="")
"""
    pid = await lab.python("server", code)
    await lab.exited(pid)
    assert (lab.output(pid), lab.output(pid, "stderr")) == ("[1, 2]\n2\n", "")


async def test_two_hundred_threads(lab: Laboratory) -> None:
    code = """
import threading
block = threading.Event()
threads = [threading.Thread(target=block.wait) for _ in range(200)]
for thread in threads:
    thread.start()
block.set()
print("all started")
"""
    pid = await lab.python("server", code)
    await lab.exited(pid)
    assert lab.output(pid) == "all started\n"
