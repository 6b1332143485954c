"""Send the time (CLOCK_MONOTONIC, ns) COUNT times, some milliseconds apart.  Usage: clock.py HOST PORT COUNT"""

import random
import socket
import sys
import time

host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pauses = random.Random(1)
with socket.create_connection((host, port)) as connection:
    for _ in range(count):
        time.sleep(pauses.uniform(0.005, 0.015))  # so that no rhythm of the observer's is hit or missed
        connection.send(b"%d\n" % time.monotonic_ns())
