"""Read from one caller, as many bytes as you type, or "all".  Usage: python3 reader.py [PORT]"""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # so that a restart need not wait a minute
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)  # a small one, so that it is soon full
listener.bind(("0.0.0.0", port))
listener.listen()
print("listening on port", port)
connection, client = listener.accept()
print("connected with", *client)

for line in sys.stdin:
    if line.strip() == "all":
        total = 0
        while data := connection.recv(65536):
            total += len(data)
        print("end, after", total, "more bytes")
    else:
        data = connection.recv(int(line))
        print(len(data), "bytes:", data.decode(errors="replace")[:60])
