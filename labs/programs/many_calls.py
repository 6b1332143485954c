"""Open several connections to one server and keep them.  Usage: python3 many_calls.py [HOST [PORT [COUNT]]]"""

import errno
import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777
count = int(sys.argv[3]) if len(sys.argv) > 3 else 4

connections = []
for number in range(1, count + 1):
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.connect((host, port))
    except OSError as error:
        print(f"connection {number} failed:", errno.errorcode.get(error.errno), error.strerror)
        break
    connections.append(connection)
    own_address, own_port = connection.getsockname()
    print(f"connection {number}: from {own_address} port {own_port} to {host} port {port}")

sys.stdin.read()  # keep them all until the input ends; in a terminal that is Ctrl+D
