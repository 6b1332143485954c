"""Call a TCP server, print what it says, stay until the input ends.  Usage: python3 caller.py [HOST [PORT]]"""

import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777

connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
try:
    connection.connect((host, port))
except OSError as error:
    sys.exit(f"no connection to {host} port {port}: {error}")
print("connected")

greeting = connection.recv(1024)
print("the server says:", greeting.decode(errors="replace").strip())

sys.stdin.read()  # in a terminal, Ctrl+D ends the input
connection.close()
