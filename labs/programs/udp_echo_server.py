"""A UDP server that sends back each datagram it gets.  Usage: python3 udp_echo_server.py [PORT [ADDRESS]]"""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777
address = sys.argv[2] if len(sys.argv) > 2 else "0.0.0.0"  # 0.0.0.0: every IPv4 address of this machine
family = socket.AF_INET6 if ":" in address else socket.AF_INET

server = socket.socket(family, socket.SOCK_DGRAM)
server.bind((address, port))
print("waiting on", *server.getsockname()[:2])

while True:  # no listen() and no accept(): one socket talks with everybody
    datagram, client = server.recvfrom(65535)
    print(len(datagram), "bytes from", *client[:2])
    server.sendto(datagram, client)
