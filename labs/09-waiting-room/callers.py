"""Connect several times, one call after the other.  Usage: python3 callers.py [HOST [PORT [TIMES]]]"""

import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777
times = int(sys.argv[3]) if len(sys.argv) > 3 else 1

connections = []  # kept, so that no connection is closed
for number in range(1, times + 1):
    print("call", number)
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.connect((host, port))
    except OSError as error:
        sys.exit(f"no connection to {host} port {port}: {error}")
    connections.append(connection)
    print("connected", number)

for line in sys.stdin:  # what you type goes to the server by the first connection
    connections[0].sendall(line.encode())
