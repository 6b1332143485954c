"""Ask the kernel for sockets, then wait for a line.  Usage: python3 ask_the_kernel.py [HOW_MANY]"""

import socket
import sys

how_many = int(sys.argv[1]) if len(sys.argv) > 1 else 1

sockets = []
for _ in range(how_many):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sockets.append(one)
    print("the kernel gave me the number", one.fileno())

print("now I wait for a line")
sys.stdin.readline()
print("goodbye")
