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

greeting = connection.makefile(errors="replace").readline()  # one line, in however many pieces it comes
print("the server says:", greeting.strip())

sys.stdin.read()  # in a terminal, Ctrl+D ends the input
connection.close()
