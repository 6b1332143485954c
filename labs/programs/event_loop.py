"""A TCP echo server that serves all its clients in one thread.  Usage: python3 event_loop.py [PORT]"""

import selectors
import socket
import sys


def welcome(listener):
    """Accept one client."""
    try:
        connection, _ = listener.accept()
        connection.setblocking(False)
        watched.register(connection, selectors.EVENT_READ, answer)
    except OSError as error:  # EMFILE: no file descriptor is left
        print("no more clients:", error)
        watched.unregister(listener)  # or it would fail again and again


def answer(connection):
    """Send back what is there now, without waiting for more."""
    try:
        if data := connection.recv(1024):
            connection.sendall(data)  # short: it fits into the send buffer
    except OSError:
        data = b""  # the client has gone, or does not read its answers
    if not data:
        watched.unregister(connection)
        connection.close()


watched = selectors.DefaultSelector()  # epoll on Linux, kqueue on macOS, select on Windows
listener = socket.create_server(("0.0.0.0", int(sys.argv[1]) if len(sys.argv) > 1 else 7777), backlog=4096)
listener.setblocking(False)
watched.register(listener, selectors.EVENT_READ, welcome)
print("listening on port", listener.getsockname()[1])

while True:
    for ready, _ in watched.select():  # the only place where this program waits: for all sockets at once
        ready.data(ready.fileobj)  # welcome() or answer()
