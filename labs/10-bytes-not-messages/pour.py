"""Send many bytes, 1000 with each send(), and then close.  Usage: python3 pour.py [HOST [PORT [BYTES]]]"""

import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777
wanted = int(sys.argv[3]) if len(sys.argv) > 3 else 50000

connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)  # a small one, so that it is soon full
try:
    connection.connect((host, port))
except OSError as error:
    sys.exit(f"no connection to {host} port {port}: {error}")

total = 0
while total < wanted:
    total += connection.send(bytes(min(1000, wanted - total)))  # send() may take less than it is given
    print("handed over", total)
connection.close()
