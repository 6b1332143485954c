"""A TCP server that greets its callers, one at a time.  Usage: python3 greeter.py [PORT]"""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(("0.0.0.0", port))  # 0.0.0.0: every IPv4 address of this machine
listener.listen(5)

while True:
    connection, caller = listener.accept()
    connection.sendall(b"hello from the program\n")
    connection.recv(1)  # waits here until the caller leaves; nobody else is served before
    connection.close()
