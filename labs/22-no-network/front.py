"""A proxy on a TCP port for an application at a Unix socket.  Usage: python3 front.py [PORT [NAME]]"""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
name = sys.argv[2] if len(sys.argv) > 2 else "/tmp/app.sock"

listener = socket.create_server(("0.0.0.0", port))
print("listening on port", port)

while True:
    client, (address, _) = listener.accept()
    request = b""
    while b"\r\n\r\n" not in request and (piece := client.recv(4096)):
        request += piece
    behind = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    behind.connect(name)
    line, _, rest = request.partition(b"\r\n")
    behind.sendall(line + b"\r\nX-Forwarded-For: " + address.encode() + b"\r\n" + rest)
    while piece := behind.recv(4096):
        client.sendall(piece)
    behind.close()
    client.close()
