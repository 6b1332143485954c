"""Make COUNT connections, say so, and keep them until the input ends.  Usage: many_client.py ADDRESS PORT COUNT"""

import socket
import sys
import time

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
start = time.monotonic()
connections = [socket.create_connection((address, port)) for _ in range(count)]
print(f"connected {time.monotonic() - start:.3f}", flush=True)
sys.stdin.read()
