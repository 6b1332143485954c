"""Accept TCP connections, and hand each one to another process.  Usage: python3 porter.py [PORT [NAME]]"""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777
name = sys.argv[2] if len(sys.argv) > 2 else "/tmp/clerk.sock"

listener = socket.create_server(("0.0.0.0", port))
print("listening on port", port)
connection, client = listener.accept()
number = connection.fileno()

clerk = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
clerk.connect(name)
socket.send_fds(clerk, [b"one client"], [number])
connection.close()
print("handed over the number", number, "and closed it here")

sys.stdin.read()  # until the input ends
