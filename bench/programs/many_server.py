"""Accept COUNT connections, say so, and keep them until the input ends.  Usage: many_server.py ADDRESS PORT COUNT"""

import socket
import sys

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with socket.create_server((address, port), backlog=4096) as listener:
    print("listening", flush=True)
    connections = [listener.accept() for _ in range(count)]
    print("accepted", len(connections), flush=True)
    sys.stdin.read()
