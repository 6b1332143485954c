"""Make COUNT round trips between two threads; print the seconds and the time.  Usage: round_trips.py COUNT"""

import socket
import sys
import threading
import time

count = int(sys.argv[1])
listener = socket.create_server(("127.0.0.1", 0))


def serve() -> None:
    """Send back what comes, until nothing more does."""
    connection, _ = listener.accept()
    with connection:
        while data := connection.recv(100):
            connection.sendall(data)


server = threading.Thread(target=serve)
server.start()
with socket.create_connection(listener.getsockname()) as client:
    start = time.monotonic_ns()
    for _ in range(count):
        client.sendall(b"hello")
        client.recv(100)
    end = time.monotonic_ns()
server.join()
print(f"{(end - start) / 1e9:.6f} {end}")
