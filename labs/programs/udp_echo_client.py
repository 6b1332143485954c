"""Send each line of the input in a UDP datagram, print the answer.  Usage: python3 udp_echo_client.py [HOST [PORT]]"""

import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777
family = socket.AF_INET6 if ":" in host else socket.AF_INET

client = socket.socket(family, socket.SOCK_DGRAM)

for line in sys.stdin:
    client.sendto(line.encode(), (host, port))
    answer, server = client.recvfrom(65535)  # waits without end if either datagram is lost: UDP tells nobody
    print("echo:", answer.decode(errors="replace"), end="")

client.close()
