"""Get connections from another process, and answer them.  Usage: python3 clerk.py [NAME]"""

import os
import socket
import sys

name = sys.argv[1] if len(sys.argv) > 1 else "/tmp/clerk.sock"
if os.path.exists(name):
    os.unlink(name)

listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(name)
listener.listen(5)
print("waiting at", name)

colleague, _ = listener.accept()
while True:
    words, numbers, _, _ = socket.recv_fds(colleague, 1024, 1)
    if not numbers:
        break
    print("got the number", numbers[0])
    client = socket.socket(fileno=numbers[0])
    while data := client.recv(1024):
        client.sendall(b"from the clerk: " + data)
    client.close()
