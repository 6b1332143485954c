"""A TCP echo server with several processes on one listening socket.  Usage: python3 pre_fork.py [PORT [WORKERS]]"""

import os
import socket
import sys


def work(listener):
    """Serve one client after the other, without end."""
    while True:
        connection, client = listener.accept()
        print("process", os.getpid(), "serves", *client)
        while data := connection.recv(1024):
            connection.sendall(data)
        connection.close()


port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777
workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # so that a restart need not wait a minute
listener.bind(("0.0.0.0", port))
listener.listen()
print("listening on port", port)

for _ in range(workers):
    if os.fork() == 0:  # from here on there are two processes; in the new one, fork() returned 0
        work(listener)

while True:
    os.wait()  # the parent serves nobody; it waits for a worker to end
