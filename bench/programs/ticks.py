"""Send a datagram to one's own address COUNT times, PAUSE seconds apart, from each line of input on.

Usage: ticks.py PORT COUNT PAUSE
"""

import socket
import sys
import time

port, count, pause = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
own = ("127.0.0.1", port)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
    datagrams.bind(own)
    print("ready", flush=True)
    for _ in sys.stdin:
        for number in range(count):
            time.sleep(pause)
            datagrams.sendto(b"tick %d" % number, own)
            datagrams.recv(100)
        print("done", flush=True)
