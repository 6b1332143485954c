"""A TCP echo server that serves one client after the other.  Usage: python3 one_by_one.py [PORT]"""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # so that a restart need not wait a minute
listener.bind(("0.0.0.0", port))
listener.listen()
print("listening on port", port)

while True:
    connection, client = listener.accept()  # waits for anybody who calls
    print("hello", *client)
    while data := connection.recv(1024):  # waits for this client, and for nobody else
        connection.sendall(data)
    connection.close()
    print("goodbye", *client)
