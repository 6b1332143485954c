"""Start the next attempt when 0.25 seconds have brought no answer.  Usage: python3 race.py [PORT [ADDRESS ...]]"""

import errno
import select
import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777
names = sys.argv[2:] or ["localhost"]

targets = []
for name in names:
    targets += socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)

running = []
while targets or running:
    if targets:
        family, kind, protocol, _, address = targets.pop(0)
        attempt = socket.socket(family, kind, protocol)
        attempt.setblocking(False)  # connect() sends the SYN and returns at once
        print("trying", address[0])
        if attempt.connect_ex(address) not in (0, errno.EINPROGRESS):
            attempt.close()
            continue
        running.append(attempt)
    _, ready, _ = select.select([], running, [], 0.25 if targets else None)
    for attempt in ready:  # an answer has come: a connection, or an error
        if attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            print("connected to", attempt.getpeername()[0])
            attempt.setblocking(True)
            print("heard:", attempt.recv(1024).decode().strip())
            sys.exit()
        running.remove(attempt)
        attempt.close()
sys.exit("no address has answered")
