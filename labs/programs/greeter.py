"""Greet each caller, then close.  Usage: python3 greeter.py [PORT [ADDRESS [reuseaddr|reuseport]]]"""

import os
import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777
address = sys.argv[2] if len(sys.argv) > 2 else "0.0.0.0"  # 0.0.0.0: every IPv4 address of this machine
option = sys.argv[3] if len(sys.argv) > 3 else ""

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
if option == "reuseaddr":
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if option == "reuseport":
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
try:
    listener.bind((address, port))
    listener.listen()
except OSError as error:
    sys.exit(f"no port {port} for me: {error}")
print("listening on", address, port)

while True:
    connection, client = listener.accept()
    connection.sendall(f"hello from process {os.getpid()}\n".encode())
    connection.close()  # the server closes first
