"""Try one address after the other, and print what the server says.  Usage: python3 call.py [PORT [ADDRESS ...]]"""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777
names = sys.argv[2:] or ["localhost"]

targets = []
for name in names:  # a name may stand for several addresses, IPv6 and IPv4
    targets += socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)

for family, kind, protocol, _, address in targets:
    print("trying", address[0])
    attempt = socket.socket(family, kind, protocol)
    try:
        attempt.connect(address)  # waits for an answer, however long that takes
    except OSError as error:
        print("no connection:", error)
        attempt.close()
        continue
    print("connected to", address[0])
    print("heard:", attempt.recv(1024).decode().strip())
    attempt.close()
    sys.exit()
sys.exit("no address has answered")
