"""Listen, but accept one caller only when you press Enter.  Usage: python3 sleepy_server.py [PORT [BACKLOG]]"""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777
backlog = int(sys.argv[2]) if len(sys.argv) > 2 else 2

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # so that a restart need not wait a minute
listener.bind(("0.0.0.0", port))
listener.listen(backlog)
print("listening on port", port, "with a backlog of", backlog)

accepted = []  # kept, so that no connection is closed
for _ in sys.stdin:
    connection, client = listener.accept()
    accepted.append(connection)
    print("accepted", *client)
