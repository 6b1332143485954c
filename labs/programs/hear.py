"""Call a greeter, print what it sends, close.  Usage: python3 hear.py [HOST [PORT [TIMES]]]"""

import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777
times = int(sys.argv[3]) if len(sys.argv) > 3 else 1

for _ in range(times):
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.connect((host, port))
    except OSError as error:
        sys.exit(f"no connection to {host} port {port}: {error}")
    said = b""
    while piece := connection.recv(1024):  # until the server has nothing more to say
        said += piece
    connection.close()
    print("heard:", said.decode(errors="replace"), end="")
