"""Against strace: software that others wrote. http.server and curl, netcat, nginx, Redis."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from server.sessions.zygote import Zygote
from tests.judges.against_strace import PYTHON, judge
from tests.judges.differences import EMPTY_POLLS, POINTERS, TIMERS
from tests.judges.sides import Side


async def test_http_server_with_curl(zygote: Zygote) -> None:
    async def scenario(side: Side) -> None:
        server = await side.start("server", PYTHON, "-u", "-m", "http.server", "8080")
        await server.said("Serving HTTP on")
        curl = await side.start(
            "client-a", "curl", "-sS", "--no-progress-meter", "--max-time", "20", "http://10.0.0.4:8080/echo_server.py"
        )
        await curl.said("A TCP server that sends back")
        await curl.ended()
        await server.said('"GET /echo_server.py HTTP/1.1" 200')
        await server.alone()
        await server.signal("KILL")
        await server.ended()

    await judge(zygote, scenario, EMPTY_POLLS, TIMERS, pieces=True)


async def test_netcat(zygote: Zygote) -> None:
    async def scenario(side: Side) -> None:
        server = await side.start("server", "nc", "-l", "-v", "-n", "7777")
        await server.said("istening on")
        client = await side.start("client-a", "nc", "-v", "-n", "-N", "10.0.0.4", "7777")
        await client.said("succeeded")
        await client.type("to the server\n")
        await server.said("to the server")
        await server.type("to the client\n")
        await client.said("to the client")
        await client.type("", end=True)
        await client.ended()
        await server.ended()

    await judge(zygote, scenario)


NGINX = """
import os, sys
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
with open(f"{folder}/nginx.conf", "w") as file:
    file.write(f'''
daemon off; pid {folder}/pid; worker_processes 1; error_log stderr notice;
events {{ worker_connections 64; }}
http {{
  access_log off; root /labs/programs; keepalive_timeout 0;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 10.0.0.4:8080; location / {{ return 200 "hello from nginx\\\\n"; }} }}
}}''')
os.execvp("nginx", ["nginx", "-e", "stderr", "-c", f"{folder}/nginx.conf"])
"""


@pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="nginx is not installed")
async def test_nginx(zygote: Zygote, tmp_path: Path) -> None:
    folder = f"/tmp/{tmp_path.name}-nginx"

    async def scenario(side: Side) -> None:
        server = await side.start("server", PYTHON, "-c", NGINX, folder)
        await server.said("start worker process ")
        for host in ("client-a", "client-b"):
            curl = await side.start(host, "curl", "-sS", "--max-time", "20", "http://10.0.0.4:8080/")
            await curl.said("hello from nginx")
            await curl.ended()
        await server.signal("TERM")
        await server.ended()

    try:
        await judge(zygote, scenario, EMPTY_POLLS, TIMERS, POINTERS, pieces=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis is not installed")
async def test_redis(zygote: Zygote) -> None:
    async def scenario(side: Side) -> None:
        server = await side.start(
            "server", "redis-server", "--port", "6379", "--bind", "10.0.0.4", "--protected-mode", "no",
            "--save", "", "--appendonly", "no", "--dir", "/tmp", "--daemonize", "no", "--loglevel", "verbose",
        )  # fmt: skip
        await server.said("eady to accept connections")
        commands = (("SET port 7", "OK"), ("GET port", "7"), ("INCR port", "8"))
        for number, (line, answer) in enumerate(commands, 1):
            client = await side.start("client-a", "redis-cli", "-h", "10.0.0.4", *line.split())
            await client.said(answer)
            await client.ended()
            await server.said("Client closed connection", times=number)
        await server.waits_in("epoll_wait")
        await server.signal("TERM")
        await server.ended()

    await judge(zygote, scenario, EMPTY_POLLS, TIMERS)
